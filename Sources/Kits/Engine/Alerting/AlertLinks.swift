import Crypto
import Foundation
import Maintenance
import Outside
import Synchronization

/// Links in notifications by which whoever reads them answers one alert: signed, for one purpose, and over after a while.
///
/// The key is in a file of the state that only its owner can read; to take every link back, remove it.
package struct AlertLinks: Sendable {
    /// What a link does, and nothing else.
    package enum Purpose: String, Codable, CaseIterable, Sendable {
        case acknowledge, silence
    }

    /// What stands in a link.
    package struct Answer: Codable, Hashable, Sendable {
        /// Of the alert, as it was when it was told.
        package var fingerprint: String
        /// Which time of the alert, in microseconds: an alert that came back later is not answered by it.
        package var since: Int64
        package var purpose: Purpose
        /// Who was told; what the audit trail calls whoever uses the link.
        package var recipient: String
        package var ends: Timestamp

        package init(
            fingerprint: String, since: Timestamp, purpose: Purpose, recipient: String, ends: Timestamp
        ) {
            self.fingerprint = fingerprint
            self.since = since.microseconds
            self.purpose = purpose
            self.recipient = recipient
            self.ends = ends
        }

        // Short, since it stands in an address.
        private enum CodingKeys: String, CodingKey {
            case fingerprint = "f"
            case since = "s"
            case purpose = "p"
            case recipient = "r"
            case ends = "e"
        }
    }

    /// What begins every link's path.
    package static let path = "answer"
    private static let fileName = "alert-links.key"

    private let key: SymmetricKey

    private init(key: SymmetricKey) { self.key = key }

    /// Reads the key, or makes one.
    ///
    /// - Throws: `FileError`, `AlertLinksError`.
    package static func readOrMake(state directory: String) throws -> AlertLinks {
        let path = "\(directory)/\(fileName)"
        if let links = try read(path) { return links }
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedString() }
        do {
            try SafeDirectory(directory).writeOnce(try FileName(fileName), Array("\(bytes)\n".utf8))
        } catch let error as FileError {
            // Another process made it at the same moment.
            guard case .exists = error else { throw error }
        }
        guard let links = try read(path) else { throw AlertLinksError(path: path) }
        return links
    }

    private static func read(_ path: String) throws -> AlertLinks? {
        try open(path).map { try read($0, path) }
    }

    fileprivate static func path(in directory: String) -> String { "\(directory)/\(fileName)" }

    /// Nil where there is none.
    fileprivate static func open(_ path: String) throws -> Descriptor? {
        do { return try Descriptor.open(path) } catch  where error.isMissing { return nil }
    }

    fileprivate static func read(_ file: Descriptor, _ path: String) throws -> AlertLinks {
        guard let text = try file.contents(limit: 1_024),
            let bytes = Data(base64Encoded: String(decoding: text, as: UTF8.self).trimmingWhitespace()),
            bytes.count == 32
        else { throw AlertLinksError(path: path) }
        return AlertLinks(key: SymmetricKey(data: bytes))
    }

    /// Behind the address of the server: `answer/…`, of characters that need no escaping.
    package func path(of answer: Answer) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = try encoder.encode(answer)
        let code = Data(HMAC<SHA256>.authenticationCode(for: Self.signed(content), using: key))
        return "\(Self.path)/\(Self.text(content)).\(Self.text(code))"
    }

    /// What a link says; nil where it is none of ours, was altered, or is over. The signature is compared in constant time.
    package func open(_ token: String, at now: Timestamp) -> Answer? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, token.utf8.count <= 4_096, let content = Self.data(parts[0]),
            let code = Self.data(parts[1]),
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Self.signed(content), using: key),
            let answer = try? JSONDecoder().decode(Answer.self, from: content), now < answer.ends
        else { return nil }
        return answer
    }

    /// What was signed for something else with the same key would be no link.
    private static func signed(_ content: Data) -> Data { Data("mainstay.alert-link.1\n".utf8) + content }

    /// RFC 4648, 5, without padding.
    private static func text(_ data: Data) -> String {
        data.base64EncodedString().replacingBytes(of: "+", with: "-").replacingBytes(of: "/", with: "_")
            .replacingBytes(of: "=", with: "")
    }

    private static func data(_ text: String) -> Data? {
        let plain = text.replacingBytes(of: "-", with: "+").replacingBytes(of: "_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }
}

/// The key as its file has it now: where the file was removed or is another, no link counts and none is made with the old one.
package final class AlertLinksFile: Sendable {
    private struct Known {
        var identity: FileIdentity
        var modified: Timestamp
        var links: AlertLinks
    }

    private let path: String
    private let known = Mutex<Known?>(nil)

    /// - Parameter directory: of the state.
    package init(state directory: String) { path = AlertLinks.path(in: directory) }

    /// Nil where there is none; nothing is made.
    ///
    /// - Throws: `FileError`, `AlertLinksError`.
    package func read() throws -> AlertLinks? {
        guard let file = try AlertLinks.open(path) else { return nil }
        let status = try file.status()
        if let known = known.withLock({ $0 }), known.identity == status.identity, known.modified == status.modified {
            return known.links
        }
        let links = try AlertLinks.read(file, path)
        let read = Known(identity: status.identity, modified: status.modified, links: links)
        known.withLock { $0 = read }
        return links
    }
}

/// The file of the key holds something else.
package struct AlertLinksError: MaintenanceError {
    package var path: String

    package var code: String { "alerts.link-key" }
    package var problem: String { "the key of links in notifications, '\(path.printable)', cannot be used" }
    package var hint: String? { "Remove the file: a new one is made, and links that were sent count no more." }
    package var exitStatus: ExitStatus { .configuration }
}

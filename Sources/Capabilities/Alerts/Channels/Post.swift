import Foundation
import Maintenance
import Outside
import Settings

/// One POST of a channel: redirects are not followed, the answer is cut, and private addresses are refused unless the
/// configuration says they are meant.
struct Post: Sendable {
    static let patience: Duration = .seconds(20)
    /// Of an answer nobody reads more than a line; one of Slack has the message in it.
    private static let answerLimit = ByteCount(131_072)

    var url: String
    var contentType = "application/json"
    var headers: [(name: String, value: Secret)] = []
    var body: [UInt8]
    var allowsPrivate: Bool
    var certificateAuthorityFile: String?

    init(url: String, body: [UInt8], of access: WebhookAccess) {
        self.url = url
        self.body = body
        allowsPrivate = access.allowsPrivate
        certificateAuthorityFile = access.certificateAuthorityFile
    }

    init(url: String, body: [UInt8], allowsPrivate: Bool) {
        self.url = url
        self.body = body
        self.allowsPrivate = allowsPrivate
    }

    /// The beginning of what was answered, with its status.
    ///
    /// - Throws: `ChannelError`, without the URL in it, which may be a secret; `CancellationError`.
    func send(with tools: ChannelTools) async throws -> String {
        let response = try await answer(with: tools)
        let words = Self.words(response.body)
        return words.isEmpty ? "\(response.status)" : "\(response.status) \(words)"
    }

    private static func words(_ body: [UInt8]) -> String {
        String(decoding: body.prefix(200), as: UTF8.self).trimmingWhitespace().printable
    }

    /// What was answered where it was taken. Throws as `send`.
    func answer(with tools: ChannelTools) async throws -> (status: Int, body: [UInt8]) {
        do {
            var probe = HTTPProbe(try HTTPTarget(url), method: .post, timeLimit: Self.patience)
            probe.headers = [try HTTPProbe.Header(name: "Content-Type", value: Secret(contentType))]
            for header in headers { probe.headers.append(try HTTPProbe.Header(name: header.name, value: header.value)) }
            probe.content = body
            probe.bodyLimit = Self.answerLimit
            probe.reach = allowsPrivate ? .notLinkLocal : .publicOnly
            if let certificateAuthorityFile { probe.trust = .file(path: certificateAuthorityFile) }
            let observation = try await tools.prober.observe(probe)
            guard let response = observation.response else {
                if case .failed(let reason)? = observation.tls?.verification {
                    throw ChannelError.untrusted(reason: reason)
                }
                throw ChannelError.untrusted(reason: "nobody vouches for it")
            }
            guard (200...299).contains(response.status) else {
                throw ChannelError.answered(response.status, words: Self.words(response.body))
            }
            return (response.status, response.body)
        } catch let error as HTTPError {
            throw ChannelError.unreachable(code: error.code)
        }
    }
}

/// JSON as it goes over the wire: keys sorted, so that equal content is signed equally.
func wireJSON(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return Array(try encoder.encode(value))
    } catch {
        preconditionFailure("a \(type(of: value)) cannot be written as JSON: \(error)")
    }
}

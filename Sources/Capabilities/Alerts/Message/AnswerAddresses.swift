import Alert
import Engine
import Maintenance

/// Where whoever reads a message answers an alert of it without signing in: an address for each thing they may do.
struct AnswerAddresses: Sendable {
    var links: AlertLinks
    /// Of the server, without a slash at the end.
    var server: String
    /// Whom the message goes to.
    var recipient: String
    var ends: Timestamp

    /// A line with an address is whole or is not there.
    static let beginnings: [AlertLinks.Purpose: String] = [
        .acknowledge: "  take it on: ", .silence: "  silence it: ",
    ]

    func lines(_ alert: AlertRecord) -> [String] {
        AlertLinks.Purpose.allCases.compactMap { purpose in
            let answer = AlertLinks.Answer(
                fingerprint: alert.fingerprint, since: alert.since, purpose: purpose, recipient: recipient, ends: ends)
            // Four texts can always be written.
            guard let path = try? links.path(of: answer) else { return nil }
            return "\(Self.beginnings[purpose] ?? "")\(server)/\(path)"
        }
    }

    static func isLine(_ line: String) -> Bool { beginnings.values.contains { line.hasPrefix($0) } }
}

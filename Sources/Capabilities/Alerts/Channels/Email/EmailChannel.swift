import Alert
import Foundation
import Maintenance
import Outside
import Settings

/// Mail through a server of the team's, spoken to by curl, which knows STARTTLS, TLS and every AUTH there is.
///
/// Everything curl is told, the password too, goes through its standard input as a configuration (curl(1), `--config`), so
/// nothing of it stands in the list of processes; the mail itself is a file only its owner can read, for as long as it
/// takes.
struct EmailChannel: AlertChannel {
    let access: EmailAccess
    let tools: ChannelTools

    private static let patience = 60
    /// Of the text: less than any server refuses, and more than anybody reads.
    private static let budget = 200_000

    func send(_ message: AlertMessage) async throws -> String {
        guard let recipient = message.notification.recipients.first, MailAddress.isValid(recipient) else {
            throw ChannelError.noRecipient
        }
        let mail = MailText(
            sender: access.sender, recipient: recipient, subject: message.title(within: 900),
            lines: message.lines(within: Self.budget),
            date: message.notification.decidedAt, id: message.id, thread: message.notification.groupKey,
            host: tools.host)
        return try await post(mail.bytes, to: recipient)
    }

    /// Hands a whole mail over to the server; what it answered.
    func post(_ mail: [UInt8], to recipient: String) async throws -> String {
        let password = try await access.password?.resolve(with: tools.programs)
        let file = try PrivateFile(mail)
        defer { file.remove() }
        let curl = try tools.programs.find("curl", package: "curl")
        let outcome = try await tools.programs.run(
            ChildProgram(
                curl, ["--config", "-"], environment: [:],
                input: .bytes(Array(configuration(recipient, password, file.path).utf8)),
                timeLimit: .seconds(Self.patience + 5)))
        guard outcome.isSuccess else { throw Self.failure(outcome) }
        return outcome.output.text.trimmingWhitespace()
    }

    /// One option a line; values in quotation marks, in which curl knows `\\` and `\"`.
    func configuration(_ recipient: String, _ password: Secret?, _ file: String) -> String {
        let scheme = access.protection == .tls ? "smtps" : "smtp"
        var options: [(String, String?)] = [
            ("url", "\(scheme)://\(access.host):\(access.port)/\(Self.greeting(tools.host))"),
            ("mail-from", "<\(access.sender)>"), ("mail-rcpt", "<\(recipient)>"), ("upload-file", file),
            ("max-time", "\(Self.patience)"), ("connect-timeout", "20"), ("silent", nil), ("show-error", nil),
            ("proto", "=smtp,smtps"), ("noproxy", "*"), ("write-out", "%{response_code}"),
        ]
        switch access.protection {
        case .starttls, .tls: options.append(("ssl-reqd", nil))
        case .none: break
        }
        if let authorities = access.certificateAuthorityFile { options.append(("cacert", authorities)) }
        if let user = access.user, let password {
            options.append(("user", "\(user):\(password.reveal())"))
        }
        return options.map { name, value in value.map { "\(name) = \(Self.quoted($0))" } ?? name }
            .joined(separator: "\n") + "\n"
    }

    /// In one line whatever is in it, so that nothing can become another option.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\\""
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func greeting(_ host: String) -> String {
        let kept = host.utf8.filter {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-.".utf8.contains($0)
        }
        return kept.isEmpty ? "localhost" : String(decoding: kept, as: UTF8.self)
    }

    /// Only a code from 500 on is the server's last word (RFC 5321, section 4.2.1), whatever curl's own status says: a login
    /// that cannot be judged now (454) is one that is refused (67) too.
    private static func failure(_ outcome: ProgramOutcome) -> ChannelError {
        let answer = Int(outcome.output.text.trimmingWhitespace()) ?? 0
        let words = outcome.errorOutput.text.trimmingWhitespace()
        return .program(
            "curl", status: outcome.ending, words: String(words.prefix(300)),
            isRetryable: !(500...599).contains(answer))
    }
}

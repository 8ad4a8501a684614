import Foundation
import Maintenance

/// A server that takes mail, spoken to by curl, which knows STARTTLS, TLS and every AUTH there is.
///
/// Everything curl is told, the password too, goes through its standard input as a configuration (curl(1), `--config`), so
/// nothing of it stands in the list of processes; the mail itself is a file only its owner can read, for as long as it
/// takes.
package struct MailServer: Sendable {
    package enum Protection: String, Codable, CaseIterable, Sendable {
        /// Begins in the clear and goes on encrypted, or not at all (RFC 3207).
        case starttls
        /// Encrypted from the first byte (RFC 8314).
        case tls
        case none
    }

    package var host: String
    package var port: Int
    package var protection: Protection
    package var user: String?
    package var password: Secret?
    /// PEM file of certificates to trust instead of the system's.
    package var certificateAuthorityFile: String?

    package init(
        host: String, port: Int, protection: Protection = .starttls, user: String? = nil, password: Secret? = nil,
        certificateAuthorityFile: String? = nil
    ) {
        self.host = host
        self.port = port
        self.protection = protection
        self.user = user
        self.password = password
        self.certificateAuthorityFile = certificateAuthorityFile
    }

    private static let patience = 60

    /// Hands a mail over, and returns the code with which the server took it: `250`.
    ///
    /// - Throws: `MailError`, `ProgramError.notInstalled`, `FileError`, `CancellationError`.
    package func send(_ mail: MailMessage, with programs: Programs) async throws -> String {
        let file = try PrivateFile(mail.bytes)
        defer { file.remove() }
        let curl = try programs.find("curl", package: "curl")
        let outcome = try await programs.run(
            ChildProgram(
                curl, ["--config", "-"], environment: [:], input: .bytes(Array(configuration(mail, file.path).utf8)),
                timeLimit: .seconds(Self.patience + 5)))
        guard outcome.isSuccess else { throw Self.failure(outcome) }
        return outcome.output.text.trimmingWhitespace()
    }

    /// One option a line; values in quotation marks, in which curl knows `\\` and `\"`.
    private func configuration(_ mail: MailMessage, _ file: String) -> String {
        let scheme = protection == .tls ? "smtps" : "smtp"
        var options: [(String, String?)] = [
            ("url", "\(scheme)://\(host):\(port)/\(MailMessage.domain(mail.host))"),
            ("mail-from", "<\(mail.sender)>"), ("mail-rcpt", "<\(mail.recipient)>"), ("upload-file", file),
            ("max-time", "\(Self.patience)"), ("connect-timeout", "20"), ("silent", nil), ("show-error", nil),
            ("proto", "=smtp,smtps"), ("noproxy", "*"), ("write-out", "%{response_code}"),
        ]
        switch protection {
        case .starttls, .tls: options.append(("ssl-reqd", nil))
        case .none: break
        }
        if let certificateAuthorityFile { options.append(("cacert", certificateAuthorityFile)) }
        if let user, let password { options.append(("user", "\(user):\(password.reveal())")) }
        return options.map { name, value in value.map { "\(name) = \(Self.quoted($0))" } ?? name }
            .joined(separator: "\n") + "\n"
    }

    /// In one line whatever is in it, so that nothing can become another option.
    package static func quoted(_ text: String) -> String {
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

    /// Only a code from 500 on is the server's last word (RFC 5321, section 4.2.1), whatever curl's own status says: a login
    /// that cannot be judged now (454) is one that is refused (67) too.
    private static func failure(_ outcome: ProgramOutcome) -> MailError {
        let answer = Int(outcome.output.text.trimmingWhitespace()) ?? 0
        let words = outcome.errorOutput.text.trimmingWhitespace()
        return MailError(
            ending: outcome.ending, words: String(words.prefix(300)), isRetryable: !(500...599).contains(answer))
    }
}

/// A mail that no server took.
package struct MailError: MaintenanceError, Hashable {
    /// How curl ended.
    package var ending: String
    /// What it said. Hostile text.
    package var words: String
    /// Whether trying again may help.
    package var isRetryable: Bool

    package var code: String { "mail.not-taken" }
    package var problem: String {
        "the mail server did not take it: 'curl' \(ending)" + (words.isEmpty ? "" : ": \(words.printable)")
    }
    package var hint: String? { nil }
    package var exitStatus: ExitStatus { .unreachable }
}

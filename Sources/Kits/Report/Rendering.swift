import ArgumentParser
import Maintenance

/// How a report is written down.
package enum Rendering: String, CaseIterable, Sendable, ExpressibleByArgument {
    case html, pdf, json, markdown, csv

    var fileExtension: String { self == .markdown ? "md" : rawValue }

    /// As mails and servers name it (IANA).
    var mediaType: String {
        switch self {
        case .html: "text/html; charset=utf-8"
        case .pdf: "application/pdf"
        case .json: "application/json"
        case .markdown: "text/markdown; charset=utf-8"
        case .csv: "text/csv; charset=utf-8"
        }
    }

    /// What stands in a file that this run wrote and in no other: a report names other runs too.
    package func signature(run: String) -> String {
        switch self {
        case .html: ", run \(run)\">"
        // WeasyPrint writes the page's generator down as it is.
        case .pdf: ", run \(run))"
        case .json: "\n  \"runID\" : \"\(run)\""
        case .markdown: "in run `\(run)`, from"
        case .csv: "\nrun,\(run)\n"
        }
    }
}

/// A report that was made and is to be written down. Its bytes are equal for equal reports.
package protocol WritableReport: Sendable {
    /// As `rendering` says; never asked for PDF, which is the page, printed.
    ///
    /// - Throws: `ReportError.noSuchRendering`.
    func bytes(_ rendering: Rendering) throws -> [UInt8]

    /// What a mail says of it.
    var document: ReportDocument { get }
}

/// A report that cannot be written or sent.
package enum ReportError: MaintenanceError, Hashable {
    case noSuchRendering(String, Rendering)
    /// - Parameter channel: what the configuration names, nil where it names nothing.
    case noMailServer(channel: String?)
    /// - Parameter count: of all it is for.
    case notMailed(recipients: [String], of: Int, reason: String, isRetryable: Bool)
    /// What lies there is not what this step wrote, so that it is nobody else's to read.
    case notWritten

    package var code: String {
        switch self {
        case .noSuchRendering: "report.rendering"
        case .noMailServer: "report.no-mail-server"
        case .notMailed: "report.not-mailed"
        case .notWritten: "report.not-written"
        }
    }

    package var problem: String {
        switch self {
        case .noSuchRendering(let report, let rendering):
            "\(report) cannot be written as \(rendering.rawValue)"
        case .noMailServer(let channel?):
            "'reports.channel' names '\(channel.printable)', and 'alerts.channels' has no such channel of kind 'email'"
        case .noMailServer(nil): "no mail server is configured"
        case .notMailed(let recipients, let count, let reason, _):
            "it did not go out to \(recipients.count) of \(count) "
                + "(\(recipients.joined(separator: ", ").printable)): \(reason.printable)"
        case .notWritten: "it was not mailed, since the file there is not the one this step wrote"
        }
    }

    package var hint: String? {
        switch self {
        case .noSuchRendering: "Choose another with '--as'."
        case .noMailServer: "Add a channel of kind 'email' under 'alerts.channels'; 'reports.channel' names it."
        case .notMailed: "The finding RP001 stays until it does."
        case .notWritten: nil
        }
    }

    package var isRetryable: Bool { if case .notMailed(_, _, _, let isRetryable) = self { isRetryable } else { false } }

    package var exitStatus: ExitStatus {
        switch self {
        case .noSuchRendering, .noMailServer: .usage
        case .notMailed: .unreachable
        case .notWritten: .failure
        }
    }
}

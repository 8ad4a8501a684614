import ArgumentParser
import Maintenance

/// How a report is written down.
package enum Rendering: String, CaseIterable, Sendable, ExpressibleByArgument {
    case html, pdf, json, markdown, csv

    var fileExtension: String { self == .markdown ? "md" : rawValue }

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
}

/// A report that cannot be written.
package enum ReportError: MaintenanceError, Hashable {
    case noSuchRendering(String, Rendering)

    package var code: String { "report.rendering" }
    package var problem: String {
        switch self {
        case .noSuchRendering(let report, let rendering):
            "\(report) cannot be written as \(rendering.rawValue)"
        }
    }
    package var hint: String? { "Choose another with '--as'." }
    package var exitStatus: ExitStatus { .usage }
}

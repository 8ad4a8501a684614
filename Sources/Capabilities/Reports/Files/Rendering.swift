import ArgumentParser
import Foundation
import Maintenance
import Page

/// How a report is written down.
package enum Rendering: String, CaseIterable, Sendable, ExpressibleByArgument {
    case html, json, markdown

    var fileExtension: String { self == .markdown ? "md" : rawValue }

    /// The file's bytes: equal for equal reports.
    func bytes(_ report: DailyReport) throws -> [UInt8] {
        switch self {
        case .html: return DailyPage.html(report).bytes
        case .markdown: return Array(DailyMarkdown(report: report).text.utf8)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            return Array(try encoder.encode(report)) + [UInt8(ascii: "\n")]
        }
    }

    /// What stands in a file that this run wrote and in no other: a report names other runs too.
    func signature(run: String) -> String {
        switch self {
        case .html: ", run \(run)\">"
        case .json: "\n  \"runID\" : \"\(run)\""
        case .markdown: "in run `\(run)`, from the run log"
        }
    }
}

import Command
import Foundation
import Maintenance
import Page

extension ReportDocument: WritableReport {
    package var document: ReportDocument { self }

    package func bytes(_ rendering: Rendering) throws -> [UInt8] {
        switch rendering {
        case .html, .pdf: return ReportPage.html(self).bytes
        case .markdown: return Array(ReportMarkdown(document: self).text.utf8)
        case .csv: return Array(csv.utf8)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        }
    }

    /// Its tables, one below the other, each with its section and title in lines of their own; numbers as numbers, in the
    /// unit that stands in the column's name.
    private var csv: String {
        var lines = [
            CSVText.line(["report", title]), CSVText.line(["made at", madeAt.iso8601]),
            CSVText.line(["since", since.iso8601]), CSVText.line(["run", runID]),
            CSVText.line(["verdict", standing.rawValue, sentence]),
        ]
        if let audit { lines.append(CSVText.line(["audit", audit])) }
        for section in sections {
            for case .table(let listing, let standings) in section.blocks {
                lines += ["", CSVText.line([section.title, listing.title].filter { !$0.isEmpty })]
                let names = listing.columns.map { column in
                    column.unit.map { "\(column.name) (\($0.rawValue))" } ?? column.name
                }
                lines.append(CSVText.line(["standing"] + names))
                for (index, row) in listing.rows.enumerated() {
                    let standing = standings.indices.contains(index) ? standings[index]?.rawValue ?? "" : ""
                    lines.append(CSVText.line([standing] + row.map { $0 == .null ? "" : $0.description }))
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Scalar {
    /// As a person reads it in a column.
    func shown(in column: Listing.Column) -> String {
        switch (self, column.unit) {
        case (.null, _): "–"
        case (.integer(let number), let unit?): unit.text(Double(number))
        case (.number(let number), let unit?): unit.text(number)
        default: spoken
        }
    }

    var isNumber: Bool {
        switch self {
        case .integer, .number: true
        default: false
        }
    }
}

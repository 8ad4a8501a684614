import Maintenance
import Page

/// What reports are about: the beginning of their files' names.
package enum ReportKind: String, CaseIterable, Sendable {
    case daily, backup, database
}

/// The name of a report that this program wrote by itself, `daily-2026-11-21.html`: exactly that pattern and nothing like
/// it, because files with such names are removed when they are old.
package struct ReportName: Hashable, Comparable, Sendable {
    package var kind: ReportKind
    package var date: String
    package var rendering: Rendering

    package init(_ kind: ReportKind, _ instant: Timestamp, _ rendering: Rendering) {
        self.kind = kind
        date = CivilTime(instant).date
        self.rendering = rendering
    }

    /// Nil for every other name, `latest.html` among them.
    package init?(_ name: String) {
        guard let rendering = Rendering.allCases.first(where: { name.hasSuffix(".\($0.fileExtension)") }),
            let kind = ReportKind.allCases.first(where: { name.hasPrefix("\($0.rawValue)-") })
        else { return nil }
        let date = String(name.dropFirst(kind.rawValue.count + 1).dropLast(rendering.fileExtension.count + 1))
        // Written back it has to be the same: no other day, no other way of writing it.
        guard date.utf8.count == 10, let day = Timestamp(iso8601: "\(date)T00:00:00Z"), CivilTime(day).date == date
        else {
            return nil
        }
        self.kind = kind
        self.date = date
        self.rendering = rendering
    }

    package var text: String { "\(kind.rawValue)-\(date).\(rendering.fileExtension)" }

    /// When the day it tells about was over.
    package var end: Timestamp? { Timestamp(iso8601: "\(date)T00:00:00Z").map { $0 + .seconds(86_400) } }

    /// The second name the newest gets.
    package static func latest(_ kind: ReportKind, _ rendering: Rendering) -> String {
        kind == .daily ? "latest.\(rendering.fileExtension)" : "latest-\(kind.rawValue).\(rendering.fileExtension)"
    }

    package static func < (left: ReportName, right: ReportName) -> Bool {
        (left.date, left.text) < (right.date, right.text)
    }
}

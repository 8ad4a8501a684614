import Maintenance

/// The name of a report that this program wrote by itself, `daily-2026-11-21.html`: exactly that pattern and nothing like
/// it, because files with such names are removed when they are old.
struct ReportName: Hashable, Comparable, Sendable {
    var date: String
    var rendering: Rendering

    private static let kind = "daily"

    init(_ instant: Timestamp, _ rendering: Rendering) {
        date = CivilTime(instant).date
        self.rendering = rendering
    }

    /// Nil for every other name, `latest.html` among them.
    init?(_ name: String) {
        guard let rendering = Rendering.allCases.first(where: { name.hasSuffix(".\($0.fileExtension)") }),
            name.hasPrefix("\(Self.kind)-")
        else { return nil }
        let date = String(name.dropFirst(Self.kind.count + 1).dropLast(rendering.fileExtension.count + 1))
        // Written back it has to be the same: no other day, no other way of writing it.
        guard date.utf8.count == 10, let day = Timestamp(iso8601: "\(date)T00:00:00Z"), CivilTime(day).date == date
        else {
            return nil
        }
        self.date = date
        self.rendering = rendering
    }

    var text: String { "\(Self.kind)-\(date).\(rendering.fileExtension)" }

    /// When the day it tells about was over.
    var end: Timestamp? { Timestamp(iso8601: "\(date)T00:00:00Z").map { $0 + .seconds(86_400) } }

    static func latest(_ rendering: Rendering) -> String { "latest.\(rendering.fileExtension)" }

    static func < (left: ReportName, right: ReportName) -> Bool { left.text < right.text }
}

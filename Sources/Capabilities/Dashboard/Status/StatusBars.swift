import Maintenance
import Page

/// One bar for each day: its height and colour say how it was, and a table says of the days that were not well what was.
struct StatusBars {
    private static let width = 8
    private static let height = 34

    let history: StatusHistory
    /// Of the component.
    let name: String

    init(_ history: StatusHistory, name: String) {
        self.history = history
        self.name = name
    }

    var html: HTML {
        guard !history.days.isEmpty else {
            return "<p class=\"muted\">Nobody looks at it yet.</p>"
        }
        let bars = history.days.enumerated().map { place, day -> HTML in
            let standing = day.standing
            let tall = Self.tall(standing)
            return """
                <rect class="\(standing.rawValue)" x="\(place * Self.width)" y="\(Self.height - tall)" \
                width="\(Self.width - 2)" height="\(tall)" rx="1.5" fill="currentColor"><title>\(Self.date(day)): \
                \(Self.words(day))</title></rect>
                """
        }
        return """
            <svg class="days" viewBox="0 0 \(history.days.count * Self.width) \(Self.height)" \
            preserveAspectRatio="none" role="img" aria-label="\(name): \(summary)">\(bars)</svg>
            <p class="row small muted"><span>\("day".counted(history.days.count)), by UTC</span><span>\(summary)</span></p>
            \(table)
            """
    }

    private var summary: String {
        guard let uptime = history.uptime else {
            return "not known in \("hour".counted(history.unknown)) of \(history.hours.grouped)"
        }
        let seen = "up \(StatusHistory.words(uptime)) of the time in which it was seen"
        return history.unknown == 0 ? seen : "\(seen); \("hour".counted(history.unknown)) not known"
    }

    private var table: HTML? {
        let days = history.days.reversed().filter { $0.standing == .warning || $0.standing == .critical }
        guard !days.isEmpty else { return nil }
        let rows = days.map { day -> HTML in
            "<tr><th scope=\"row\">\(Self.date(day))</th><td>\(Self.words(day))</td></tr>"
        }
        return """
            <details class="data"><summary>\("day".counted(days.count)) with trouble</summary><table>\
            <caption class="hidden">\(name)</caption><thead><tr><th scope="col">day</th><th scope="col">how it was</th>\
            </tr></thead><tbody>\(rows)</tbody></table></details>
            """
    }

    private static func words(_ day: StatusHistory.Day) -> String {
        guard let uptime = day.uptime else {
            return day.planned > 0 ? "planned work" : "not known"
        }
        var words = ["up \(StatusHistory.words(uptime))"]
        if day.planned > 0 { words.append("\("hour".counted(day.planned)) of planned work") }
        if day.unknown > 0 { words.append("\("hour".counted(day.unknown)) not known") }
        return words.joined(separator: ", ")
    }

    private static func date(_ day: StatusHistory.Day) -> String { String(day.start.iso8601.prefix(10)) }

    /// Told apart without colour.
    private static func tall(_ standing: Standing) -> Int {
        switch standing {
        case .good: height
        case .notice: 22
        case .warning: 26
        case .critical: 16
        case .unknown: 6
        }
    }
}

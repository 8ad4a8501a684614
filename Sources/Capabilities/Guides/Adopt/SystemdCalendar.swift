/// Five fields of a crontab as systemd's calendar events (systemd.time(7)): numbers, lists, ranges and steps.
///
/// cron takes the day of the month or the day of the week where both are restricted, and systemd both; then there are
/// two expressions.
struct SystemdCalendar {
    private(set) var expressions: [String]

    /// Nil where a field has something that systemd's language has not.
    init?(fields: String) {
        let parts = fields.split(separator: " ").map(String.init)
        guard parts.count == 5, let minute = Self.field(parts[0], 0...59), let hour = Self.field(parts[1], 0...23),
            let day = Self.field(parts[2], 1...31), let month = Self.field(parts[3], 1...12),
            let weekday = Self.weekdays(parts[4])
        else { return nil }
        let time = "\(hour):\(minute):00"
        if parts[2] != "*", let weekday = weekday.isEmpty ? nil : weekday {
            expressions = ["*-\(month)-\(day) \(time)", "\(weekday) *-\(month)-* \(time)"]
        } else {
            expressions = ["\(weekday.isEmpty ? "" : "\(weekday) ")*-\(month)-\(day) \(time)"]
        }
    }

    /// Every value written out, since systemd counts steps from the first and cron from the range's begin.
    private static func field(_ text: String, _ range: ClosedRange<Int>) -> String? {
        guard text != "*" else { return "*" }
        guard let values = values(text, range) else { return nil }
        return values.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ",")
    }

    /// Empty for all.
    private static func weekdays(_ text: String) -> String? {
        guard text != "*" else { return "" }
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        guard let values = values(text, 0...7) else { return nil }
        var seen: Set<Int> = []
        return values.map { $0 % 7 }.filter { seen.insert($0).inserted }.map { names[$0] }.joined(separator: ",")
    }

    private static func values(_ text: String, _ range: ClosedRange<Int>) -> [Int]? {
        var found: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = pieces.first, pieces.count < 3 else { return nil }
            let step = pieces.count == 2 ? Int(pieces[1]) : 1
            let ends = first.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            var span = range
            if first != "*" {
                guard let low = ends.first ?? nil, let high = ends.count == 2 ? ends[1] : low, ends.count < 3,
                    low <= high,
                    range.contains(low), range.contains(high)
                else { return nil }
                span = low...(ends.count == 1 && pieces.count == 2 ? range.upperBound : high)
            }
            guard let step, step > 0 else { return nil }
            found.formUnion(stride(from: span.lowerBound, through: span.upperBound, by: step))
        }
        return found.sorted()
    }
}

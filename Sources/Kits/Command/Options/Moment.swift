import ArgumentParser
import Maintenance

/// An instant as people type it: `2026-11-21T14:03:00Z`, `2026-11-21 14:03`; always UTC.
package struct Moment: ExpressibleByArgument, ArgumentText, Hashable, Sendable {
    package let time: Timestamp

    package init(_ time: Timestamp) { self.time = time }

    package init?(argument: String) {
        var text = argument
        if text.hasSuffix("Z") { text.removeLast() }
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
        guard parts.count == 2 else { return nil }
        let clock = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(clock.count) else { return nil }
        let whole = clock.count == 2 ? "\(parts[0])T\(parts[1]):00Z" : "\(parts[0])T\(parts[1])Z"
        guard let time = Timestamp(iso8601: whole) else { return nil }
        // What no calendar has, such as the 31st of June, would be another day.
        let civil = CivilTime(time)
        let seconds = whole.dropFirst(11).prefix { $0 != "." && $0 != "Z" }
        guard civil.date == parts[0], civil.time == seconds else { return nil }
        self.time = time
    }

    package var argumentText: String { time.iso8601 }
    package var defaultValueDescription: String { time.iso8601 }
}

import Calendar
import Maintenance

extension GuideChecking {
    /// Sections whose times and durations meet: `First Sunday 2:00` for four hours, and `Sundays 3:00`.
    ///
    /// Only what a guide says with both, `Time:` and `Duration:`, is held against each other.
    package func overlapFindings(zones: ZoneDirectory) -> [GuideFinding] {
        let slots = slots(zones)
        var found: [GuideFinding] = []
        for (index, slot) in slots.enumerated() {
            for earlier in slots[..<index] {
                guard let meeting = slot.meeting(earlier) else { continue }
                found.append(
                    finding(
                        .overlap, slot.schedule.line,
                        "'\(slot.title.printable)' (\(slot.schedule.text.printable), for \(slot.duration.short)) and "
                            + "'\(earlier.title.printable)' (\(earlier.schedule.text.printable), for "
                            + "\(earlier.duration.short), line \(earlier.schedule.line)) are at work at once, such as on "
                            + meeting.iso8601.prefix(10),
                        fix: "Move one of them, or say that the other is left out then."))
            }
        }
        return found
    }

    private struct Slot {
        var title: String
        var schedule: GuideSchedule
        var duration: Duration
        /// Of 400 days, so that every month and quarter comes.
        var starts: [Timestamp]

        /// When both are at work for the first time; nil where that never is.
        func meeting(_ other: Slot) -> Timestamp? {
            var position = 0
            for start in starts {
                while position < other.starts.count, other.starts[position] + other.duration <= start { position += 1 }
                guard position < other.starts.count else { return nil }
                if other.starts[position] < start + duration { return max(start, other.starts[position]) }
            }
            return nil
        }
    }

    private func slots(_ zones: ZoneDirectory) -> [Slot] {
        let context = ScheduleContext(zones: zones)
        // A fixed beginning, so that the same guide gives the same findings on every day.
        let begin = Timestamp(microseconds: 1_767_225_600_000_000)
        let end = begin + .seconds(400 * 86_400)
        let schedules = guide.schedules(zones: zones)
        return guide.paragraphs.compactMap { paragraph -> Slot? in
            guard paragraph.text.lowercased().hasPrefix("duration:"),
                let duration = Duration(String(paragraph.text.dropFirst("duration:".count))), duration > .zero,
                let heading = guide.path(of: paragraph.line).last,
                let schedule = schedules.first(where: {
                    $0.line > heading.line && abs($0.line - paragraph.line) <= 3 && !$0.isWindow
                }), let expression = try? ScheduleExpression(schedule.expression, zones: zones),
                let times = try? Schedule(expression, in: context)
            else { return nil }
            var starts: [Timestamp] = []
            var next = times.next(after: begin)
            while let start = next, start < end, starts.count < 20_000 {
                starts.append(start)
                next = times.next(after: start)
            }
            return Slot(title: heading.title, schedule: schedule, duration: duration, starts: starts)
        }
    }
}

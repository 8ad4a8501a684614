import Calendar
import Maintenance

extension GuideChecking {
    /// Sections whose times and durations meet: `First Sunday 2:00` for four hours, and `Sundays 3:00`.
    ///
    /// Only what a guide says with both, `Time:` and `Duration:`, is held against each other.
    package func overlapFindings(zones: ZoneDirectory) -> [GuideFinding] {
        let slots = slots(zones)
        var found: [GuideFinding] = []
        if slots.count > Self.mostSlots {
            found.append(
                finding(
                    .overlap, slots[Self.mostSlots].schedule.line,
                    "from here on nobody has looked whether times meet: more than \(Self.mostSlots) sections say both "
                        + "when and for how long", fix: "Split the guide.", severity: .info))
        }
        for (index, slot) in slots.prefix(Self.mostSlots).enumerated() {
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

    /// Each is held against all before it.
    private static let mostSlots = 100

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
        let schedules = Dictionary(grouping: guide.schedules(zones: zones).filter { !$0.isWindow }, by: \.line)
        var known: [String: [Timestamp]] = [:]
        var slots: [Slot] = []
        for paragraph in guide.paragraphs where slots.count <= Self.mostSlots {
            guard paragraph.text.lowercased().hasPrefix("duration:"),
                let duration = Duration(String(paragraph.text.dropFirst("duration:".count))), duration > .zero,
                let heading = guide.path(of: paragraph.line).last,
                let schedule = (paragraph.line - 3...paragraph.line + 3).lazy
                    .filter({ $0 > heading.line }).compactMap({ schedules[$0]?.first }).first
            else { continue }
            if known[schedule.expression] == nil {
                guard let expression = try? ScheduleExpression(schedule.expression, zones: zones),
                    let times = try? Schedule(expression, in: context)
                else { continue }
                var starts: [Timestamp] = []
                var next = times.next(after: begin)
                while let start = next, start < end, starts.count < 20_000 {
                    starts.append(start)
                    next = times.next(after: start)
                }
                known[schedule.expression] = starts
            }
            slots.append(
                Slot(
                    title: heading.title, schedule: schedule, duration: duration,
                    starts: known[schedule.expression] ?? []))
        }
        return slots
    }
}

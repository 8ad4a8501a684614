import Calendar
import Maintenance

/// The `windows` list, at the top level and of an environment.
struct WindowSections: Sendable {
    /// Tasks as typed, with what they may do.
    var tasks: [String: Effect]
    var zones: ZoneDirectory

    var format: Format<[WindowRule]> { .list(of: rule) }

    private var rule: Format<WindowRule> {
        let needless = "so it needs no window"
        return Section<WindowRule>(
            prototype: { WindowRule(location: $0) },
            keys: [
                Key(
                    "during", \.during, .window(zones),
                    "When it is open, such as 'Sundays 02:00-04:00 UTC'; always where it is not written, which only "
                        + "'emergency' and 'anytime' may leave out."),
                Key(
                    "kind", \.kind, .choice(), standard: .primary,
                    "What starts in it: 'primary', all that is planned; 'emergency', what a person approved for this "
                        + "start with a reason; 'anytime', all, and a notice of it is kept."),
                Key("effects", \.effects, .list(of: .changing(needless)), "Changes with one of these effects."),
                Key(
                    "tasks", \.tasks, .list(of: .changingTask(tasks, needless)),
                    "Changes of these tasks, as they are typed."),
            ],
            later: [
                "approvers", "count", "environments", "labels", "name", "notify", "priority", "reason", "resources",
                "routines",
            ]
        ).format.map(
            { rule, tree, keyPath, reading in
                // A kind or a window that is written wrongly has been said already.
                let isWritten = tree["during"] != nil || tree["kind"].map { $0.found != "'primary'" } ?? false
                guard rule.kind != .primary || isWritten else {
                    reading.report(
                        "the key 'during' is missing: a primary window has its times", at: tree.location, keyPath,
                        allowed: "a window such as 'Sundays 02:00-04:00 UTC'")
                    return nil
                }
                return rule
            }, writing: { $0 })
    }

    /// Windows whose calendars are not there, or that never open.
    func judge(_ inventory: Inventory, _ reading: Reading) {
        let all =
            [("windows", inventory.windows)]
            + inventory.environments.map { ("environments.\($0.name).windows", $0.windows) }
        for (path, rules) in all {
            for (index, rule) in rules.enumerated() {
                reading.judge(
                    rule.during, in: inventory, zones, path.appending(index: index).appending(key: "during"))
            }
        }
    }
}

extension Format where Value == Written<ScheduleExpression> {
    /// A schedule that has windows and not only moments.
    static func window(_ zones: ZoneDirectory) -> Format {
        schedule(zones).map(
            { written, tree, keyPath, reading in
                guard written.value.hasWindows else {
                    reading.refuse(
                        tree, keyPath, "is a moment, and a window is needed",
                        allowed: "a window such as 'weekdays 00:00-24:00'")
                    return nil
                }
                return written
            }, writing: { $0 })
    }
}

extension Reading {
    /// A window's calendars have to be there, and it has to open some time.
    func judge(
        _ window: Written<ScheduleExpression>?, in inventory: Inventory, _ zones: ZoneDirectory, _ keyPath: String
    ) {
        guard let window else { return }
        do throws(CalendarError) {
            let schedule = try Schedule(window.value, in: inventory.scheduleContext(zones))
            // What is always open, since long ago, has no beginning to look for.
            let isAlways = schedule.window(containing: Timestamp(microseconds: 946_684_800_000_000)) != nil
            if schedule.closed == nil, !schedule.canStart, !isAlways {
                report("'\(window.value.text)' never opens", at: window.location, keyPath)
            }
        } catch {
            report(error, at: window.location, keyPath)
        }
    }
}

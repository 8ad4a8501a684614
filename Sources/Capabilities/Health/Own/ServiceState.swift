import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let serviceState = Check(
        CheckSchema(name: "service.state", summary: "whether a unit of systemd is active", retries: 1),
        code: "HC068",
        title: "Service",
        kind: .service,
        explanation: """
            Asks systemd for the unit's state. Active is well; activating or reloading is a warning, since a unit that is \
            there for long never comes up; failed, inactive and not there are critical. Conditions that speak of 'active' \
            decide that themselves. How often systemd has started it again, its memory and its age are for conditions: a \
            service that dies every minute is active most of the time.
            """,
        source: "https://www.freedesktop.org/software/systemd/man/latest/systemctl.html"
    ) { context in
        guard case .service(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a unit and is \(context.resource.kind)")
        }
        let asked = "ActiveState,SubState,UnitFileState,LoadState,NRestarts,MemoryCurrent,ActiveEnterTimestampMonotonic"
        let program = ChildProgram(
            "systemctl", ["show", "--no-pager", "--property=\(asked)", "--", access.unit],
            environment: ["LC_ALL": "C"], timeLimit: access.timeout)
        let outcome = try await context.look.programs.run(program)
        guard outcome.isSuccess else {
            throw ServicesUnknown(words: outcome.errorOutput.lastLines(2).first ?? outcome.termination.description)
        }
        let unit = UnitFacts(outcome.output.text)
        let uptime = try Host(clock: context.look.clock).uptime()
        var reading = Reading(state: unit.state)
        reading.summary = unit.words
        if access.expected.mentions("active") { reading.state = .passed }
        let isOver = reading.state != .passed
        let said = reading.summary
        reading.judge(access.expected, by: unit.facts(uptime))
        if isOver, reading.evidence["not met 1"] == nil { reading.summary = said }
        return reading
    }
}

/// systemd does not answer, or this machine runs without it.
struct ServicesUnknown: MaintenanceError {
    var words: String

    var code: String { "health.systemd" }
    var problem: String { "systemd does not answer: \(words.printable)" }
    var hint: String? { "Where another manager runs the program, watch it with 'kind: process'." }
}

/// The `Name=value` lines of `systemctl show`.
struct UnitFacts: Hashable {
    var values: [String: String] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let sign = line.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            values[String(line[..<sign])] = String(line[line.utf8.index(after: sign)...])
        }
    }

    var state: CheckOutcome.State {
        guard values["LoadState"] == "loaded" else { return .critical }
        return switch values["ActiveState"] {
        case "active": .passed
        case "activating", "reloading": .warning
        default: .critical
        }
    }

    var words: String {
        guard values["LoadState"] == "loaded" else {
            return "systemd has no such unit (\((values["LoadState"] ?? "no answer").printable))"
        }
        return "\(values["ActiveState"] ?? "?") (\(values["SubState"] ?? "?"))".printable
    }

    func facts(_ uptime: Duration) -> ConditionFacts {
        let since = values["ActiveEnterTimestampMonotonic"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        return ConditionFacts([
            "active": .text(values["ActiveState"] ?? ""), "sub-state": .text(values["SubState"] ?? ""),
            "enabled": .text(values["UnitFileState"] ?? ""),
            "restarts": values["NRestarts"].flatMap { Double($0) }.map { .number($0) }
                ?? .missing("this kind of unit is not restarted"),
            // Without accounting it is the greatest number there is.
            "memory": values["MemoryCurrent"].flatMap { Int64($0) }.map { .number(Double($0)) }
                ?? .missing("systemd does not count it"),
            "age": since.map { .number(max(0, uptime.inSeconds - Double($0) / 1_000_000)) }
                ?? .missing("it was never active"),
        ])
    }
}

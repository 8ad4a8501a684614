import Maintenance
import Outside
import Settings

/// A step of a routine that lets time pass. What counts is when it began: a run that was interrupted waits for the rest.
struct WaitStep: MaintenanceTask {
    static let declaration = TaskDeclaration(
        name: "wait", summary: "let time pass", explanation: "A step of a routine.", effect: .observes,
        subject: .environments)

    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.changes = [
            Change(
                kind: "wait", object: duration.short, action: .pause("nothing for \(duration.short)"),
                effect: .observes,
                reversal: "none is needed", identity: [:], reason: "a step of the routine",
                estimate: Change.Estimate(seconds: duration.inSeconds, source: "the step"))
        ]
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection { Inspection(identity: [:], witness: [:]) }

    func apply(_ change: Change, _ act: Act) async throws {
        let end = try await end(act.look)
        act.look.tell("waiting until \(end)")
        try await act.look.clock.sleep(until: end)
    }

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let end = try await end(look)
        return look.clock.now() >= end ? .done(["waited until": .text(end.iso8601)]) : .notDone("it is not \(end) yet")
    }

    /// Counted from the first time the journal says that it began.
    private func end(_ look: Look) async throws -> Timestamp {
        let began = try await look.log.journal(of: look.runID).first { $0.step == look.step && $0.to == .started }
        return (began?.at ?? look.clock.now()) + duration
    }
}

extension ParsedTask {
    static func wait(_ duration: Duration) -> ParsedTask {
        ParsedTask(
            declaration: WaitStep.declaration, task: WaitStep(duration), arguments: ["--", duration.canonical])
    }
}

extension TaskEntry {
    static let wait = TaskEntry(declaration: WaitStep.declaration) { arguments in
        guard arguments.count == 2, arguments[0] == "--", let duration = Duration(arguments[1]) else {
            throw StepArgumentsError(task: WaitStep.declaration.name, arguments: arguments)
        }
        return .wait(duration)
    }
}

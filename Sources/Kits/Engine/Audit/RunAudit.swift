import Maintenance
import Outside
import Settings
import Store

/// What the audit trail says about a run that may change something. Runs that only look, and dry runs, stand in the run
/// log alone: a health check every minute would bury what the trail is for.
package struct RunAudit: Sendable {
    /// Tasks with their arguments, as typed, each once.
    var tasks: [String]
    /// Digest and names of the configuration files; nil where the inventory came from none.
    var configuration: (digest: String, files: [String])?
}

extension Runner {
    /// Nil for a run that can change nothing.
    func audit(_ run: RunRecord, _ steps: [StepRecord]) -> RunAudit? {
        guard !run.isDryRun else { return nil }
        let changing = steps.filter { step in
            guard step.task != ChecklistStep.name else { return false }
            let entry = catalog.entries.first { $0.declaration.name == step.task }
            return (entry?.declaration.effect ?? .destroys) > .observes
        }
        guard !changing.isEmpty else { return nil }
        let tasks = changing.map { step in
            (step.task.split(separator: ".").map(String.init) + step.arguments).map(\.shellQuoted)
                .joined(separator: " ")
        }
        return RunAudit(
            tasks: distinct(tasks),
            configuration: inventory.sourceDigest.map { (digest: $0, files: inventory.sourceFiles) })
    }
}

extension RunLog {
    /// Somebody asked for the run, or goes on with it; before it, that its configuration is new, where it is.
    func note(_ audit: RunAudit, _ kind: AuditKind, _ run: RunRecord, in writer: StoreWriter) throws {
        let now = clock.now()
        if let configuration = audit.configuration {
            try noteConfiguration(digest: configuration.digest, files: configuration.files, at: now, in: writer)
        }
        let draft = AuditDraft(
            kind: kind, target: Target(environment: run.environments.count == 1 ? run.environments[0] : ""),
            runID: run.id, subject: run.name,
            detail: [
                "tasks": .text(audit.tasks.joined(separator: "; ")),
                "environments": .text(run.environments.joined(separator: ", ")),
            ])
        try note(draft, at: now, in: writer)
    }
}

extension AuditDraft {
    /// What a move of the journal means to the trail: that a side effect began, and what came of it. Nil for moves
    /// without one.
    init?(move moved: ChangeRecord, from before: ChangeState, target: Target) {
        var detail: Facts = ["change": Scalar(moved.number)]
        switch (before, moved.state) {
        case (_, .started):
            detail["state"] = .text(moved.state.rawValue)
            detail["effect"] = .text(moved.change.effect.rawValue)
            detail["action"] = .text(moved.change.action.shortened)
            detail["content"] = moved.contentDigest.map { .text($0) }
        case (.planned, _), (_, .applied): return nil
        case (_, .planned): detail["state"] = "not done"
        default: detail["state"] = .text(moved.state.rawValue)
        }
        if let evidence = moved.evidence { detail["evidence"] = .text(evidence.contentDigest) }
        if let error = moved.error { detail["error"] = .text(error.code) }
        let decider = moved.evidence?[Self.decider]
        if let decider { detail[Self.decider] = decider }
        self.init(
            kind: decider == nil ? .changed : .decided, target: target, runID: moved.runID, step: moved.step,
            subject: moved.change.id, detail: detail)
    }

    /// The fact that says who decided about a change that nothing else could decide about.
    static let decider = "decided by"
}

extension Change.Action {
    /// All of it, or its beginning: the whole stands in the run log, bound to the trail by its digest.
    fileprivate var shortened: String {
        let text = lines.joined(separator: "; ")
        guard text.utf8.count > 1_000 else { return text }
        return String(text.unicodeScalars.prefix(900).map(Character.init)) + "…"
    }
}

extension Change {
    /// SHA-256 over a change as the run log stores it: over the text, since what it says may be written otherwise by
    /// another version.
    static func contentDigest(_ content: String) -> String {
        var digest = CanonicalDigest()
        digest.add(content)
        return digest.hexadecimal
    }
}

extension Facts {
    /// SHA-256 over names and values.
    var contentDigest: String {
        var digest = CanonicalDigest()
        digest.add(self)
        return digest.hexadecimal
    }
}

import Maintenance
import Outside
import Store

extension RunLog {
    /// Latest first.
    package func recentRuns(most: Int) async throws -> [RunRecord] {
        try await store.read { try $0.rows(RunStatement.recentRuns, ["most": most]).map(RunRecord.init) }
    }

    /// How long the newest run of this name that succeeded took; nil where none did.
    package func lastDuration(of name: String) async throws -> Duration? {
        try await store.read { reader in
            guard let row = try reader.first(RunStatement.lastSucceeded, ["name": name]) else { return nil }
            let run = try RunRecord(row)
            return run.endedAt.map { $0 - run.startedAt }
        }
    }

    /// The run a person means: a whole id, its beginning or end, or `latest`.
    package func run(_ name: String) async throws -> RunRecord {
        let found: [RunRecord] = try await store.read { reader in
            if name == "latest" { return try reader.rows(RunStatement.recentRuns, ["most": 1]).map(RunRecord.init) }
            if let exact = try reader.first(RunStatement.run, ["id": name]) { return [try RunRecord(exact)] }
            let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            guard !plain.isEmpty, plain == name else { return [] }
            return try reader.rows(RunStatement.runsLike, ["pattern": "%\(plain)%"]).map(RunRecord.init)
        }
        guard let run = found.first else { throw EngineError.noSuchRun(name) }
        guard found.count == 1 else { throw EngineError.severalRuns(name, found.map(\.id)) }
        return run
    }

    package func steps(of runID: String) async throws -> [StepRecord] {
        try await store.read { try $0.rows(RunStatement.steps, ["run_id": runID]).map(StepRecord.init) }
    }

    /// The steps without their plans and observations.
    func outlines(of runID: String) async throws -> [StepRecord] {
        try await store.read { try $0.rows(RunStatement.outlines, ["run_id": runID]).map(StepRecord.init) }
    }

    /// A step as it stands now, without its plan and observation; nil where there is none of that number.
    func outline(_ number: Int, of runID: String) async throws -> StepRecord? {
        try await store.read {
            try $0.first(RunStatement.outline, ["run_id": runID, "number": number]).map(StepRecord.init)
        }
    }

    package func changes(of runID: String) async throws -> [ChangeRecord] {
        try await store.read { try $0.rows(RunStatement.changesOfRun, ["run_id": runID]).map(ChangeRecord.init) }
    }

    package func changes(of step: StepRecord) async throws -> [ChangeRecord] {
        try await store.read { reader in
            try reader.rows(RunStatement.changesOfStep, ["run_id": step.runID, "step": step.number])
                .map(ChangeRecord.init)
        }
    }

    package func journal(of runID: String) async throws -> [JournalEntry] {
        try await store.read { try $0.rows(RunStatement.journal, ["run_id": runID]).map(JournalEntry.init) }
    }

    /// How long the same change took the last times it was proved, latest first; at most 20.
    package func durations(kind: String, object: String, task: String, target: Target) async throws -> [Duration] {
        try await store.read { reader in
            try reader.rows(
                RunStatement.durations,
                [
                    "kind": kind, "object": object, "task": task, "environment": target.environment,
                    "resource": target.resource,
                ]
            ).map { row in
                let ended: Timestamp = try row.get("ended_at")
                return ended - (try row.get("started_at", as: Timestamp.self))
            }
        }
    }

    /// Remembers what a digest stands for, so that a refusal can show the difference.
    func keep(_ plans: [Plan], digest: String) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                RunStatement.keepPlan, ["digest": digest, "content": StoredJSON(plans), "planned_at": now])
        }
    }

    package func keptPlans(digest: String) async throws -> [Plan]? {
        try await store.read { reader in
            let row = try reader.first(RunStatement.lastPlan, ["digest": digest])
            let stored: StoredJSON<[Plan]>? = try row?.get("content")
            return stored?.value
        }
    }
}

extension RunRecord {
    init(_ row: StoreRow) throws {
        self.init(
            id: try row.get("id"), name: try row.get("name"), isRoutine: try row.get("is_routine"),
            isDryRun: try row.get("is_dry_run"),
            environments: try row.get("environments", as: StoredJSON<[String]>.self).value,
            state: try row.get("state"), requester: try row.get("requester", as: StoredJSON<Requester>.self).value,
            startedAt: try row.get("started_at"), endedAt: try row.get("ended_at"))
    }
}

extension StepRecord {
    init(_ row: StoreRow) throws {
        self.init(
            runID: try row.get("run_id"), number: try row.get("number"), task: try row.get("task"),
            arguments: try row.get("arguments", as: StoredJSON<[String]>.self).value,
            target: Target(environment: try row.get("environment"), resource: try row.get("resource")),
            terms: try row.get("terms", as: StoredJSON<StepTerms>?.self)?.value, state: try row.get("state"),
            startedAt: try row.get("started_at"), endedAt: try row.get("ended_at"),
            plan: try row.get("plan", as: StoredJSON<Plan>?.self)?.value,
            observation: try row.get("observation", as: StoredJSON<Observation>?.self)?.value,
            error: try row.get("error", as: StoredJSON<ErrorReport>?.self)?.value)
    }
}

extension ChangeRecord {
    init(_ row: StoreRow) throws {
        self.init(
            runID: try row.get("run_id"), step: try row.get("step"), number: try row.get("number"),
            change: try row.get("content", as: StoredJSON<Change>.self).value, state: try row.get("state"),
            witness: try row.get("witness", as: StoredJSON<Facts>?.self)?.value,
            evidence: try row.get("evidence", as: StoredJSON<Facts>?.self)?.value,
            error: try row.get("error", as: StoredJSON<ErrorReport>?.self)?.value,
            startedAt: try row.get("started_at"), endedAt: try row.get("ended_at"))
    }
}

extension JournalEntry {
    init(_ row: StoreRow) throws {
        self.init(
            runID: try row.get("run_id"), number: try row.get("number"), step: try row.get("step"),
            change: try row.get("change"), from: try row.get("from_state"), to: try row.get("to_state"),
            at: try row.get("moved_at"), detail: try row.get("detail", as: StoredJSON<Facts>.self).value)
    }
}

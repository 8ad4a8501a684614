import Maintenance
import Outside
import Store

/// What command steps say to the store.
enum CommandStatement: String, StatementSet {
    case keep = """
        insert into command_outcome (run_id, step, content, ended_at) values (:run_id, :step, :content, :ended_at)
        on conflict (run_id, step) do update set content = excluded.content, ended_at = excluded.ended_at
        """
    case forget = "delete from command_outcome where run_id = :run_id and step = :step"
    case outcome = "select content from command_outcome where run_id = :run_id and step = :step"
}

extension RunLog {
    /// How the command of a step ended, durably and before anybody looks at the result.
    func keep(_ outcome: CommandOutcome, _ use: Ballot.Use) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                CommandStatement.keep,
                ["run_id": use.runID, "step": use.step, "content": StoredJSON(outcome), "ended_at": now])
        }
    }

    /// Before it is started again, so that a crash in the middle does not find the end of the time before.
    func forgetCommand(_ use: Ballot.Use) async throws {
        try await store.write { try $0.run(CommandStatement.forget, ["run_id": use.runID, "step": use.step]) }
    }

    /// Nil where it never ended while somebody watched.
    func commandOutcome(_ use: Ballot.Use) async throws -> CommandOutcome? {
        try await store.read { reader in
            try reader.first(CommandStatement.outcome, ["run_id": use.runID, "step": use.step]).map { row in
                let stored: StoredJSON<CommandOutcome> = try row.get("content")
                return stored.value
            }
        }
    }
}

import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let replayPaused = Check(
        CheckSchema(
            name: "standby.replay", summary: "whether a standby replays what it receives", timeout: .seconds(30)),
        code: "HC070",
        title: "Replay on the standby",
        kind: .postgresql,
        explanation: """
            pg_wal_replay_pause() stops a standby where it is: it goes on receiving, its disk fills, its data get old, and a \
            fail-over would first have to replay all of it. Paused is a warning, since somebody may look at something; \
            Mainstay's own drills resume what they paused. A primary passes.
            """,
        source: "https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_get_wal_replay_pause_state() end as state
            """
        ).only
        guard let state = try row["state", as: String?.self] else {
            return Reading(summary: "this is no standby", state: .passed)
        }
        var reading = Reading(summary: "replay goes on", state: .passed)
        if state != "not paused" {
            reading.state = .warning
            reading.summary = state == "paused" ? "replay is paused" : "a pause of the replay was asked for"
            reading.evidence["to mend"] = "select pg_catalog.pg_wal_replay_resume();"
        }
        return reading
    }
}

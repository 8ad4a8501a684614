import Maintenance
import Outside
import PostgreSQL
import Settings

/// What a killed process of ours left running at the target. The server and child programs go on when we die; until
/// they have ended nobody can say what became of a change.
struct Orphans: Sendable {
    let act: Act
    let clock: WallClock
    /// How long a backend that still works may take to end by itself.
    var patience: Duration = .seconds(20)

    /// Waits for the backends whose `application_name` names run and step, then terminates them.
    ///
    /// Throws `EngineError.fenced` where one cannot be ended, and the server's own error where we may not.
    func end(runID: String, step: Int) async throws {
        for resource in act.look.resources where resource.kind == .postgresql {
            let address = try await act.look.address(resource)
            let connection = try await Connection.open(
                address,
                resource.connectionSettings(applicationName: "mainstay reconcile"))
            do {
                try await end(Fence.applicationName(runID: runID, step: step), at: resource, connection)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
        }
    }

    private func end(_ applicationName: String, at resource: Resource, _ connection: Connection) async throws {
        let begin = clock.monotonic()
        while try await count(applicationName, connection) > 0 {
            let waited = clock.monotonic() - begin
            if waited > patience * 2 {
                throw EngineError.fenced(
                    target: act.look.target, holder: applicationName)
            }
            if waited > patience {
                act.look.tell("ending what the killed run left at \(resource.name)")
                _ = try await connection.query(
                    """
                    select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
                    where application_name = \(applicationName)
                    """)
            } else {
                act.look.tell("waiting for what the killed run left at \(resource.name)")
            }
            try await clock.sleep(for: .milliseconds(250))
        }
    }

    private func count(_ applicationName: String, _ connection: Connection) async throws -> Int {
        try await connection.query(
            """
            select count(*) as running from pg_catalog.pg_stat_activity where application_name = \(applicationName)
            """
        ).only["running", as: Int.self]
    }
}

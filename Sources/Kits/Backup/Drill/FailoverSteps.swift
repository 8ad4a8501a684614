import Maintenance
import Outside
import PostgreSQL

/// What happens between the first commit and the last comparison, with both private servers there.
struct FailoverSteps: Sendable {
    let rehearsal: FailoverRehearsal
    let primary: PrivateCluster
    let standby: PrivateCluster
    let database: String

    private var clock: WallClock { rehearsal.clock }

    /// - Parameter part: gets the phases.
    func run(_ part: inout DrillCertificate.Part) async throws -> FailoverOutcome {
        let load = NumberedLoad(database: database, clock: clock, pace: rehearsal.pace)
        try await load.prepare(primary)
        let oldTimeline = try await timeline(of: primary)
        rehearsal.tell("committing for \(rehearsal.span.short), then ending the primary")
        async let writing = load.run(primary)
        try await clock.sleep(for: rehearsal.span)
        try await primary.stop(.immediate)
        let written = try await writing
        guard let last = written.commits.last else { throw FailoverError.noCommit }

        rehearsal.tell("promoting the standby")
        let ended = clock.monotonic()
        try await promote()
        let promoted = clock.monotonic()
        let first = try await load.firstCommit(standby)
        part.phases.append(.init("promotion", (promoted - ended).inSeconds))
        let there = try await load.numbers(at: standby)
        let lost = written.commits.filter { !there.contains($0.number) }
        // The work between the last commit that is there and the end.
        let kept = lost.first.flatMap { first in written.commits.last { $0.number < first.number } }
        var outcome = FailoverOutcome(
            primary: "", secondary: "", server: "PostgreSQL \(primary.server.version)",
            isSynchronous: rehearsal.isSynchronous, acknowledged: written.commits.count, lost: lost.count,
            firstLost: lost.prefix(5).map(\.number),
            lostSeconds: lost.isEmpty ? 0 : (last.at - (kept ?? written.commits[0]).at).inSeconds,
            downtimeSeconds: (first - last.at).inSeconds,
            promotionSeconds: (promoted - ended).inSeconds, oldTimeline: oldTimeline,
            newTimeline: try await timeline(of: standby), differences: [])
        try await rejoin(&outcome)
        part.phases.append(.init("pg_rewind", outcome.rewindSeconds ?? 0, isRecovery: false))
        part.phases.append(.init("catching up", outcome.catchUpSeconds ?? 0, isRecovery: false))
        rehearsal.tell("comparing the two")
        let began = clock.monotonic()
        outcome.differences = try await differences()
        part.phases.append(.init("comparison", (clock.monotonic() - began).inSeconds, isRecovery: false))
        return outcome
    }

    private func promote() async throws {
        let isDone = try await Connection.with(standby.address(database: database), .unlimited()) { connection in
            try await connection.query("select pg_catalog.pg_promote(true, 300) as done").only["done", as: Bool.self]
        }
        guard isDone else { throw FailoverError.didNot("the standby was not promoted", after: .seconds(300)) }
    }

    /// The first eight digits of a segment's name (PostgreSQL manual, "WAL Internals").
    private func timeline(of server: PrivateCluster) async throws -> Int64 {
        try await Connection.with(server.address(database: database), .unlimited()) { connection in
            let name = try await connection.query(
                "select pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) as name"
            ).only["name", as: String.self]
            return Int64(name.prefix(8), radix: 16) ?? 0
        }
    }

    /// The old primary may hold commits that the new one never got, so that it cannot simply follow: pg_rewind takes it back
    /// to where the two parted.
    private func rejoin(_ outcome: inout FailoverOutcome) async throws {
        // pg_rewind reads the source's timeline from its control file, which a checkpoint brings up to date (PostgreSQL
        // manual, "pg_rewind": Notes).
        try await Connection.with(standby.address(database: database), .unlimited()) { connection in
            _ = try await connection.execute("checkpoint")
        }
        rehearsal.tell("rewinding the old primary")
        var began = clock.monotonic()
        _ = try await rehearsal.programs.run(
            ChildProgram(
                primary.server.path("pg_rewind"),
                [
                    "--target-pgdata=\(primary.dataDirectory)",
                    "--source-server=\(StandbyCluster.conninfo(of: standby, database))", "--no-sync",
                ],
                environment: ["LC_ALL": "C"], workingDirectory: "/", user: primary.serverUser,
                timeLimit: .seconds(6 * 3_600))
        ).checked()
        outcome.rewindSeconds = (clock.monotonic() - began).inSeconds
        began = clock.monotonic()
        try primary.configure(StandbyCluster.options(following: standby, database), isStandby: true)
        try await primary.start()
        try await StandbyCluster.wait("the old primary did not catch up with the new one", clock) {
            try await hasCaughtUp()
        }
        outcome.catchUpSeconds = (clock.monotonic() - began).inSeconds
    }

    private func hasCaughtUp() async throws -> Bool {
        try await Connection.with(standby.address(database: database), .unlimited()) { connection in
            try await !connection.query(
                """
                select from pg_catalog.pg_stat_replication
                where state = 'streaming' and replay_lsn >= pg_catalog.pg_current_wal_lsn()
                """
            ).isEmpty
        }
    }

    /// Each in one clause. Nobody writes any more, so that both stand still.
    private func differences() async throws -> [String] {
        let new = try await digest(of: standby)
        let old = try await digest(of: primary)
        return old.differences(from: new).map { table, ours, theirs in
            switch (ours, theirs) {
            case (nil, _): "\(table) is only on the new primary"
            case (_, nil): "\(table) is only on the old primary"
            case (let ours?, let theirs?) where ours.rows != theirs.rows:
                "\(table) has \(ours.rows) rows on the old primary and \(theirs.rows) on the new one"
            default: "the rows of \(table) differ between the old primary and the new one"
            }
        }
    }

    private func digest(of server: PrivateCluster) async throws -> DatabaseDigest {
        let address = server.address(database: database).with(options: RestoreSettings.inProof)
        return try await DatabaseSnapshot.with(address, connections: max(1, rehearsal.jobs)) { snapshot in
            try await snapshot.digest()
        }
    }
}

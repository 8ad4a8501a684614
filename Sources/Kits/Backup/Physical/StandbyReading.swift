import Maintenance
import Outside
import PostgreSQL

/// What a standby holds at one place of the log: the oracle a restored copy is held against.
///
/// Replay is paused only while it is read: its place is noted, every row of every table of every database digested, and
/// replay goes on, whatever happened (PostgreSQL manual, "Recovery Control Functions").
package struct StandbyReading: Sendable {
    /// Of the standby; any database of its cluster.
    package var address: DatabaseAddress
    package var settings: ConnectionSettings
    package var jobs: Int
    package var clock: WallClock
    /// Says beyond our own life that it was we who paused it.
    package var note: PauseNote?

    package init(address: DatabaseAddress, settings: ConnectionSettings, jobs: Int, clock: WallClock) {
        self.address = address
        self.settings = settings
        self.jobs = jobs
        self.clock = clock
    }

    struct Found: Sendable {
        /// Everything before it was replayed, and nothing from it on.
        var position: LogPosition
        var timeline: UInt32
        var segmentSize: UInt64
        var systemIdentifier: String
        var databases: [String: InstantContent]
    }

    /// So long replay may take to pause: it does at the next record.
    private static let patience: Duration = .seconds(60)

    /// - Throws: `StandbyError` where it is no standby or does not pause, `PostgreSQLError`.
    @discardableResult
    func run() async throws -> Found {
        let hold = try await note?.hold()
        defer { withExtendedLifetime(hold) {} }
        let left = try await leftBehind()
        return try await Connection.with(address, settings) { connection in
            let replay = try await ReplayState.read(connection)
            // One that a killed proof of ours left paused is ours to let go on; another pause is somebody's wish.
            let isOurs = left?.stands(at: replay) == true
            if left != nil, !isOurs { try await note?.clear() }
            guard replay.isStandby else { throw StandbyError.noStandby(address) }
            // Whoever pauses it has to be able to let it go on.
            let mayBoth = try await connection.query(
                """
                select pg_catalog.has_function_privilege('pg_catalog.pg_wal_replay_pause()', 'execute')
                    and pg_catalog.has_function_privilege('pg_catalog.pg_wal_replay_resume()', 'execute') as yes
                """
            ).only["yes", as: Bool.self]
            guard mayBoth else { throw StandbyError.mayNotPause(address) }
            if replay.isPaused, !isOurs { return try await read(connection) { _ in } }
            var pause = Paused(
                standby: "\(address)", place: address.place, system: replay.system, since: left?.since ?? clock.now())
            let found: Result<Found, any Error>
            do {
                if !replay.isPaused {
                    try await note?.set(pause)
                    try await connection.execute("select pg_catalog.pg_wal_replay_pause()")
                }
                found = .success(
                    try await read(connection) { position in
                        pause.position = position.description
                        try await note?.set(pause)
                    })
            } catch { found = .failure(error) }
            // One that stays paused falls behind for ever: that it does not go on is worse than what else failed.
            try await resume(address)
            try await note?.clear()
            return try found.get()
        }
    }

    /// What a killed proof left at this address, as its note says. A note about another one is dealt with there.
    ///
    /// - Throws: `PauseError.unsettled`.
    private func leftBehind() async throws -> Paused? {
        guard let note, let left = try await note.standing() else { return nil }
        guard left.isElsewhere(than: address) else { return left }
        do {
            if try await isStill(left) { try await resume(address.at(left.place)) }
        } catch let error as PostgreSQLError {
            throw PauseError.unsettled(standby: left.standby, reason: error.problem, note: note.path)
        }
        try await note.clear()
        return nil
    }

    /// Whether the pause that a note speaks of is still there, asked where it says.
    ///
    /// - Throws: `PostgreSQLError`.
    package func isStill(_ left: Paused) async throws -> Bool {
        let there = left.isElsewhere(than: address) ? address.at(left.place) : address
        return try await Connection.with(there, settings) { left.stands(at: try await ReplayState.read($0)) }
    }

    /// On a connection of its own, whatever became of the other one, and of us; tried for a while.
    ///
    /// - Throws: `StandbyError.staysPaused`.
    private func resume(_ address: DatabaseAddress) async throws {
        try await despiteCancellation { [settings, clock] in
            let began = clock.monotonic()
            while true {
                do {
                    return try await Connection.with(address, settings) { connection in
                        // One that was promoted meanwhile replays nothing any more.
                        guard try await ReplayState.read(connection).isStandby else { return }
                        _ = try await connection.execute("select pg_catalog.pg_wal_replay_resume()")
                    }
                } catch let error as PostgreSQLError {
                    guard clock.monotonic() - began < Self.patience else {
                        throw StandbyError.staysPaused(address, reason: error.problem)
                    }
                    try await clock.sleep(for: .seconds(1))
                }
            }
        }
    }

    /// - Parameter note: told where the replay stands once it is paused.
    private func read(
        _ connection: Connection, note: (LogPosition) async throws -> Void
    ) async throws -> Found {
        let began = clock.monotonic()
        while try await ReplayState.read(connection).state != "paused" {
            guard clock.monotonic() - began < Self.patience else { throw StandbyError.doesNotPause(address) }
            try await clock.sleep(for: .milliseconds(50))
        }
        let row = try await connection.query(
            """
            select pg_catalog.pg_last_wal_replay_lsn()::text as position,
                (select system_identifier::text from pg_catalog.pg_control_system()) as system,
                greatest(
                    (select timeline_id from pg_catalog.pg_control_checkpoint()),
                    (select min_recovery_end_timeline from pg_catalog.pg_control_recovery()),
                    (select received_tli from pg_catalog.pg_stat_wal_receiver)) as timeline,
                (select setting::bigint from pg_catalog.pg_settings where name = 'wal_segment_size') as size
            """
        ).only
        guard let position = try row["position", as: String?.self].flatMap({ LogPosition($0) }) else {
            throw StandbyError.noStandby(address)
        }
        try await note(position)
        let names = try await connection.query(
            "select datname::text as name from pg_catalog.pg_database where datallowconn order by datname"
        ).map { try $0["name", as: String.self] }
        var databases: [String: InstantContent] = [:]
        for name in names {
            databases[name] = try await InstantContent.read(address.with(database: name), connections: jobs)
        }
        let after = try await ReplayState.read(connection)
        guard after.state == "paused", after.position == position.description else {
            throw StandbyError.wentOn(address)
        }
        return Found(
            position: position, timeline: UInt32(try row["timeline", as: Int64.self]),
            segmentSize: UInt64(try row["size", as: Int64.self]), systemIdentifier: try row["system"],
            databases: databases)
    }
}

/// A standby that cannot be held against anything.
package enum StandbyError: MaintenanceError, Hashable {
    case noStandby(DatabaseAddress)
    case doesNotPause(DatabaseAddress)
    case mayNotPause(DatabaseAddress)
    /// Somebody else let it go on, or promoted it, while it was read.
    case wentOn(DatabaseAddress)
    /// It was paused by us and could not be let go on: somebody has to do that.
    case staysPaused(DatabaseAddress, reason: String)

    package var code: String {
        switch self {
        case .noStandby: "physical.no-standby"
        case .doesNotPause: "physical.standby-not-paused"
        case .mayNotPause: "physical.standby-privileges"
        case .wentOn: "physical.standby-went-on"
        case .staysPaused: "physical.standby-stays-paused"
        }
    }

    package var problem: String {
        switch self {
        case .noStandby(let address): "'\(address)' is no standby"
        case .doesNotPause(let address): "the standby '\(address)' does not pause its replay"
        case .mayNotPause(let address):
            "this role may not pause the replay of the standby '\(address)' and let it go on"
        case .wentOn(let address): "the standby '\(address)' went on with its replay while it was read"
        case .staysPaused(let address, let reason):
            "the standby '\(address)' was paused for the proof and could not be let go on: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .staysPaused: "Connect to it and run: select pg_wal_replay_resume();"
        case .mayNotPause: "grant execute on function pg_wal_replay_pause(), pg_wal_replay_resume() to the role"
        case .noStandby, .doesNotPause, .wentOn: nil
        }
    }
}

extension StandbyReading.Found {
    /// What differs in a copy that was restored to the same place, each in one clause. Hostile text.
    ///
    /// - Parameter unread: databases of the copy whose rows could not be read here: of them nobody knows.
    func differences(from copy: [String: InstantContent], unread: Set<String> = []) -> [String] {
        Set(databases.keys).union(copy.keys).subtracting(unread).sorted().flatMap { name -> [String] in
            guard let standby = databases[name] else { return ["the standby has no database '\(name)'"] }
            guard let restored = copy[name] else { return ["the copy has no database '\(name)'"] }
            return standby.differences(of: restored, in: name)
        }
    }

    /// What this role could not read, each in one clause. Hostile text.
    var gaps: [String] { databases.sorted { $0.key < $1.key }.flatMap { $1.gaps(in: $0) } }
}

import Maintenance
import Outside
import PostgreSQL
import Settings

/// Keeps a second worker away from the target while a change is made: the target itself holds the lock, so an orphaned,
/// paused or second worker is fenced whatever it believes.
///
/// For a database it is a session advisory lock on the very connection that makes the changes; when that connection is
/// gone, so is the lock, and as long as a backend of a killed process lives, it holds it.
actor Fence {
    /// One lock a database: advisory locks are per database already (PostgreSQL manual, 13.3.5). The bytes of `mainstay`.
    static let key: Int64 = 0x6d61_696e_7374_6179

    private let target: Target
    private let sessions: Sessions
    private let clock: WallClock
    nonisolated let applicationName: String
    private let patience: Duration
    private var connections: [String: Connection] = [:]

    init(
        target: Target, sessions: Sessions, clock: WallClock, runID: String, step: Int, patience: Duration
    ) {
        self.target = target
        self.sessions = sessions
        self.clock = clock
        self.patience = patience
        applicationName = Self.applicationName(runID: runID, step: step)
    }

    /// What the server shows for the connection that makes the changes of this step; at most 63 bytes.
    static func applicationName(runID: String, step: Int) -> String { "mainstay \(runID)/\(step)" }

    func connection(_ resource: Resource) async throws -> Connection {
        if let open = connections[resource.name] {
            if await open.isOpen { return open }
            // Cut: the server gave our lock back with it. The next attempt takes it anew, or learns that it cannot.
            await drop(resource)
        }
        let address = try await sessions.address(resource)
        var settings = resource.connectionSettings(applicationName: applicationName)
        settings.statementTimeout = nil
        settings.idleInTransactionTimeout = nil
        settings.lockTimeout = .seconds(5)
        let connection = try await Connection.open(address, settings)
        do {
            try await lock(connection)
            // Poolers, lists of hosts and names with several addresses may lead elsewhere each time.
            let seen = try await InstanceFacts(sessions.survey(resource))
            guard try await InstanceFacts(SurveySession(connection)) == seen else {
                throw ProtectionError.otherServer(target)
            }
        } catch {
            await connection.close()
            throw error
        }
        connections[resource.name] = connection
        return connection
    }

    private func lock(_ connection: Connection) async throws {
        let start = clock.monotonic()
        while true {
            let taken = try await connection.query("select pg_catalog.pg_try_advisory_lock(\(Self.key)) as taken")
            if try taken.only["taken", as: Bool.self] { return }
            guard clock.monotonic() - start < patience else {
                throw EngineError.fenced(
                    target: target,
                    holder: try await holder(connection))
            }
            try await clock.sleep(for: .milliseconds(200))
        }
    }

    private func holder(_ connection: Connection) async throws -> String {
        let rows = try await connection.query(
            """
            select coalesce(a.application_name, '') || ' (process ' || l.pid || ')' as holder
            from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
                and l.classid::bigint = \(Self.key >> 32) and l.objid::bigint = \(Self.key & 0xffff_ffff)
            limit 1
            """)
        return try rows.first?["holder", as: String.self] ?? "a session that has just ended"
    }

    func drop(_ resource: Resource) async {
        if let connection = connections.removeValue(forKey: resource.name) { await connection.close() }
    }

    func closeAll() async {
        for connection in connections.values { await connection.close() }
        connections = [:]
    }
}

import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension Check {
    static let poolerState = Check(
        CheckSchema(
            name: "pgbouncer.waiting", summary: "how long a client has waited for a connection of a PgBouncer's pool",
            thresholds: .init(.seconds, warning: 1, critical: 10), timeout: .seconds(60), retries: 1),
        code: "HC078",
        title: "Waiting for a pooled connection",
        kind: .pgbouncer,
        explanation: """
            Asks PgBouncer's own console (the database 'pgbouncer') for its pools, lists and databases with psql, as a user \
            of 'stats_users'. Clients that wait mean that the pool is too small or its transactions too long; the value is \
            how long the first of them has waited. A database that somebody paused or disabled is critical: its clients \
            wait for ever. Conditions may judge the number of clients, how many wait, and how full the pools are.
            """,
        source: "https://www.pgbouncer.org/usage.html#admin-console"
    ) { context in
        guard case .pgbouncer(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a PgBouncer and is \(context.resource.kind)")
        }
        let programs = context.look.programs
        var address = try DatabaseAddress(try await access.url.resolve(with: programs).reveal())
        if let password = access.password {
            address = address.with(password: try await password.resolve(with: programs))
        }
        if address.database == nil { address = address.with(database: "pgbouncer") }
        let console = PoolerConsole(address: address, timeout: access.timeout, programs: programs)
        let pools = try await console.show("pools").filter { $0["database"] != "pgbouncer" }
        let databases = try await console.show("databases").filter { $0["name"] != "pgbouncer" }
        let lists = try await console.show("lists")
        let stopped = databases.filter { $0["paused"] == "1" || $0["disabled"] == "1" }.compactMap { $0["name"] }
        let waiting = pools.reduce(0) { $0 + $1.number("cl_waiting") }
        let longest =
            pools.map { Double($0.number("maxwait")) + Double($0.number("maxwait_us")) / 1_000_000 }.max() ?? 0
        var reading = Reading(value: longest)
        reading.state = context.limits.judge(longest)
        let clients = pools.reduce(0) { $0 + $1.number("cl_active") }
        let servers = pools.reduce(0) { $0 + $1.number("sv_active") }
        reading.summary =
            waiting == 0
            ? "nobody waits: \("client".counted(clients)) active on \("server connection".counted(servers))"
            : "\("client".counted(waiting)) waiting, the first for \(Duration.seconds(longest).short) (\(context.limits.text))"
        if !stopped.isEmpty {
            reading.state = .critical
            reading.summary = "paused or disabled: \(stopped.sorted().joined(separator: ", ").printable)"
        }
        reading.measurements = [
            ("pgbouncer.clients.waiting", waiting), ("pgbouncer.clients.active", clients),
            ("pgbouncer.servers.active", servers),
        ].map { Measurement($0, context.target, unit: .count, value: Double($1)) }
        // Of each pool against what its database may have; 0 is no limit of its own.
        let shares = databases.compactMap { database -> Double? in
            let size = database.number("pool_size")
            guard size > 0 else { return nil }
            let used = pools.filter { $0["database"] == database["name"] }.map { $0.number("sv_active") }.max() ?? 0
            return Percentage(Double(used), of: Double(size)).value
        }
        let isStopped = !stopped.isEmpty
        let said = reading.summary
        reading.judge(
            access.expected,
            by: ConditionFacts([
                "waiting": .number(Double(waiting)), "longest-wait": .number(longest),
                "clients": .number(Double(clients)), "servers": .number(Double(servers)),
                "pool-used": shares.max().map { .number($0) } ?? .missing("no pool has a size"),
                "databases": .number(Double(databases.count)),
                "used-clients": .number(Double(lists.first { $0["list"] == "used_clients" }?.number("items") ?? 0)),
            ]))
        if isStopped, reading.evidence["not met 1"] == nil { reading.summary = said }
        return reading
    }
}

/// PgBouncer's console, which speaks the simple query protocol alone: psql is its client.
struct PoolerConsole: Sendable {
    var address: DatabaseAddress
    var timeout: Duration
    var programs: Programs

    /// - Parameter words: ours.
    func show(_ words: StaticString) async throws -> [[String: String]] {
        var environment = ChildEnvironment(address.environment)
        environment.values["PGCONNECT_TIMEOUT"] = .plain(String(max(2, Int(timeout.inSeconds))))
        let program = ChildProgram(
            "psql",
            [
                "--no-psqlrc", "--no-password", "--no-align", "--field-separator=\u{1F}", "--record-separator=\u{1E}",
                "--pset=footer=off", "--command=show \(words)",
            ], environment: environment, timeLimit: timeout)
        let outcome = try await programs.run(program)
        guard outcome.isSuccess, let bytes = outcome.output.bytes else {
            throw PoolerUnreachable(
                words: outcome.errorOutput.lastLines(1).first ?? outcome.termination.description)
        }
        var records = bytes.split(separator: 0x1E).map { record in
            record.split(separator: 0x1F, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self).trimmingWhitespace()
            }
        }
        guard !records.isEmpty else { return [] }
        let names = records.removeFirst()
        return records.map { Dictionary(zip(names, $0)) { first, _ in first } }
    }
}

extension [String: String] {
    fileprivate func number(_ name: String) -> Int { self[name].flatMap { Int($0) } ?? 0 }
}

/// The console did not answer.
struct PoolerUnreachable: MaintenanceError {
    var words: String

    var code: String { "health.pgbouncer" }
    var problem: String { "PgBouncer's console does not answer: \(words.printable)" }
    var hint: String? { "The user has to stand in 'stats_users' or 'admin_users' of pgbouncer.ini." }
    var isRetryable: Bool { true }
    var exitStatus: ExitStatus { .unreachable }
}

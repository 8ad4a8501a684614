import Maintenance
import Outside
import PostgreSQL
import Settings

/// Whether a database is a protected one under another name. That is found and not configured: names, addresses and
/// files say nothing about what they lead to.
///
/// A protected database holds a random advisory lock for a moment, and the other is asked whether it sees it: only the
/// same server does (pg_locks shows what is in the server's own memory). What a standby is, its recovery state says.
actor ProtectedDatabases {
    /// What a database has to do with protected ones.
    enum Relation: Sendable, Hashable {
        case none
        /// It lives in the same server as these, and is none of them.
        case neighbour(of: [Target])
        /// Nothing may be changed in it under this name.
        case forbidden(ProtectionError)
    }

    /// How long the identity a protected database once had counts where it cannot be asked.
    static let memory: Duration = .seconds(30 * 86_400)
    /// How long it counts within one process, where it could be asked.
    private static let freshness: Duration = .seconds(600)

    private let inventory: Inventory
    private let programs: Programs
    private let log: RunLog
    private var known: [Target: (identifier: String, at: Duration)] = [:]

    init(inventory: Inventory, programs: Programs, log: RunLog) {
        self.inventory = inventory
        self.programs = programs
        self.log = log
    }

    /// - Throws: where the database itself cannot be asked, or the store not be read.
    func relation(of target: Target, _ session: SurveySession) async throws -> Relation {
        let protected = inventory.environments.filter(\.isProtected).flatMap { environment in
            environment.resources.filter { $0.kind == .postgresql }.map { resource in
                (target: Target(environment: environment.name, resource: resource.name), resource: resource)
            }
        }
        guard !protected.isEmpty else { return .none }
        let own = try await InstanceFacts(session)
        var neighbours: [Target] = []
        for (name, resource) in protected {
            if isKnownToDiffer(name, from: own) { continue }
            let connection: Connection
            do {
                connection = try await open(resource)
            } catch {
                if Task.isCancelled { throw CancellationError() }
                if try await differedBefore(name, resource, from: own) { continue }
                return .forbidden(.cannotAsk(target, protected: name, reason: ErrorReport(error).problem))
            }
            let relation: Relation
            do {
                relation = try await compare(own, session, target, with: connection, name, resource)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
            switch relation {
            case .none: break
            case .neighbour(let names): neighbours += names
            case .forbidden: return relation
            }
        }
        return neighbours.isEmpty ? .none : .neighbour(of: neighbours)
    }

    private func compare(
        _ own: InstanceFacts, _ session: SurveySession, _ target: Target, with connection: Connection, _ name: Target,
        _ resource: Resource
    ) async throws -> Relation {
        let other = try await InstanceFacts(SurveySession(connection))
        if let identifier = other.systemIdentifier {
            known[name] = (identifier, log.clock.monotonic())
            try await log.keepIdentity(identifier, of: name, access: Self.digest(resource))
            if let mine = own.systemIdentifier, mine != identifier { return .none }
        }
        if try await sees(session, aLockOn: connection) {
            return other.databaseOID == own.databaseOID
                ? .forbidden(.isProtected(target, protected: name)) : .neighbour(of: [name])
        }
        // Another server; it may still be one whose changes reach the protected one, or come from it.
        guard own.isInRecovery || other.isInRecovery else { return .none }
        guard own.systemIdentifier != nil, other.systemIdentifier != nil else {
            return .forbidden(
                .cannotAsk(target, protected: name, reason: "the role may not ask for the system identifier"))
        }
        if own.isInRecovery { return .forbidden(.isStandby(target, protected: name)) }
        // A copy that was promoted is on a timeline of its own, and no standby follows it without being on it too.
        guard own.timeline == other.timeline else { return .none }
        return try await isAhead(connection, of: session) ? .none : .forbidden(.isUpstream(target, protected: name))
    }

    private func sees(_ session: SurveySession, aLockOn connection: Connection) async throws -> Bool {
        let key = Int64.random(in: .min ... .max)
        // For one transaction, so that a pooler in between can neither lose it nor keep it.
        return try await connection.transaction(.readOnly) {
            let taken = try await connection.query("select pg_catalog.pg_try_advisory_xact_lock(\(key)) as taken")
            guard try taken.only["taken", as: Bool.self] else { return false }
            let rows = try await session.query(
                """
                select 1 as seen from pg_catalog.pg_locks
                where locktype = 'advisory' and objsubid = 1 and granted
                    and classid::bigint = \((key >> 32) & 0xffff_ffff) and objid::bigint = \(key & 0xffff_ffff)
                """)
            return !rows.isEmpty
        }
    }

    /// Whether a standby has replayed what the other has not written yet: then it follows somebody else.
    private func isAhead(_ standby: Connection, of session: SurveySession) async throws -> Bool {
        let replayed: String? = try await SurveySession(standby).query(
            "select pg_catalog.pg_last_wal_replay_lsn()::text as lsn"
        ).only["lsn"]
        guard let replayed else { return false }
        return try await session.query(
            "select \(replayed)::pg_catalog.pg_lsn > pg_catalog.pg_current_wal_insert_lsn() as ahead"
        ).only["ahead"]
    }

    private func open(_ resource: Resource) async throws -> Connection {
        guard case .postgresql(let access) = resource.access else {
            preconditionFailure("only databases are asked")
        }
        return try await Connection.open(
            try await access.address(with: programs), resource.connectionSettings(applicationName: "mainstay identity"))
    }

    private func isKnownToDiffer(_ name: Target, from own: InstanceFacts) -> Bool {
        guard let identifier = own.systemIdentifier, let (other, at) = known[name],
            log.clock.monotonic() - at < Self.freshness
        else { return false }
        return identifier != other
    }

    private func differedBefore(_ name: Target, _ resource: Resource, from own: InstanceFacts) async throws -> Bool {
        guard let identifier = own.systemIdentifier,
            let (other, seenAt) = try await log.identity(of: name, access: Self.digest(resource)),
            log.clock.now() - seenAt < Self.memory
        else { return false }
        return identifier != other
    }

    /// What is remembered counts only as long as the configuration leads to the same place.
    private static func digest(_ resource: Resource) -> String {
        var digest = CanonicalDigest()
        digest.add("\(resource.access)")
        return digest.hexadecimal
    }
}

import Engine
import Maintenance
import PostgreSQL
import Settings

/// What the standbys of a database use: they count for themselves, and an index that the primary never reads may be what
/// all reports there live by.
struct Standbys: Sendable {
    /// Names of the resources that were asked.
    var asked: [String] = []
    /// Why not all could be; nil where all were.
    var obstacle: String?
    /// Oids of the indexes that one of them has used, with its name. Files are the same, and so are oids.
    var used: [Int64: String] = [:]

    /// - Parameter cycle: for how long each has to have counted.
    static func ask(_ look: Look, _ session: SurveySession, cycle: Duration) async throws -> Standbys {
        var standbys = Standbys()
        let own = try await ServerFacts(session)
        var followers = try await Self.followers(session)
        var instances: Set<String> = []
        let others = (look.environment?.resources ?? []).filter {
            $0.kind == .postgresql && $0.name != look.target.resource
        }
        for other in others {
            let there: SurveySession
            let facts: ServerFacts
            do {
                there = try await look.database(other)
                facts = try await ServerFacts(there)
            } catch {
                guard ErrorReport(error).exitStatus != .interrupted else { throw error }
                standbys.obstacle = unasked(other, ErrorReport(error).problem)
                continue
            }
            guard facts.isInRecovery else { continue }
            guard let identifier = facts.systemIdentifier, let ours = own.systemIdentifier else {
                standbys.obstacle = unasked(other, "the role may not call pg_control_system()")
                continue
            }
            guard identifier == ours, facts.databaseOID == own.databaseOID else { continue }
            // Two names of one server are one standby.
            guard instances.insert(try await Self.instance(there, facts)).inserted else { continue }
            standbys.asked.append(other.name)
            followers += try await Self.followers(there)
            let counted = try await there.query(
                """
                select extract(epoch from now() - greatest(
                    (select stats_reset from pg_catalog.pg_stat_database where datname = current_database()),
                    (select stats_reset from pg_catalog.pg_stat_bgwriter)))::float8 as seconds
                """
            ).only["seconds", as: Double?.self]
            if let counted, .seconds(counted) < cycle {
                standbys.obstacle =
                    "the standby '\(other.name.printable)' has counted for \(Duration.seconds(counted).short) only"
            }
            for row in try await there.query(
                "select indexrelid::bigint as oid from pg_catalog.pg_stat_user_indexes where idx_scan > 0")
            {
                standbys.used[try row["oid"]] = other.name
            }
        }
        if standbys.asked.count < followers {
            standbys.obstacle =
                "\(followers) standbys follow this server and \(standbys.asked.count) of them could be asked; "
                + "name them in the inventory"
        }
        return standbys
    }

    private static func unasked(_ resource: Resource, _ reason: String) -> String {
        "'\(resource.name.printable)' could not be asked whether it is a standby of this server: \(reason)"
    }

    /// How many servers follow this one, or will again: every physical slot, and every sender of WAL without one,
    /// whatever it does at this moment. A receiver of WAL or a base backup reads no index.
    private static func followers(_ session: SurveySession) async throws -> Int {
        try await session.query(
            """
            select (select count(*) from pg_catalog.pg_replication_slots s
                    left join pg_catalog.pg_stat_replication r on r.pid = s.active_pid
                    where s.slot_type = 'physical' and r.application_name is distinct from 'pg_receivewal')
                + (select count(*) from pg_catalog.pg_stat_replication r
                    where r.state is distinct from 'backup'
                        and not exists (select from pg_catalog.pg_replication_slots s where s.active_pid = r.pid)
                        and coalesce(r.application_name, '') not in ('pg_receivewal', 'pg_basebackup')) as n
            """
        ).only["n"]
    }

    /// The moment it started and its port: what is the same by whatever way one comes to it.
    private static func instance(_ session: SurveySession, _ facts: ServerFacts) async throws -> String {
        let port = try await session.query("select pg_catalog.current_setting('port') as port").only[
            "port", as: String.self]
        return "\(facts.startedAt.microseconds) \(port)"
    }
}

import Maintenance
import PostgreSQL

/// What of a server decides how it is asked.
struct LintPlace: Sendable {
    /// 150018 for 15.18.
    var serverVersion: Int
    var isInRecovery: Bool
    /// The schema pg_stat_statements lies in; nil where the database does not have it, or one older than version 1.9.
    var statements: String?
    /// What the role cannot see.
    var blind: [Lint.Sight: LintBlindness]

    static func read(_ session: SurveySession) async throws -> LintPlace {
        let row = try await session.query(
            """
            select pg_is_in_recovery() as in_recovery, pg_has_role('pg_read_all_stats', 'usage') as monitors,
                current_user::text as role,
                (select n.nspname::text from pg_extension x join pg_namespace n on n.oid = x.extnamespace
                    where x.extname = 'pg_stat_statements' and exists (
                        select from pg_class v where v.relnamespace = n.oid and v.relname = 'pg_stat_statements_info'))
                    as statements,
                (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
                        and case c.relkind
                            when 'S' then not has_sequence_privilege(c.oid, 'USAGE, SELECT')
                            else c.relkind in ('r', 'p', 'm') and not has_table_privilege(c.oid, 'SELECT') end) as hidden
            """
        ).only
        let role: String = try row["role"]
        var blind: [Lint.Sight: LintBlindness] = [:]
        let hidden: Int = try row["hidden"]
        if hidden > 0 { blind[.samples] = .samples(role: role, hidden: hidden) }
        if try !row["monitors", as: Bool.self] { blind[.monitor] = .monitor(role: role) }
        return LintPlace(
            serverVersion: await session.serverVersion, isInRecovery: try row["in_recovery"],
            statements: try row["statements"], blind: blind)
    }
}

/// Why lints of one sight could not look.
enum LintBlindness: MaintenanceError {
    case samples(role: String, hidden: Int)
    case monitor(role: String)

    var code: String { "db.role-cannot-see" }

    var problem: String {
        switch self {
        case .samples(let role, let hidden):
            "role '\(role.printable)' may not read \(hidden.grouped) of the tables and sequences, nor what is known of them"
        case .monitor(let role): "role '\(role.printable)' sees its own sessions and statements alone"
        }
    }

    var hint: String? {
        switch self {
        case .samples(let role, _): "Let it look: grant pg_read_all_data to \(role.quotedIdentifier);"
        case .monitor(let role): "Let it look: grant pg_monitor to \(role.quotedIdentifier);"
        }
    }
}

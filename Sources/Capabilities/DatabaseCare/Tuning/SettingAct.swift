import Engine
import Maintenance
import Outside
import PostgreSQL

/// A setting as the server has it, with where its value comes from.
struct ServerSetting: Sendable, Hashable {
    var name: String
    /// What new sessions get, in `unit`s.
    var value: String
    var unit: String?
    /// `pg_settings.source`: `configuration file`, `command line`, `database`, ….
    var source: String
    /// Whether ALTER SYSTEM has set it; nil where the role may not know.
    var isAltered: Bool?
    var isPending: Bool
    var mayAlter: Bool

    static func read(_ names: [String], _ session: SurveySession) async throws -> [String: ServerSetting] {
        let version = await session.serverVersion
        let mayAlter: SQL =
            version >= 150_000
            ? "pg_catalog.has_parameter_privilege(s.name, 'ALTER SYSTEM')"
            : "(select rolsuper from pg_catalog.pg_roles where rolname = current_user)"
        let rows = try await session.query(
            SurveySQL(
                """
                select s.name, coalesce(s.reset_val, '') as value, s.unit, s.source,
                    case when s.sourcefile is not null then s.sourcefile ~ 'postgresql[.]auto[.]conf$' end as altered,
                    s.pending_restart as pending, \(mayAlter)
                        and pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'execute') as may_alter
                from pg_catalog.pg_settings s where s.name = any (\(names)::text[])
                """))
        var settings: [String: ServerSetting] = [:]
        for row in rows {
            let name: String = try row["name"]
            settings[name] = ServerSetting(
                name: name, value: try row["value"], unit: try row["unit"], source: try row["source"],
                isAltered: try row["altered"], isPending: try row["pending"], mayAlter: try row["may_alter"])
        }
        return settings
    }

    /// `128 MB`, `300 s`, `off`.
    var text: String {
        let setting = ServerState.Setting(value: value, standard: "", unit: unit, needsRestart: false)
        guard let amount = setting.amount, let unit else { return value }
        return unit.hasSuffix("B") ? ByteCount(Int64(amount)).description : Duration.seconds(amount).short
    }
}

/// `ALTER SYSTEM SET`, a reload, and what undoes it.
enum SettingAct {
    static let kind = "setting"

    static func change(_ proposal: SettingProposal, _ setting: ServerSetting) -> Change {
        let name = proposal.name.quotedIdentifier
        let reset = "alter system reset \(name)"
        let former = "alter system set \(name) = \(setting.value.quotedLiteral)"
        return Change(
            kind: kind, object: proposal.name,
            action: .sql(["alter system set \(name) = \(proposal.value.quotedLiteral)", "select pg_reload_conf()"]),
            effect: .maintains, scope: .cluster,
            // Where a file of the team's own has it, that one counts again.
            reversal: "\(setting.isAltered == true ? former : reset); select pg_reload_conf()"
                + (proposal.needsRestart
                    ? "; -- or, where the server does not start: take the line '\(proposal.name) = …' out of "
                        + "postgresql.auto.conf in its data directory" : ""),
            identity: [
                "setting": .text(proposal.name), "value": .text(setting.value), "wanted": .text(proposal.value),
                "source": .text(setting.source), "waits for a restart": .boolean(setting.isPending),
            ],
            reason: "\(setting.text) now; \(proposal.why)",
            estimate: Change.Estimate(
                seconds: 1, source: proposal.needsRestart ? "it counts from the next restart on" : "a reload"))
    }

    private static func setting(_ change: Change, _ session: SurveySession) async throws -> ServerSetting {
        guard let setting = try await ServerSetting.read([change.object], session)[change.object] else {
            throw CareError.objectIsGone("the setting \(change.object)")
        }
        return setting
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        let setting = try await setting(change, session)
        var identity = change.identity
        identity["value"] = .text(setting.value)
        identity["source"] = .text(setting.source)
        identity["waits for a restart"] = .boolean(setting.isPending)
        // Our own line may be there from an attempt before this one.
        if let other = try await obstructions(session).first(where: { $0.name != change.object }) {
            identity["in the way"] = .text(other.text)
        }
        return Inspection(
            identity: identity,
            witness: ["value": .text(setting.value), "pending restart": .boolean(setting.isPending)])
    }

    static func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("an ALTER SYSTEM is SQL") }
        let connection = try await act.connection()
        for statement in statements { try await connection.executeScript(trusted: statement) }
        // The postmaster tells its children when it comes to it; a session hears of it between two statements.
        let session = try await act.look.database()
        for _ in 0..<100 {
            if case .done = try await prove(change, before: [:], session) { return }
            try await act.look.clock.sleep(for: .milliseconds(50))
        }
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        let setting = try await setting(change, session)
        guard case .text(let wanted)? = change.identity["wanted"] else {
            preconditionFailure("a change of a setting does not say to what")
        }
        let own = ServerState.Setting(
            value: setting.value, standard: "", unit: setting.unit, needsRestart: setting.isPending)
        var evidence: Facts = [
            "value": .text(setting.value), "unit": setting.unit.map(Scalar.text) ?? .null,
            "value before": witness["value"] ?? .null, "pending restart": .boolean(setting.isPending),
        ]
        if own.isEqual(to: wanted) { return .done(evidence) }
        // It is in the file, and the server says that it waits for its restart.
        if setting.isPending, try await isWritten(change.object, wanted, setting, session) {
            evidence["counts from"] = "the next restart"
            return .done(evidence)
        }
        return .notDone("\(change.object) is \(setting.text) still")
    }

    /// What of the configuration files would do more, or less, than was planned when the server reads them.
    struct Obstruction: Sendable {
        var name: String?
        /// Whether the server cannot take the line; else it has not read it yet.
        var isError: Bool
        var text: String
    }

    /// Lines with errors, at which a reload may stop, and lines that it would put into force although nobody has asked for
    /// that yet; what waits for a restart is neither. Empty where the role may not look.
    static func obstructions(_ session: SurveySession) async throws -> [Obstruction] {
        guard try await mayReadFiles(session) else { return [] }
        return try await session.query(
            """
            select f.name, coalesce(f.sourcefile, '') as file, f.error, coalesce(f.setting, '') as text,
                coalesce(s.reset_val, '') as value, s.unit, coalesce(s.vartype, '') as type
            from pg_catalog.pg_file_settings f left join pg_catalog.pg_settings s on s.name = f.name
            where s.context is distinct from 'postmaster' and s.context is distinct from 'internal'
                and (f.error is not null or f.applied and s.source in ('configuration file', 'default')
                    and f.seqno = (select max(g.seqno) from pg_catalog.pg_file_settings g where g.name = f.name))
            order by f.seqno
            """
        ).compactMap { row in
            let name: String? = try row["name"]
            let file: String = try row["file"]
            if let error = try row["error", as: String?.self] {
                return Obstruction(name: name, isError: true, text: "\(file) has an error: \(error)")
            }
            guard let name else { return nil }
            let value = ServerState.Setting(
                value: try row["value"], standard: "", unit: try row["unit"], needsRestart: false)
            guard !isSame(value, try row["text"], type: try row["type"]) else { return nil }
            return Obstruction(
                name: name, isError: false,
                text: "\(name.printable) was changed in \(file), which nobody has loaded yet")
        }
    }

    private static func isSame(_ value: ServerState.Setting, _ text: String, type: String) -> Bool {
        switch type {
        case "bool":
            let isOn = ["on", "true", "yes", "1", "t", "y", "tr", "tru", "ye"].contains(text.lowercased())
            return isOn == (value.value == "on")
        case "integer", "real": return value.isEqual(to: text.filter { !$0.isWhitespace })
        default: return value.value.lowercased() == text.lowercased()
        }
    }

    private static func mayReadFiles(_ session: SurveySession) async throws -> Bool {
        try await session.query(
            """
            select pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
                and pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') as may
            """
        ).only["may"]
    }

    /// Whether the last line of the files that sets it sets it so; what the server says counts where the role may not look.
    private static func isWritten(
        _ name: String, _ wanted: String, _ setting: ServerSetting, _ session: SurveySession
    ) async throws -> Bool {
        guard try await mayReadFiles(session) else { return true }
        let last = try await session.query(
            "select setting from pg_catalog.pg_file_settings where name = \(name) order by seqno desc limit 1"
        ).first?["setting", as: String?.self]
        guard let last else { return false }
        return last == wanted
            || ServerState.Setting(value: last, standard: "", unit: setting.unit, needsRestart: true).isEqual(
                to: wanted)
    }
}

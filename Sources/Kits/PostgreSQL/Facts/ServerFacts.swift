import Maintenance

/// What a server, the database we are in and the role we have there are.
package struct ServerFacts: Hashable, Sendable {
    package var version: PostgreSQLVersion
    /// The whole text of `version()`.
    package var versionText: String
    /// Equal for a primary and its standbys, and for nothing else (`pg_controldata`); nil where the role may not ask.
    package var systemIdentifier: String?
    package var isInRecovery: Bool
    package var hasDataChecksums: Bool
    package var startedAt: Timestamp
    package var database: String
    package var databaseOID: UInt32
    package var encoding: String
    package var collation: String
    package var role: RoleFacts

    /// - Throws: `PostgreSQLError`.
    package init(_ session: SurveySession) async throws {
        let row = try await session.query(
            """
            select version() as version_text, current_setting('server_version_num')::int as version_number,
                pg_is_in_recovery() as in_recovery, current_setting('data_checksums') = 'on' as checksums,
                pg_postmaster_start_time() as started_at, d.datname::text as database, d.oid as database_oid,
                pg_encoding_to_char(d.encoding)::text as encoding, d.datcollate::text as collation,
                has_function_privilege('pg_control_system()', 'execute') as can_identify
            from pg_catalog.pg_database d
            where d.datname = current_database()
            """
        ).only
        version = PostgreSQLVersion(number: try row["version_number"])
        versionText = try row["version_text"]
        isInRecovery = try row["in_recovery"]
        hasDataChecksums = try row["checksums"]
        startedAt = try row["started_at"]
        database = try row["database"]
        databaseOID = try row["database_oid"]
        encoding = try row["encoding"]
        collation = try row["collation"]
        role = try await RoleFacts(session)
        if try row["can_identify", as: Bool.self] {
            let identity: SurveySQL = "select system_identifier::text as id from pg_catalog.pg_control_system()"
            systemIdentifier = try await session.query(identity).only["id"]
        }
    }
}

/// What the role of a session may do.
package struct RoleFacts: Hashable, Sendable {
    package var name: String
    package var isSuperuser: Bool
    /// Sees every row, whatever row security says.
    package var bypassesRowSecurity: Bool
    package var canCreateDatabases: Bool
    /// Sees every session and statistic (`pg_monitor`).
    package var canMonitor: Bool
    /// Reads every table (`pg_read_all_data`).
    package var readsAllData: Bool
    /// May cancel and terminate other roles' sessions (`pg_signal_backend`).
    package var canSignalBackends: Bool

    package init(_ session: SurveySession) async throws {
        let row = try await session.query(
            """
            select rolname::text as name, rolsuper, rolsuper or rolbypassrls as bypasses, rolsuper or rolcreatedb as creates,
                pg_has_role(oid, 'pg_monitor', 'usage') as monitors,
                pg_has_role(oid, 'pg_read_all_data', 'usage') as reads,
                pg_has_role(oid, 'pg_signal_backend', 'usage') as signals
            from pg_catalog.pg_roles
            where rolname = current_user
            """
        ).only
        name = try row["name"]
        isSuperuser = try row["rolsuper"]
        bypassesRowSecurity = try row["bypasses"]
        canCreateDatabases = try row["creates"]
        canMonitor = try row["monitors"]
        readsAllData = try row["reads"]
        canSignalBackends = try row["signals"]
    }
}

/// One setting of a server, as this session sees it.
package struct ServerSetting: Hashable, Sendable {
    package var name: String
    /// With its unit, as SHOW prints it: `4MB`.
    package var value: String
    /// Where it was set: `default`, `configuration file`, `database`, … (`pg_settings.source`).
    package var source: String
    package var needsRestart: Bool

    /// Those of `names` that the server has, or all of them.
    ///
    /// - Throws: `PostgreSQLError`.
    package static func read(_ names: [String]? = nil, _ session: SurveySession) async throws -> [String: ServerSetting]
    {
        let rows = try await session.query(
            """
            select name, coalesce(current_setting(name, true), '') as value, source, pending_restart
            from pg_catalog.pg_settings
            where \(names)::text[] is null or name = any(\(names)::text[])
            """)
        var settings: [String: ServerSetting] = [:]
        for row in rows {
            let setting = ServerSetting(
                name: try row["name"], value: try row["value"], source: try row["source"],
                needsRestart: try row["pending_restart"])
            settings[setting.name] = setting
        }
        return settings
    }
}

import Maintenance
import Outside
import PostgreSQL

/// The roles of the cluster as SQL, without passwords: by pg_dumpall, or where that is not allowed from the catalog.
enum RolesFile {
    struct Written: Sendable {
        var roles: BackupManifest.Roles
        var file: BackupManifest.File
        var script: [UInt8]
    }

    static func write(
        _ run: DumpProgram, _ server: PostgreSQLVersion, beside sister: ClientProgram, database: String,
        into partial: PartialBackup
    ) async throws -> Written {
        let dumper = try await ClientProgram.find(
            "pg_dumpall", fitting: server, in: [sister.directory], with: run.programs)
        let before = try await SurveySession.with(run.address) { try await RoleStatements.read($0) }
        let outcome = try await run.programs.run(
            run.roles(dumper, database: database), keeping: ByteCount(64 * 1_048_576))
        let catalog = try await SurveySession.with(run.address) { try await RoleStatements.read($0) }
        var origin = BackupManifest.Roles.Origin.program
        var text = outcome.output.text
        if !outcome.isSuccess || outcome.output.cut > 0 {
            origin = .catalog
            text = catalog.text
        }
        let bytes = Array(text.utf8)
        let file = try await Blocking().run { _ in try partial.store(BackupLayout.roles, bytes) }
        // pg_dumpall has snapshots of its own: only a role that was there before and after it, and was not dropped and
        // made anew in between, is surely in the file.
        let kept = Set(before.roles)
        let names = catalog.roles.filter { kept.contains($0) }.map(\.name)
        return Written(
            roles: .init(origin: origin, names: names, file: BackupLayout.roles), file: file, script: bytes)
    }
}

/// Roles as any role may see them (`pg_roles`).
struct RoleStatements: Sendable {
    struct Role: Hashable, Sendable {
        var name: String
        var oid: Int64
    }

    var roles: [Role] = []
    var text = "-- Roles as the catalog has them; passwords are not here.\n"

    static func read(_ session: SurveySession) async throws -> RoleStatements {
        var statements = RoleStatements()
        let found = try await session.query(
            """
            select oid, rolname::text as name, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
                rolbypassrls, rolconnlimit, rolvaliduntil::text as until
            from pg_catalog.pg_roles where rolname !~ '^pg_' order by rolname collate "C"
            """)
        for row in found {
            let name: String = try row["name"]
            statements.roles.append(Role(name: name, oid: try row["oid"]))
            var words = ["superuser", "inherit", "createrole", "createdb", "login", "replication", "bypassrls"]
            let columns = [
                "rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication",
                "rolbypassrls",
            ]
            for (index, column) in columns.enumerated() where try !row[column, as: Bool.self] {
                words[index] = "no" + words[index]
            }
            let limit: Int = try row["rolconnlimit"]
            if limit >= 0 { words.append("connection limit \(limit)") }
            if let until: String = try row["until"] { words.append("valid until \(until.quotedLiteral)") }
            statements.text += "create role \(name.quotedIdentifier) with \(words.joined(separator: " "));\n"
        }
        let members = try await session.query(
            """
            select r.rolname::text as role, m.rolname::text as member, a.admin_option
            from pg_catalog.pg_auth_members a
                join pg_catalog.pg_roles r on r.oid = a.roleid join pg_catalog.pg_roles m on m.oid = a.member
            where m.rolname !~ '^pg_'
            order by 1, 2
            """)
        for row in members {
            let role: String = try row["role"]
            let member: String = try row["member"]
            let admin = try row["admin_option", as: Bool.self] ? " with admin option" : ""
            statements.text += "grant \(role.quotedIdentifier) to \(member.quotedIdentifier)\(admin);\n"
        }
        return statements
    }
}

import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// Restores into servers that others use: of every version, with something of everything.
@Suite("restoring into a server", .temporaryDirectory, .timeLimit(.minutes(5)))
struct LiveRestoreTests {
    private static let runID = "20261121-000000-ccccc"

    private func restore(_ manifest: BackupManifest, from shelf: Shelf, roles: [String]) throws -> LiveRestore {
        let server = shelf.database.cluster
        var restore = LiveRestore(
            shelf.folder, key: key, backup: try shelf.folder.believed(manifest.id, key: key), roles: roles,
            address: shelf.database.address, applicationName: "mainstay \(Self.runID)/1",
            name: "mainstay_restore_\(UInt32.random(in: 0 ... .max))",
            directory: TemporaryDirectory.current + "/work",
            receipts: RestoreReceipts(TemporaryDirectory.current + "/receipts"), runID: Self.runID, step: 1,
            programs: shelf.ownPrograms)
        restore.directories = [server.server.directory]
        return restore
    }

    private func requirements(_ manifest: BackupManifest, _ shelf: Shelf) async throws -> LiveRequirements.Answer {
        let backup = try shelf.folder.believed(manifest.id, key: key)
        return try await SurveySession.with(shelf.database.address) {
            try await LiveRequirements(backup, at: shelf.folder.path(of: manifest.id)).look($0)
        }
    }

    private func names(like name: String, _ database: TestDatabase) async throws -> [String] {
        try await Connection.with(database.cluster.address()) { connection in
            try await connection.query("select datname::text as name from pg_database where datname = \(name)")
                .map { try $0["name"] }
        }
    }

    private func drop(_ name: String, _ database: TestDatabase) async throws {
        try await Connection.with(database.cluster.address()) {
            try await $0.execute("drop database if exists \(identifier: name) with (force)")
        }
    }

    @Test("a database with something of everything comes back beside the live one", arguments: TestServer.allCases)
    func everything(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await RichSchema.make(in: database)
            try await database.run(EveryType.script)
            try await database.connect { connection in
                let name = database.name
                try await connection.execute(
                    "comment on database \(identifier: name) is \(literal: "it's; drop\n\\connect postgres")")
                try await connection.execute(
                    "alter database \(identifier: name) set default_transaction_read_only = on")
                try await connection.execute("alter database \(identifier: name) connection limit 7")
                try await connection.execute("grant create on database \(identifier: name) to rich_reader")
                try await connection.execute("revoke connect on database \(identifier: name) from public")
            }
            let shelf = Shelf(database: database)
            let manifest = try await shelf.take()
            let answer = try await requirements(manifest, shelf)
            #expect(answer.problems == [])
            #expect(Set(answer.roles).isSuperset(of: RichSchema.roles))
            let restore = try restore(manifest, from: shelf, roles: answer.roles)
            let receipt = try await restore.run()
            #expect(receipt.database == restore.name)
            #expect(receipt.certificate.verdict == .proved)
            let kept = try restore.receipts.receipt(runID: Self.runID, step: 1, key: key)
            #expect(kept == receipt)
            let other = try #require(BackupKey([UInt8](repeating: 8, count: 32)))
            #expect(try restore.receipts.receipt(runID: Self.runID, step: 1, key: other) == nil)
            let row = try await Connection.with(database.cluster.address()) { connection in
                try await connection.query(
                    """
                    select oid, datconnlimit as limit, shobj_description(oid, 'pg_database') as comment
                    from pg_database where datname = \(restore.name)
                    """
                ).only
            }
            #expect(try row["oid", as: UInt32.self] == receipt.databaseOID)
            #expect(try row["limit", as: Int.self] == 7)
            #expect(try row["comment", as: String.self] == "it's; drop\n\\connect postgres")
            #expect(!FileManager.default.fileExists(atPath: restore.directory))
            try await drop(restore.name, database)
        }
    }

    @Test("what was altered between restore and comparison is found, and the database is gone", .cluster)
    func differs() async throws {
        let database = TestDatabase.current
        try await database.run("create table orders as select n from generate_series(1, 1000) n")
        let shelf = Shelf(database: database)
        let manifest = try await shelf.take()
        var restore = try restore(manifest, from: shelf, roles: [])
        restore.restored = { address in
            try await Connection.with(address, .unlimited()) {
                _ = try await $0.execute("update orders set n = 0 where n = 500")
            }
        }
        let running = restore
        let error = await #expect(throws: LiveRestoreError.self) { try await running.run() }
        #expect(error?.problem.contains("orders") == true, "\(error?.problem ?? "")")
        #expect(try await names(like: restore.name, database) == [])
        #expect(try restore.receipts.receipt(runID: Self.runID, step: 1, key: key) == nil)
    }

    @Test("a file that was changed is found before anything is touched", .cluster)
    func damaged() async throws {
        let database = TestDatabase.current
        try await database.run("create table orders as select n from generate_series(1, 1000) n")
        let shelf = Shelf(database: database)
        let manifest = try await shelf.take()
        let file = try #require(manifest.tables.first?.file)
        let path = "\(shelf.path(manifest))/\(file)"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let restore = try restore(manifest, from: shelf, roles: [])
        let error = await #expect(throws: LiveRestoreError.self) { try await restore.run() }
        guard case .damaged = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.problem.contains(file) == true)
        #expect(try await names(like: restore.name, database) == [])
    }

    @Test("a role that is missing is named with the statement that makes it", .cluster)
    func missingRole() async throws {
        let database = TestDatabase.current
        let role = "lost \"\(UInt32.random(in: 0 ... .max))"
        try await database.connect { connection in
            try await connection.execute("create role \(identifier: role)")
            try await connection.execute("create table orders (n int)")
            try await connection.execute("grant select on orders to \(identifier: role)")
        }
        let shelf = Shelf(database: database)
        let manifest = try await shelf.take()
        try await database.connect { connection in
            try await connection.execute("drop owned by \(identifier: role)")
            try await connection.execute("drop role \(identifier: role)")
        }
        let answer = try await requirements(manifest, shelf)
        #expect(answer.problems == [.missingRoles([role])])
        #expect(answer.problems.first?.hint?.contains("create role \(role.quotedIdentifier);") == true)
    }
}

@Suite("the dump's statements about the database")
struct ArchiveScriptTests {
    @Test("only the name behind DATABASE is replaced, and only what is about the database is kept")
    func renames() {
        let text = #"""
            \restrict abc
            -- Dumped from database; "shop"
            SET statement_timeout = 0;
            SELECT pg_catalog.set_config('search_path', '', false);
            CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';
            ALTER DATABASE shop OWNER TO shop;
            \connect shop
            COMMENT ON DATABASE shop IS 'the DATABASE shop;
            \connect x';
            COMMENT ON DATABASE shop IS E'a \' DATABASE shop \\';
            ALTER DATABASE shop SET "my.setting" TO 'DATABASE shop';
            ALTER ROLE shop IN DATABASE shop SET work_mem TO '1MB';
            SET SESSION AUTHORIZATION bob;
            GRANT CONNECT ON DATABASE shop TO database;
            RESET SESSION AUTHORIZATION;
            \unrestrict abc
            """#
        let script = ArchiveScript(text, of: "shop", as: "new \"one\"")
        #expect(
            script.creation
                == #"CREATE DATABASE "new ""one""" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'"#)
        #expect(
            script.properties == [
                #"ALTER DATABASE "new ""one""" OWNER TO shop"#,
                "COMMENT ON DATABASE \"new \"\"one\"\"\" IS 'the DATABASE shop;\n\\connect x'",
                #"COMMENT ON DATABASE "new ""one""" IS E'a \' DATABASE shop \\'"#,
                #"ALTER DATABASE "new ""one""" SET "my.setting" TO 'DATABASE shop'"#,
                #"ALTER ROLE shop IN DATABASE "new ""one""" SET work_mem TO '1MB'"#,
                "SET SESSION AUTHORIZATION bob",
                #"GRANT CONNECT ON DATABASE "new ""one""" TO database"#,
                "RESET SESSION AUTHORIZATION",
            ])
    }

    @Test("a database in quotes, or called like a keyword, is known", arguments: ["Sh\"op; --", "database", "é shop"])
    func quotes(name: String) {
        let quoted = name == "database" ? name : "\"\(name.replacingOccurrences(of: "\"", with: "\"\""))\""
        let script = ArchiveScript("ALTER DATABASE \(quoted) CONNECTION LIMIT = 3;\n", of: name, as: "x")
        #expect(script.properties == ["ALTER DATABASE \"x\" CONNECTION LIMIT = 3"])
        #expect(ArchiveScript("ALTER DATABASE other SET a TO b;", of: name, as: "x").properties == [])
    }
}

@Suite("how far a restore is")
struct RestoreProgressTests {
    @Test("what is left follows from what was done")
    func left() {
        let line = RestoreProgress.line(given: ByteCount(250), of: ByteCount(1_000), after: .seconds(10))
        #expect(line.contains("25 %") && line.contains("30 s left"), "\(line)")
        #expect(RestoreProgress.line(given: ByteCount(5), of: ByteCount(5), after: .seconds(1)).contains("indexes"))
        #expect(RestoreProgress.line(given: ByteCount(0), of: ByteCount(5), after: .seconds(1)).contains("waiting"))
    }
}

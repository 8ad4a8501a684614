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

    @Test(
        "any tables, and any schema, come back alone with all that is theirs, equal to what was dumped",
        arguments: TestServer.allCases)
    func parts(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await RichSchema.make(in: database)
            let shelf = Shelf(database: database)
            let manifest = try await shelf.take()
            let path = shelf.folder.path(of: manifest.id)
            let answer = try await requirements(manifest, shelf)
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededGenerator(seed: seed)
            var choices: [(tables: [String], schemas: [String])] = Set(manifest.tables.map(\.name.schema)).sorted().map
            {
                ([], [$0])
            }
            for _ in 0..<8 {
                let some = manifest.tables.map(\.name).shuffled(using: &random).prefix(
                    Int.random(in: 1...3, using: &random))
                choices.append((some.map { "\($0.schema).\($0.name)" }, []))
            }
            for choice in choices {
                var restore = try restore(manifest, from: shelf, roles: answer.roles)
                restore.selection = try RestoreSelection(tables: choice.tables, schemas: choice.schemas, of: manifest) {
                    try manifest.listing(at: path)
                }
                do {
                    let receipt = try await restore.run()
                    #expect(receipt.certificate.verdict == .proved)
                    #expect(receipt.certificate.notes.first?.hasPrefix("only a part was restored") == true)
                } catch {
                    Issue.record("seed \(seed), \(choice): \((error as? any MaintenanceError)?.problem ?? "\(error)")")
                }
                try await drop(restore.name, database)
            }
        }
    }

    @Test("a part brings its keys, its functions and its partitions, and an alteration of it is found", .cluster)
    func part() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create schema shop; create schema other;
            create type shop.state as enum ('a', 'b');
            create function shop.touch() returns trigger language plpgsql as $$ begin return new; end $$;
            create table shop.customers (id bigserial primary key, name text);
            create table shop.orders (id bigint generated always as identity primary key,
                customer bigint references shop.customers, state shop.state default 'a');
            create index on shop.orders (customer);
            create trigger t before insert on shop.orders for each row execute function shop.touch();
            create table shop.events (id int, at date, customer bigint references shop.customers) partition by range (at);
            create table shop.events_1 partition of shop.events for values from ('2026-01-01') to ('2026-02-01');
            create table shop.events_2 partition of shop.events for values from ('2026-02-01') to ('2026-03-01');
            create index on shop.events (at);
            create table other.orders (id int);
            create table other.events (id int);
            create function other.describe(o shop.orders, integer) returns text language sql as 'select $2::text';
            insert into shop.customers (name) values ('x'), ('y');
            insert into shop.orders (customer) select 1 from generate_series(1, 50);
            insert into shop.events values (1, '2026-01-05', 1), (2, '2026-02-05', 2);
            """)
        let shelf = Shelf(database: database)
        let manifest = try await shelf.take()
        let path = shelf.folder.path(of: manifest.id)
        let answer = try await requirements(manifest, shelf)
        func selection(_ tables: String...) throws -> RestoreSelection {
            try RestoreSelection(tables: tables, schemas: [], of: manifest) { try manifest.listing(at: path) }
        }
        func names(_ restore: LiveRestore) async throws -> Set<String> {
            let address = restore.address.with(database: restore.name)
            return try await Connection.with(address, .unlimited()) { connection in
                Set(
                    try await connection.query(
                        """
                        select n.nspname || '.' || c.relname as name from pg_class c
                            join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('shop', 'other', 'public')
                        union all select conname from pg_constraint where contype = 'f' and conparentid = 0
                        union all select tgname from pg_trigger where not tgisinternal
                        """
                    ).map { try $0["name", as: String.self] })
            }
        }

        var alone = try restore(manifest, from: shelf, roles: answer.roles)
        alone.selection = try selection("shop.orders")
        #expect(try await alone.run().certificate.content.rows == 50)
        #expect(
            try await names(alone) == [
                "shop.orders", "shop.orders_id_seq", "shop.orders_pkey", "shop.orders_customer_idx", "t",
            ])
        try await drop(alone.name, database)

        var both = try restore(manifest, from: shelf, roles: answer.roles)
        both.selection = try selection("shop.orders", "customers", "shop.events")
        #expect(try await both.run().certificate.content.rows == 54)
        let found = try await names(both)
        #expect(found.contains("orders_customer_fkey") && found.contains("events_customer_fkey"), "\(found)")
        #expect(found.contains("shop.events_2") && !found.contains("other.orders"))
        try await drop(both.name, database)

        var leaf = try restore(manifest, from: shelf, roles: answer.roles)
        leaf.selection = try selection("events_2")
        #expect(try await leaf.run().certificate.content.rows == 1)
        #expect(try await !names(leaf).contains("shop.events_1"))
        try await drop(leaf.name, database)

        for damage in [
            "update shop.orders set state = 'b' where id = 7", "drop index shop.orders_customer_idx",
            "drop trigger t on shop.orders", "create table shop.more (id int)",
            "alter table shop.orders alter customer set default 1",
        ] {
            var altered = try restore(manifest, from: shelf, roles: answer.roles)
            altered.selection = try selection("shop.orders")
            altered.restored = { address in
                try await Connection.with(address, .unlimited()) { try await $0.executeScript(trusted: damage) }
            }
            let attempt = altered
            await #expect {
                try await attempt.run()
            } throws: { error in
                guard case LiveRestoreError.differs? = error as? LiveRestoreError else { return false }
                return true
            }
        }
        #expect(
            throws: SelectionError.severalTables("orders", manifest.tables.map(\.name).filter { $0.name == "orders" })
        ) {
            try selection("orders")
        }
        // A partitioned table may be meant by it as well.
        #expect(
            throws: SelectionError.severalTables(
                "events", ["other", "shop"].map { QualifiedName(schema: $0, name: "events") })
        ) {
            try selection("events")
        }
        #expect(try selection("other.events").tables.map(\.schema) == ["other"])
        #expect(throws: SelectionError.noTable("shop.order", nearest: "shop.orders")) { try selection("shop.order") }
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

    @Test("a part asks the server for what is its own, and not for what the rest of the database needs", .cluster)
    func partialRequirements() async throws {
        let database = TestDatabase.current
        let role = "lost \"\(UInt32.random(in: 0 ... .max))"
        try await database.connect { connection in
            try await connection.execute("create role \(identifier: role)")
            try await connection.execute("create schema lost authorization \(identifier: role)")
            try await connection.execute("create table orders (n int); ")
            try await connection.execute("create table secrets (n int)")
            try await connection.execute("grant select on secrets to \(identifier: role)")
            try await connection.execute("create function f(int) returns int language sql as 'select 1'")
            try await connection.execute("alter function f(int) owner to \(identifier: role)")
            try await connection.execute("create extension hstore")
            try await connection.execute("create table words as select 'a => 1'::hstore as w")
            try await connection.execute("insert into secrets select generate_series(1, 100000)")
        }
        let shelf = Shelf(database: database)
        let manifest = try await shelf.take()
        try await database.connect { connection in
            try await connection.execute("drop owned by \(identifier: role)")
            try await connection.execute("drop role \(identifier: role)")
        }
        let backup = try shelf.folder.believed(manifest.id, key: key)
        let path = shelf.folder.path(of: manifest.id)
        func answer(_ table: String) async throws -> LiveRequirements.Answer {
            let selection = try RestoreSelection(tables: [table], schemas: [], of: manifest) {
                try manifest.listing(at: path)
            }
            let part = LiveRequirements.Part(
                selection, programs: programs, directories: [database.cluster.server.directory])
            return try await SurveySession.with(database.address) {
                try await LiveRequirements(backup, at: path, part: part).look($0)
            }
        }
        let whole = try await requirements(manifest, shelf)
        let orders = try await answer("public.orders")
        #expect(orders.problems == [] && !orders.roles.contains(role), "\(orders)")
        #expect(try await answer("public.secrets").problems == [.missingRoles([role])])
        #expect(orders.space < whole.space)
        // The extension comes with whatever has its types, and with nothing else.
        for (table, extensions) in [("public.orders", 0), ("public.words", 1)] {
            var part = try restore(manifest, from: shelf, roles: [])
            part.selection = try RestoreSelection(tables: [table], schemas: [], of: manifest) {
                try manifest.listing(at: path)
            }
            try await part.run()
            let found = try await Connection.with(part.address.with(database: part.name), .unlimited()) { connection in
                try await connection.query("select count(*) as n from pg_extension where extname = 'hstore'").only[
                    "n", as: Int.self]
            }
            #expect(found == extensions, "\(table)")
            try await drop(part.name, database)
        }
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

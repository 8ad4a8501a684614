import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

extension Shelf {
    /// What finds the programs of the database's own server first.
    var ownPrograms: Programs {
        Programs(environment: ["PATH": "\(database.cluster.server.directory):/usr/bin:/bin"])
    }

    func take() async throws -> BackupManifest {
        var writer = writer()
        writer.programs = ownPrograms
        return try await writer.take()
    }

    var proof: BackupProof {
        var proof = BackupProof(
            folder, key: key, workDirectory: TestClusters.directory, runID: "20261121-000000-bbbbb",
            countsFor: .seconds(7 * 86_400), programs: ownPrograms)
        proof.serverDirectories = [database.cluster.server.directory]
        return proof
    }

    /// Restores, lets `alter` change the restored database, and compares.
    func proof(_ manifest: BackupManifest, altering script: String) async throws -> Certificate {
        var proof = proof
        proof.restored = { address in
            try await Connection.with(address, .unlimited()) { try await $0.executeScript(trusted: script) }
        }
        return try await proof.run(manifest.id)
    }
}

extension Certificate {
    /// What a test shows when it fails.
    var told: [String] { differences.prefix(8).map(\.description) + gaps.prefix(4).map(\.problem) }
}

@Suite("proving a backup", .temporaryDirectory, .timeLimit(.minutes(5)))
struct ProofTests {
    @Test("a database with something of everything is proved on every version", arguments: TestServer.allCases)
    func everything(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await RichSchema.make(in: database)
            try await database.run(EveryType.script)
            try await Odd.make(in: database)
            let shelf = Shelf(database: database)
            let manifest = try await shelf.take()
            let certificate = try await shelf.proof.run(manifest.id)
            #expect(certificate.told == [])
            #expect(certificate.verdict == .proved)
            #expect(certificate.restore?.complaints == [])
            #expect(certificate.content.rows == manifest.rows)
            #expect(
                certificate.notes.contains { $0.contains("invalid index") && $0.contains("odd_invalid") },
                "\(certificate.notes)")
            #expect(certificate.notes.contains { $0.contains("odd_behind_id_seq is at 1") }, "\(certificate.notes)")
            #expect(certificate.countsUntil > certificate.times.ended)
        }
    }
}

extension ProofTests {
    @Test("a database in a tablespace of its own is proved", arguments: [TestServer.v15, .v18])
    func tablespace(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run("create table t as select n from generate_series(1, 100) n")
            let tablespace = "a \"b' \(UInt32.random(in: 0 ... .max))"
            try await Connection.with(database.cluster.address()) { connection in
                try await connection.execute("set allow_in_place_tablespaces = on")
                try await connection.execute("create tablespace \(identifier: tablespace) location ''")
                try await connection.execute(
                    "alter database \(identifier: database.name) set tablespace \(identifier: tablespace)")
            }
            try await database.run("create table elsewhere (n int) tablespace pg_default")
            let shelf = Shelf(database: database)
            let manifest = try await shelf.take()
            #expect(manifest.source.tablespace == tablespace)
            let text = try String(contentsOfFile: "\(shelf.path(manifest))/RESTORE.txt", encoding: .utf8)
            #expect(text.contains("create tablespace \(tablespace.quotedIdentifier) location"), "\(text)")
            let certificate = try await shelf.proof.run(manifest.id)
            #expect(certificate.told == [])
            #expect(certificate.verdict == .proved)
            try await database.run("drop table elsewhere")
            try await Connection.with(database.cluster.address()) { connection in
                try await connection.execute(
                    "alter database \(identifier: database.name) set tablespace pg_default")
                try await connection.execute("drop tablespace \(identifier: tablespace)")
            }
        }
    }
}

/// What a restore gets wrong most easily.
enum Odd {
    static let script: StaticString = #"""
        create table odd_parent (a int primary key, b text);
        create table odd_child (c int) inherits (odd_parent);
        alter table odd_parent add column late text default 'x';
        insert into odd_parent values (1, 'p'); insert into odd_child values (2, 'q', 3, 'l');
        create table odd_a (id int primary key, b int); create table odd_b (id int primary key, a int references odd_a);
        alter table odd_a add foreign key (b) references odd_b deferrable initially deferred;
        begin; insert into odd_a values (1, 1); insert into odd_b values (1, 1); commit;
        create table odd_checked (a int); insert into odd_checked values (-1);
        alter table odd_checked add constraint later check (a > 0) not valid;
        create table odd_secret (id int, owner text); insert into odd_secret select n, 'x' from generate_series(1, 100) n;
        alter table odd_secret enable row level security; alter table odd_secret force row level security;
        create policy none on odd_secret using (false);
        create materialized view odd_stale as select count(*) from odd_secret; insert into odd_secret values (101, 'y');
        create unlogged table odd_fast as select n from generate_series(1, 10) n;
        create table odd_duplicates (a int); insert into odd_duplicates values (1), (1);
        create table odd_nothing (); insert into odd_nothing default values; insert into odd_nothing default values;
        create table odd_generated (a int generated always as (1) stored); insert into odd_generated default values;
        create sequence odd_down increment -3 start 100 maxvalue 100; select nextval('odd_down'), nextval('odd_down');
        create sequence odd_fresh start 42; create sequence odd_cycle maxvalue 3 cycle; select nextval('odd_cycle');
        create table odd_behind (id serial primary key); insert into odd_behind values (1), (50), (2);
        create table odd_nulls (a int[], b text[]); insert into odd_nulls values ('{1,NULL}', array['NULL', null]);
        create view odd_null_view as select a = null as never from odd_checked;
        create table odd_arrays (a int[]) with (toast.autovacuum_enabled = off);
        create table odd_toastless (a int, b text) with (toast.autovacuum_enabled = off);
        alter table odd_toastless drop column b;
        select lo_from_bytea(0, convert_to(repeat('large object ', n * 300), 'UTF8')) from generate_series(1, 30) n;
        select lo_create(0);
        do $$ declare o oid := lo_create(0); begin
            perform lo_put(o, 10000, 'after a hole'); perform lo_put(o, 3000, 'in it');
            execute format('comment on large object %s is %L', o, 'with a hole');
            execute format('grant select on large object %s to public', o);
            execute format('alter large object %s owner to rich_owner', o);
            perform lo_create(77); comment on large object 77 is 'low'; comment on schema public is null;
            execute format('comment on database %I is %L', current_database(), 'odd');
            execute format('alter database %I connection limit 7', current_database());
            execute format('alter database %I owner to rich_owner', current_database()); end $$;
        do $$ declare setting text; begin
            foreach setting in array array['datestyle = ''German, DMY''', 'timezone = ''Asia/Kolkata''',
                'intervalstyle = sql_standard', 'search_path = pg_temp, nowhere', 'client_encoding = LATIN1', 
                'default_transaction_read_only = on', 'array_nulls = off', 'transform_null_equals = on',
                'statement_timeout = ''3s''', 'bytea_output = escape',
                'extra_float_digits = -5', 'row_security = off', 'quote_all_identifiers = on',
                'session_replication_role = replica', 'default_transaction_isolation = serializable',
                'app.hostile = ''a"b''''c''']
            loop execute format('alter database %I set %s', current_database(), setting); end loop;
        end $$;
        """#

    static func make(in database: TestDatabase) async throws {
        try await database.run(script)
        try await database.connect { connection in
            try await connection.execute("set default_transaction_read_only = off")
            // Fails, and leaves what pg_dump leaves out.
            await #expect(throws: PostgreSQLError.self) {
                try await connection.execute(
                    "create unique index concurrently odd_invalid on public.odd_duplicates (a)")
            }
        }
    }
}

@Suite("how a proof ends", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct ProofEndTests {
    private func backup() async throws -> (shelf: Shelf, manifest: BackupManifest) {
        try await TestDatabase.current.run(
            "create table t as select n, repeat(md5(n::text), 20) as v from generate_series(1, 20000) n")
        let shelf = Shelf()
        return (shelf, try await shelf.take())
    }

    @Test("a proof that is cancelled leaves no server, no child and no file behind", arguments: [0, 300, 900, 1_500])
    func cancelled(milliseconds: Int) async throws {
        let (shelf, manifest) = try await backup()
        var proof = shelf.proof
        proof.workDirectory = TestClusters.directory + "/cancelled-\(UInt32.random(in: 0 ... .max))"
        let cancellable = proof
        let task = Task { try await cancellable.run(manifest.id) }
        try await WallClock.system.sleep(for: .milliseconds(milliseconds))
        task.cancel()
        let result = await task.result
        if case .failure(let error) = result { #expect(error is CancellationError || "\(error)".contains("cancel")) }
        let left = (try? FileManager.default.contentsOfDirectory(atPath: proof.workDirectory)) ?? []
        #expect(left == [])
        try? FileManager.default.removeItem(atPath: proof.workDirectory)
    }

    @Test("a database altered after the restore is refuted, and the certificate is believed only as it was written")
    func refuted() async throws {
        let (shelf, manifest) = try await backup()
        let certificate = try await shelf.proof(manifest, altering: "update t set v = 'x' where n = 77")
        #expect(certificate.verdict == .refuted)
        #expect(certificate.differences.map(\.name) == ["public.t"])
        try shelf.folder.write(certificate, key: key)
        #expect(try shelf.folder.certificate(of: manifest.id, key: key) == certificate)
        let path = shelf.folder.certificatePath(of: manifest.id)
        try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: "\"refuted\"", with: "\"proved\"")
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: BackupError.badSignature(manifest.id)) {
            try shelf.folder.certificate(of: manifest.id, key: key)
        }
    }

    @Test("what this host lacks leaves the backup unproven, with the line that installs it")
    func unproven() async throws {
        let (shelf, manifest) = try await backup()
        var wanting = manifest
        wanting.source.collation = "xx_XX.UTF-8"
        wanting.source.size = ByteCount(1 << 60)
        let gaps = try ProofRequirements(backup: wanting.outline).gaps(inWorkDirectory: TemporaryDirectory.current)
        #expect(gaps.count == 2)
        #expect(gaps.contains { $0.problem.contains("'xx_XX.UTF-8'") && $0.hint?.contains("locales-all") == true })
        wanting = manifest
        wanting.extensions.append(.init(name: "postgis", version: "3.3.2"))
        let found = try await Connection.with(shelf.database.address) { connection in
            try await ProofRequirements(backup: wanting.outline).gaps(
                on: PostgreSQLVersion(number: await connection.serverVersion), CollationUses()
            ) { try await connection.query($0.sql) }
        }
        #expect(found.gaps.map(\.hint) == ["Install it: apt-get install postgresql-15-postgis-3"])
    }
}

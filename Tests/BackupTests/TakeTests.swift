import Crypto
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("taking a backup", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct TakeTests {
    @Test("what is digested on the way is what is in the database, and every file is as the manifest says")
    func whole() async throws {
        try await TestDatabase.current.run(
            """
            create schema "o'""; drop table x; --";
            set search_path = "o'""; drop table x; --", public;
            create table "<b>
            x" (id int generated always as identity, "$(ls)" text, double int generated always as (id * 2) stored);
            insert into "<b>
            x" ("$(ls)") select repeat('é' || n, n % 50) from generate_series(1, 5000) n;
            create table nothing ();
            insert into nothing default values;
            create table empty (id int);
            create unlogged table fast as select 1 as one;
            create table parted (id int, at date) partition by range (id);
            create table parted_a partition of parted for values from (0) to (100);
            create table parted_b partition of parted for values from (100) to (maxvalue);
            insert into parted select n, date '2026-01-01' + n from generate_series(1, 300) n;
            create materialized view seen as select count(*) from parted;
            create sequence counted increment by -3;
            select nextval('counted'), nextval('counted');
            select lo_from_bytea(0, repeat('large', 1000)::bytea), lo_create(0);
            """)
        let shelf = Shelf()
        let manifest = try await shelf.writer().take()
        #expect(try shelf.folder.ids() == [manifest.id])
        #expect(try shelf.folder.manifest(of: manifest.id, key: key) == manifest)

        let address = TestDatabase.current.address
        let expected = try await DatabaseSnapshot.with(address) { snapshot in
            var digests: [QualifiedName: RowDigest] = [:]
            for table in manifest.tables {
                digests[table.name] = try await snapshot.digest(DigestTable(table.name, columns: table.columns))
            }
            return digests
        }
        #expect(Dictionary(uniqueKeysWithValues: manifest.tables.map { ($0.name, $0.digest) }) == expected)
        #expect(manifest.tables.count == 6)
        #expect(manifest.rows == 5_302)
        #expect(manifest.tables.allSatisfy { $0.isReadTwice })
        #expect(manifest.readTwice?.value == 100)

        for file in manifest.files {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(shelf.path(manifest))/\(file.path)"))
            #expect(bytes.count == Int(file.size.bytes))
            #expect(Array(SHA256.hash(data: bytes)).hexadecimal == file.sha256)
        }
        #expect(
            try shelf.listing(manifest) == [
                "RESTORE.txt", "catalog.json.zst", "database", "manifest.json", "roles.sql", "signature.json",
            ])
        let stored = try shelf.listing(manifest, "database")
        #expect(
            Set(stored.map { "database/\($0)" } + ["RESTORE.txt", "catalog.json.zst", "roles.sql"])
                == Set(manifest.files.map(\.path)))
        #expect(stored.filter { $0.hasSuffix(".dat.zst") && !$0.hasPrefix("blob") }.count == 6)

        #expect(manifest.largeObjects.digest.sum.count == 2)
        #expect(manifest.largeObjects.digest.sum.bytes == 5_000)
        #expect(manifest.largeObjects.files.count == 3)
        let sequence = try #require(manifest.sequences.first { $0.name.name == "counted" })
        #expect(sequence.before == .init(value: -4, isCalled: true))
        #expect(sequence.after == sequence.before)
        #expect(manifest.uncovered.contains { $0.kind == "materialised view" && $0.name?.hasSuffix(".seen") == true })
        #expect(manifest.catalog.entries > 20)
        #expect(manifest.roles.origin == .program)
        #expect(manifest.roles.names.contains("postgres"))
        #expect(manifest.number == 1)
        #expect(try await shelf.writer().take().number == 2)
    }

    @Test("the shell commands in RESTORE.txt bring back the same rows and the same schema")
    func byHand() async throws {
        try await TestDatabase.current.run(
            """
            create role "test by hand" nologin;
            create table "a b" (id int primary key, price money, at timestamptz, span interval);
            insert into "a b" select n, n * 1.5, now(), make_interval(days => -n, secs => n) from generate_series(1, 999) n;
            grant select on "a b" to "test by hand";
            create table nulls (a int[], b text[]); insert into nulls values ('{1,NULL}', array['NULL', null]);
            create view never as select a = null as never from nulls;
            do $$ begin
                execute format('alter database %I set default_transaction_read_only = on', current_database());
                execute format('alter database %I set datestyle = ''German''', current_database());
                execute format('alter database %I set intervalstyle = ''sql_standard''', current_database());
                execute format('alter database %I set array_nulls = off', current_database());
                execute format('alter database %I set transform_null_equals = on', current_database());
                execute format('alter database %I set session_replication_role = replica', current_database());
                execute format('alter database %I set row_security = off', current_database());
                execute format('alter database %I set default_tablespace = nowhere', current_database());
                execute format(
                    'alter database %I set default_transaction_isolation = serializable', current_database());
            end $$;
            select lo_from_bytea(0, 'large')
            """)
        let shelf = Shelf()
        let manifest = try await shelf.writer().take()
        let text = try String(contentsOfFile: "\(shelf.path(manifest))/RESTORE.txt", encoding: .utf8)
        let commands = text.split(separator: "\n").filter { line in
            ["zstd ", "psql ", "export ", "pg_restore "].contains { line.hasPrefix($0) }
        }
        #expect(commands.count == 4)
        let server = try await ServerPrograms.find(major: 15, with: programs)
        let cluster = try await PrivateCluster.start(
            server, ClusterOptions(superuser: "someone"), in: TestClusters.directory, with: programs)
        defer { try? cluster.destroy() }
        // As on a machine where somebody has connected and says who they are.
        let shell = ChildProgram(
            "/bin/sh", ["-ec", commands.joined(separator: "\n")],
            environment: [
                "PATH": "\(server.directory):/usr/bin:/bin", "PGHOST": "\(cluster.socketDirectory)",
                "PGUSER": "someone",
            ],
            workingDirectory: shelf.path(manifest))
        let outcome = try await programs.run(shell)
        #expect(outcome.isSuccess, "\(outcome.errorOutput.text)")
        let restored = cluster.address(database: TestDatabase.current.name)
        let source = TestDatabase.current.address
        let digest = try await DatabaseSnapshot.with(restored) { try await $0.digest() }
        #expect(digest == (try await DatabaseSnapshot.with(source) { try await $0.digest() }))
        let differences = try await CatalogListing.read(restored, .backup)
            .differences(from: CatalogListing.read(source, .backup))
        #expect(differences.map(\.description) == [])
        try await TestDatabase.current.connect { connection in
            try await connection.execute("set default_transaction_read_only = off")
            try await connection.executeScript(trusted: #"drop owned by "test by hand"; drop role "test by hand""#)
        }
    }

    @Test("every server version is read, with a program that fits it", arguments: TestServer.allCases)
    func versions(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(
                """
                create table kept as select n, n::text as t from generate_series(1, 500) n;
                create table numbered (id int generated always as identity); insert into numbered default values;
                select lo_from_bytea(0, 'large')
                """)
            var shelf = Shelf()
            shelf.database = database
            var writer = shelf.writer()
            writer.directories = [database.cluster.server.directory]
            let manifest = try await writer.take()
            #expect(manifest.program.version / 10_000 == database.cluster.server.version.major)
            #expect(manifest.rows == 501)
            #expect(manifest.sequences.map(\.after.value) == [1])
            #expect(manifest.largeObjects.digest.sum.count == 1)
            #expect(manifest.largeObjects.files.count == 2)
        }
    }

    @Test("a table that somebody holds is waited for, and what is committed meanwhile is in the backup")
    func lockedTable() async throws {
        try await TestDatabase.current.run("create table held as select n from generate_series(1, 100) n")
        let manifest = try await TestDatabase.current.connect { holder in
            try await holder.executeScript(trusted: "begin; truncate held; insert into held values (7)")
            async let manifest = Shelf().writer().take()
            try await eventually("the backup waits for the table") {
                try await TestDatabase.current.connect { connection in
                    try await connection.query("select exists (select from pg_locks where not granted) as waits")
                        .only["waits", as: Bool.self]
                }
            }
            try await holder.executeScript(trusted: "commit")
            return try await manifest
        }
        #expect(manifest.rows == 1)
    }

    @Test("nothing is left of a backup that failed, and an older one is untouched")
    func failure() async throws {
        try await TestDatabase.current.run("create table one as select 1")
        let shelf = Shelf()
        let first = try await shelf.writer().take()
        var writer = shelf.writer()
        writer.directories = [try wrap("pg_dump", "echo broken >&2; exit 1")]
        let error = await #expect(throws: ProgramError.self) { try await writer.take() }
        #expect(error?.problem.contains("broken") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.folder.path) == [first.id.description])
        #expect(try shelf.folder.manifest(of: first.id, key: key) == first)
    }

    @Test(
        "a pg_dump that ends well with less than it should is found out",
        arguments: [
            // The last line break and all that should come after it.
            ("truncate -s -9 \"$file\"", "backup.dump-incomplete"),
            ("head -c 100 \"$file\" > \"$file.x\"; mv \"$file.x\" \"$file\"", "backup.dump-incomplete"),
            (": > \"$file\"", "backup.dump-incomplete"),
            ("rm \"$file\"", "backup.dump-incomplete"),
            // A whole file with one row less: only the second read can know.
            ("sed -i 5d \"$file\"", "backup.dump-incomplete"),
            ("sed -i '5s/1/2/' \"$file\"", "backup.dump-incomplete"),
        ])
    func lyingProgram(damage: String, code: String) async throws {
        try await TestDatabase.current.run(
            "create table many as select n + 100000 as n from generate_series(1, 1000) n")
        let shelf = Shelf()
        var writer = shelf.writer()
        writer.directories = [
            try wrap(
                "pg_dump",
                """
                aside=$directory.aside
                $real "${@/--file=*/--file=$aside}" || exit
                file=$(ls -S $aside/[0-9]*.dat | head -1)
                \(damage)
                cp $aside/* $directory/
                rm -r $aside
                """)
        ]
        let error = await #expect(throws: BackupError.self) { try await writer.take() }
        #expect(error?.code == code)
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.folder.path) == [])
    }

    @Test("a backup whose snapshot dies under it fails")
    func lostSnapshot() async throws {
        try await TestDatabase.current.run("create table one as select 1")
        var writer = Shelf().writer()
        let mark = TemporaryDirectory.current + "/begun"
        // Waits as if the tables were large.
        writer.directories = [try wrap("pg_dump", "touch \(mark); sleep 60")]
        let waiting = writer
        let taking = { @Sendable () async -> (any Error)? in
            do { _ = try await waiting.take(); return nil } catch { return error }
        }
        async let failure = taking()
        try await eventually("pg_dump is under way") { FileManager.default.fileExists(atPath: mark) }
        try await TestDatabase.current.connect { connection in
            _ = try await connection.query(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
                """)
        }
        let error = await failure
        #expect((error as? BackupError)?.code == "backup.snapshot-lost", "\(String(describing: error))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: Shelf().folder.path) == [])
    }

    @Test("a role that does not see every row is refused, with the tables by name")
    func withoutRights() async throws {
        try await TestDatabase.current.run(
            """
            create table open (id int); create table closed (id int);
            create table filtered (id int); alter table filtered enable row level security
            """)
        try await TestDatabase.current.withLimitedRole { role in
            let writer = Shelf().writer(user: role)
            await #expect { _ = try await writer.take() } throws: { error in
                (error as? BackupError)?.problem == "this role may not read public.closed, public.filtered, public.open"
            }
            try await TestDatabase.current.connect { connection in
                try await connection.execute("grant select on open, closed, filtered to \(identifier: role)")
            }
            await #expect { _ = try await writer.take() } throws: { error in
                (error as? BackupError)?.problem == "row security would hide rows of public.filtered from this role"
            }
            try await TestDatabase.current.run("alter table filtered disable row level security")
            #expect(try await writer.take().tables.count == 3)
        }
    }

    @Test("what a killed run left half done is removed by the next one, and is never listed")
    func leftover() async throws {
        let shelf = Shelf()
        let left = "\(shelf.folder.path)/.20261120T000000Z-aaaaa.partial/database"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        #expect(try shelf.folder.ids().isEmpty)
        let manifest = try await shelf.writer().take()
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.folder.path) == [manifest.id.description])
    }

    @Test("over ten backups every table is read twice once")
    func turns() {
        let tables = (1...57).map { number in
            SourceTable(
                name: QualifiedName(schema: "public", name: "t\(number)"), oid: UInt32(number), columns: [],
                size: ByteCount(Int64(number * number * 1_000)), isUnlogged: false, isOfExtension: false,
                isReadable: true, isFiltered: false)
        }
        for percent in [10, 25, 33, 100] {
            let parts = 100 / percent
            let all = (1...parts).flatMap { SourceTable.turn(tables, number: $0, percent: percent) }
            #expect(all.count == 57)
            #expect(Set(all).count == 57)
        }
        #expect(SourceTable.turn(tables, number: 1, percent: 0).isEmpty)
    }
}

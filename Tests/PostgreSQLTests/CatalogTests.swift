import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("catalog listings", .cluster)
struct CatalogTests {
    static func make(in database: TestDatabase) async throws {
        try await RichSchema.make(in: database)
        try await database.connect { connection in
            try await connection.executeScript(
                trusted: """
                    alter database \(database.name.quotedIdentifier) set work_mem = '5MB';
                    alter database \(database.name.quotedIdentifier) set "app.jwt_secret" = 's3cret';
                    """)
        }
    }

    @Test("the same schema has the same listing on all versions, and without superuser rights")
    func isEqualOnAllVersions() async throws {
        var listings: [CatalogListing] = []
        for version in TestServer.allCases {
            try await TestDatabase.with(version) { database in
                try await Self.make(in: database)
                listings.append(try await CatalogListing.read(database.address))
                listings.append(try await CatalogListing.read(database.address.with(user: "rich_reader")))
            }
        }
        for listing in listings.dropFirst() {
            #expect(listing.differences(from: listings[0]).map(\.description) == [])
            #expect(listing.digest == listings[0].digest)
        }
        let kinds = Set(listings[0].entries.map(\.kind))
        #expect(
            kinds.isSuperset(of: [
                "aggregate", "aggregate definition", "cast", "collation", "column", "comment", "composite type",
                "constraint",
                "database", "database setting", "default privileges", "domain", "enum", "event trigger", "extension",
                "foreign data wrapper", "foreign server", "foreign table", "function", "grant", "index",
                "materialized view", "operator", "policy", "procedure", "publication", "published table", "range",
                "routine body",
                "rule", "schema", "sequence", "statistics", "table", "text search configuration",
                "text search dictionary",
                "trigger", "user mapping", "view", "view definition", "view uses",
            ]))
        #expect(!listings[0].entries.contains { "\($0)".contains("s3cret") })
    }

    @Test("a dump that was restored has the listing of its source")
    func survivesDump() async throws {
        let database = TestDatabase.current
        try await Self.make(in: database)
        let programs = Programs(environment: ProcessInfo.processInfo.environment)
        let version = PostgreSQLVersion(major: 15, minor: 0)
        let dump = try await ClientProgram.find("pg_dump", fitting: version, with: programs)
        let psql = try await ClientProgram.find("psql", fitting: version, with: programs)
        let text = try await programs.run(
            ChildProgram(dump.path, ["--schema-only"], environment: ChildEnvironment(database.address.environment)),
            keeping: ByteCount(10_000_000)
        ).checked().output
        try await TestDatabase.with(.v15) { copy in
            _ = try await programs.run(
                ChildProgram(
                    psql.path, ["-X", "-q", "-v", "ON_ERROR_STOP=1"],
                    environment: ChildEnvironment(copy.address.environment), input: .bytes(try #require(text.bytes)))
            ).checked()
            try await copy.connect { connection in
                for setting in ["work_mem = '5MB'", "\"app.jwt_secret\" = 's3cret'"] {
                    try await connection.execute("alter database \(identifier: copy.name) set \(SQL(trusted: setting))")
                }
            }
            let (ours, theirs) = (
                try await CatalogListing.read(copy.address), try await CatalogListing.read(database.address)
            )
            #expect(ours.differences(from: theirs).map(\.description) == [])
            #expect(ours.digest == theirs.digest)
        }
    }

    @Test(
        "a change is found and named",
        arguments: [
            ("alter table app.venues alter column size set default 8", "column app.venues.size"),
            ("alter table app.venues add column extra int", "column app.venues.extra is new"),
            ("alter table app.venues drop column during", "column app.venues.during is gone"),
            ("alter table app.venues alter column size drop not null", "column app.venues.size"),
            ("alter table app.child alter column c type bigint", "column app.child.c"),
            ("alter table app.venues owner to rich_reader", "table app.venues"),
            ("alter table app.venues enable trigger touch", "trigger app.venues touch"),
            ("alter table app.venues no force row level security", "table app.venues"),
            ("alter table app.venues reset (fillfactor)", "table app.venues"),
            ("alter table app.parent validate constraint later", "constraint app.parent later"),
            ("drop index app.lower_name", "index app.lower_name is gone"),
            ("drop policy mine on app.venues", "policy app.venues mine is gone"),
            ("alter policy all_rows on app.venues using (size > 0)", "policy app.venues all_rows"),
            ("alter type app.mood add value 'new' after 'sad'", "enum app.mood"),
            ("alter type app.mood rename value 'sad' to 'bad'", "enum app.mood"),
            ("alter domain app.email drop not null", "domain app.email"),
            ("alter sequence app.counter increment 3", "sequence app.counter"),
            (
                "create or replace function app.touch() returns trigger language plpgsql security definer set search_path = app as 'begin return new; end'",
                "function app.touch()"
            ),
            ("alter function app.touch() security invoker", "function app.touch()"),
            (
                "create or replace view app.big as select id, name, size from app.venues where size > 101",
                "view definition app.big"
            ),
            (
                "create or replace view app.joined as select v.name, count(*) as n, max(e.at) as last from app.venues v join app.events e on e.venue = v.id group by v.name",
                "view definition app.joined"
            ),
            (
                "create or replace function app.atomic(x int) returns bigint language sql begin atomic select count(*) from app.cache; end",
                "routine body app.atomic(integer)"
            ),
            ("grant delete on app.cache to rich_reader", "grant table app.cache to rich_reader"),
            ("revoke select on app.cache from rich_reader", "grant table app.cache to rich_reader is gone"),
            ("grant truncate on app.cache to current_user", "grant table app.cache to its owner is gone"),
            ("comment on table app.venues is 'else'", "comment table app.venues"),
            ("alter table app.events detach partition app.events_2025", "table app.events_2025"),
            ("alter publication pub drop table app.parent", "published table app.parent in pub is gone"),
            ("alter event trigger on_ddl enable", "event trigger on_ddl"),
            ("alter server remote options (set password 'other')", "foreign server remote"),
            ("alter table app.venues replica identity full", "table app.venues"),
            ("alter table app.cache set logged", "table app.cache"),
            (
                "alter default privileges for role rich_owner in schema app revoke select on tables from rich_reader",
                "default privileges"
            ),
            ("drop rule no_delete on app.cache", "rule app.cache no_delete is gone"),
            ("alter materialized view app.summary set (fillfactor = 50)", "materialized view app.summary"),
        ])
    func namesChange(change: String, named: String) async throws {
        let database = TestDatabase.current
        try await Self.make(in: database)
        let before = try await CatalogListing.read(database.address)
        #expect(try await CatalogListing.read(database.address).digest == before.digest)
        try await database.connect { try await $0.executeScript(trusted: change) }
        let after = try await CatalogListing.read(database.address)
        let differences = after.differences(from: before).map(\.description)
        #expect(differences.contains { $0.hasPrefix(named) }, "\(differences)")
        #expect(after.digest != before.digest)
    }

    @Test(
        "what is no change of the schema is none",
        arguments: [
            "insert into app.cache values ('k', '{}')", "select nextval('app.counter')", "analyze app.venues",
            "vacuum full app.cache",
            "reindex table app.venues", "create temp table t (a int)", "refresh materialized view app.summary",
            "alter table app.cache add column tmp int; alter table app.cache drop column tmp",
        ])
    func ignoresData(change: String) async throws {
        let database = TestDatabase.current
        try await Self.make(in: database)
        let before = try await CatalogListing.read(database.address)
        try await database.connect(.unlimited()) { connection in
            try await connection.executeScript(trusted: change)
            let after = try await CatalogListing.read(database.address)
            #expect(after.differences(from: before).map(\.description) == [])
        }
    }

    @Test("an empty database has a short listing, the same on all versions")
    func listsEmptyDatabase() async throws {
        var digests: Set<String> = []
        for version in TestServer.allCases {
            try await TestDatabase.with(version) { digests.insert(try await CatalogListing.read($0.address).digest) }
        }
        #expect(digests.count == 1)
    }

    @Test("a listing survives its JSON")
    func roundTripsJSON() async throws {
        try await TestDatabase.current.run("create table \"a \u{1b}\" (b int)")
        let listing = try await CatalogListing.read(TestDatabase.current.address)
        #expect(try JSONDecoder().decode(CatalogListing.self, from: JSONEncoder().encode(listing)) == listing)
        #expect(!listing.entries.map(\.object).joined().contains("\u{1b}"))
    }
}

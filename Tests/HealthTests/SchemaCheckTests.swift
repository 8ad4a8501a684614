import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

@Suite(.cluster, .temporaryDirectory)
struct SchemaCheckTests {
    private let target = Target(environment: "test", resource: "main")

    private func accept(_ log: RunLog, by person: String = "ada") async throws {
        let listing = try await CatalogListing.read(TestDatabase.current.address)
        try await log.accept(
            try AcceptedSchema.baseline(listing, at: target, by: person, Timestamp(seconds: 1_795_226_400)))
    }

    @Test("before anything is accepted the check is never green, and says what to do")
    func nothingAccepted() async throws {
        let summary = try await check("schema.integrity")
        #expect(summary.check("schema.integrity")?.state == .unknown)
        let finding = try #require(summary.findings("HC013").first)
        #expect(finding.severity == .info)
        #expect(finding.summary == "no accepted schema")
        #expect(finding.mend == "mainstay health accept-schema --environment test")
        #expect(summary.step.state == .succeeded)
    }

    @Test("the accepted schema passes, and every object that differs from it is named")
    func differences() async throws {
        let database = TestDatabase.current
        try await database.run(
            "create table events (id int primary key, name text); create index events_name on events (name)")
        let harness = try TaskHarness(healthEntries, database: database)
        try await accept(harness.log)
        let same = try await harness.run("health check --check=schema.integrity")
        #expect(same.check("schema.integrity")?.state == .passed)
        #expect(
            same.check("schema.integrity")?.summary == "the schema is the one accepted by ada, 2026-11-21 02:00 UTC")
        // Rows and statistics are no part of it.
        try await database.run("insert into events values (1, 'x')")
        try await database.run("analyze events")
        #expect(
            try await harness.run("health check --check=schema.integrity").check("schema.integrity")?.state == .passed)

        try await database.run("drop index events_name; alter table events add note text")
        let changed = try await harness.run("health check --check=schema.integrity")
        #expect(changed.check("schema.integrity")?.state == .warning)
        let finding = try #require(changed.findings("HC013").first)
        #expect(finding.severity == .warning)
        #expect(finding.summary.hasPrefix("2 differences from the schema accepted by ada"))
        let named = finding.evidence.filter { $0.key.hasPrefix("difference 0") }.map(\.value.description)
        #expect(named.contains { $0.contains("events_name") && $0.contains("is gone") })
        #expect(named.contains { $0.contains("note") && $0.contains("is new") })

        try await accept(harness.log, by: "grace")
        let accepted = try await harness.run("health check --check=schema.integrity")
        #expect(accepted.check("schema.integrity")?.state == .passed)
        #expect(try await harness.log.openFindings().isEmpty)
    }

    @Test("a listing that can no longer be compared is unknown, not a hundred differences and not green")
    func incomparable() async throws {
        let harness = try TaskHarness(healthEntries, database: .current)
        try await harness.log.accept(
            Baseline(
                subject: AcceptedSchema.subject, target: target, digest: "0", content: "{\"v\":0}", acceptedBy: "ada",
                acceptedAt: Timestamp(seconds: 0)))
        let summary = try await harness.run("health check --check=schema.integrity")
        #expect(summary.check("schema.integrity")?.state == .unknown)
        #expect(summary.findings("HC013").first?.severity == .info)
    }

    @Test("the command accepts what is there, once, with who and when, and a dry run only shows")
    func command() async throws {
        let database = TestDatabase.current
        try await database.run("create table events (id int)")
        let configuration = TemporaryDirectory.current + "/mainstay.yaml"
        let state = TemporaryDirectory.current + "/state"
        try """
        environments:
          test:
            resources:
              main:
                kind: postgresql
                connection: host=\(database.cluster.socketDirectory) dbname=\(database.name) user=postgres
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let application = Application(
            root: AcceptSchema.self, tasks: [], checks: HealthChecks.all, routines: [], migrations: [],
            programs: Programs(environment: [:]), clock: .system, console: Console(environment: [:]))
        func accept(_ arguments: String...) async throws -> Baseline? {
            let command = try AcceptSchema.parse(
                arguments + ["--config", configuration, "--state", state, "--format", "json"])
            #expect(try await command.run(in: application) == .success)
            return try await TaskHarness(healthEntries, database: database, stateDirectory: state).log
                .baseline("catalog", target)
        }
        #expect(try await accept("--dry-run") == nil)
        let first = try #require(try await accept())
        #expect(first.acceptedBy.contains(" at "))
        let listing = try await CatalogListing.read(database.address)
        #expect(first.digest == listing.digest)
        #expect(try await accept() == first)
        try await database.run("alter table events add note text")
        #expect(try await accept("--dry-run") == first)
        let second = try #require(try await accept())
        #expect(second.digest != first.digest && second.acceptedAt > first.acceptedAt)
    }

    @Test("broken constraints are found in a sample that says it is one, and sound ones are not")
    func consistency() async throws {
        let database = TestDatabase.current
        let sound = try await check("data.consistency")
        #expect(sound.check("data.consistency")?.summary == "sample of 1,000 rows a table: no constraint to verify")
        try await database.run(
            """
            create table parent (id int primary key); insert into parent values (1);
            create table child (id int primary key, parent int references parent, v int constraint positive check (v > 0));
            insert into child values (1, 1, 1)
            """)
        let holding = try await check("data.consistency")
        #expect(holding.check("data.consistency")?.state == .passed)
        #expect(holding.check("data.consistency")?.summary.contains("constraints hold") == true)
        try await database.run("set session_replication_role = replica; insert into child values (2, 99, 1)")
        let broken = try await check("data.consistency", options: ["sample-size": 50])
        #expect(broken.check("data.consistency")?.state == .warning)
        let finding = try #require(broken.findings("HC014").first)
        #expect(finding.summary.hasPrefix("sample of 50 rows a table: 1 of "))
        #expect(finding.evidence["broken 01"]?.description.contains("child_parent_fkey") == true)
        #expect(finding.mend == "mainstay data validate-relationships --environment test")
    }

    @Test("tables that may not be read are named, and the check is not green")
    func consistencyWithoutRights() async throws {
        try await TestDatabase.current.run("create table closed (id int primary key)")
        try await TestDatabase.current.withLimitedRole { role in
            let summary = try await check("data.consistency", user: role)
            #expect(summary.check("data.consistency")?.state == .unknown)
            #expect(summary.gaps.map(\.subject) == ["public.closed at test/main"])
            #expect(summary.step.state == .unproven)
        }
    }
}

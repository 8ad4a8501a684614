@testable import Command
import Composition
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@testable import mainstay

/// What holds for every task of the list, whoever writes it.
@Suite("every task", .temporaryDirectory)
struct TaskConformanceTests {
    static let entries = capabilities.flatMap(\.tasks).map(\.entry)
    static let names = entries.map(\.declaration.name).sorted()

    private func entry(_ name: String) throws -> TaskEntry {
        try #require(Self.entries.first { $0.declaration.name == name })
    }

    private func harness(_ estate: Estate, user: String? = nil) throws -> TaskHarness {
        try TaskHarness(
            Self.entries,
            inventory: try estate.inventory(
                TestDatabase.current, directory: TemporaryDirectory.current + "/estate", user: user),
            migrations: capabilities.flatMap(\.migrations), stateDirectory: TemporaryDirectory.current + "/state")
    }

    @Test("surveys and dry runs change nothing", .cluster, arguments: names, Estate.allCases)
    func changesNothing(name: String, estate: Estate) async throws {
        let directory = TemporaryDirectory.current + "/estate"
        try await estate.build(TestDatabase.current, directory: directory)
        let before = try await EstateSnapshot.take(TestDatabase.current, directory: directory)
        let summary = try await harness(estate).run(name.replacing(".", with: " "), isDryRun: true)
        let after = try await EstateSnapshot.take(TestDatabase.current, directory: directory)
        #expect(before.differences(to: after) == [])
        for step in summary.steps {
            #expect(step.state == .succeeded || step.state == .unproven, "\(step.state): \(step.error?.problem ?? "")")
        }
        let journal = try await harness(estate).log.journal(of: summary.run.id)
        #expect(journal.isEmpty)
    }

    @Test(
        "a role without rights gets answers or reasons, never a crash and never a false green", .cluster,
        arguments: names)
    func saysWhatItCannotSee(name: String) async throws {
        let directory = TemporaryDirectory.current + "/estate"
        try await Estate.hostile.build(TestDatabase.current, directory: directory)
        let role = "test_\(UInt32.random(in: 0 ... .max))"
        try await TestDatabase.current.connect { try await $0.execute("create role \(identifier: role) login") }
        let summary = try await harness(.hostile, user: role).run(name.replacing(".", with: " "), isDryRun: true)
        for step in summary.steps {
            for gap in step.observation?.gaps ?? [] { #expect(!gap.reason.problem.isEmpty) }
            let isGreen = step.state == .succeeded
            #expect(isGreen == (step.observation?.gaps.isEmpty ?? false), "\(step.state): \(step.error?.problem ?? "")")
        }
        try await TestDatabase.current.connect { try await $0.execute("drop role \(identifier: role)") }
    }

    /// A backup is proved and pruned without the database it was taken of, which may be the one that is lost.
    private static let needNoDatabase = [
        "backup.verify", "backup.prune", "backup.copy", "backup.cross-region", "backup.fetch",
        "backup.prune-copies", "backup.files", "backup.restore-files", "dr.readiness-check",
        "dr.test", "dr.test-failover", "dr.update-plans", "dr.training", "dr.review-times", "backup.extract",
    ]

    @Test("a task is a command", arguments: names)
    func isCommand(name: String) throws {
        let words = name.split(separator: ".").map(String.init)
        let command = try CommandDescription(program: Mainstay.application([:]).root).deepest(words)
        #expect(command.words.count == words.count, "\(words) is not under 'groups': \(command.words)")
    }

    @Test(
        "a database that cannot be reached is said so, with the exit status for it",
        arguments: names.filter { !needNoDatabase.contains($0) })
    func saysUnreachable(name: String) async throws {
        let text = try ConfiguredText("host=/nonexistent dbname=x user=y", secrecy: .keywords, location: .test)
        let declaration = try entry(name).declaration
        var inventory = Inventory()
        inventory.environments = [
            Environment("test", [Resource("main", .postgresql(PostgreSQLAccess(.keywords(text))))])
        ]
        inventory.checks["database.connectivity"] = {
            var setting = CheckSetting()
            setting.retries = Written(0, at: .test)
            return setting
        }()
        guard !inventory.targets(of: declaration.subject, in: ["test"]).isEmpty, declaration.subject != .estate else {
            return
        }
        let harness = try TaskHarness(
            Self.entries, inventory: inventory, migrations: capabilities.flatMap(\.migrations),
            stateDirectory: TemporaryDirectory.current + "/state")
        let summary = try await harness.run(name.replacing(".", with: " "))
        #expect(summary.exitStatus(failOn: nil) == .unreachable, "\(summary.step.error?.problem ?? "no error")")
    }

    @Test("a declaration says enough to stand alone", arguments: names)
    func isExplained(name: String) throws {
        let declaration = try entry(name).declaration
        #expect(declaration.explanation.count > 150)
        #expect(declaration.summary.first?.isLowercase == true && !declaration.summary.hasSuffix("."))
        #expect(declaration.summary.count <= 70)
        #expect(name.wholeMatch(of: /[a-z]+(\.[a-z-]+)+/) != nil)
    }

    @Test("normalised arguments parse to themselves", arguments: names)
    func normalises(name: String) throws {
        let once = try entry(name).parse([])
        let twice = try entry(name).parse(once.arguments)
        #expect(once.arguments == twice.arguments)
        #expect(throws: (any Error).self) { try entry(name).parse(["--no-such-option"]) }
    }
}

@Suite("every check")
struct CheckConformanceTests {
    static let checks = capabilities.flatMap(\.checks)

    @Test("codes and names are its own, and belong to no other")
    func isUnique() {
        #expect(Set(Self.checks.map(\.code)).count == Self.checks.count)
        #expect(Set(Self.checks.map(\.name)).count == Self.checks.count)
    }

    @Test("a check says what it looks at, why it matters and what to do", arguments: checks.map(\.name))
    func isExplained(name: String) throws {
        let check = try #require(Self.checks.first { $0.name == name })
        #expect(check.explanation.count > 120)
        #expect(check.code.wholeMatch(of: /[A-Z]{2}\d{3}/) != nil)
        #expect(check.title.first?.isUppercase == true)
        #expect(name.wholeMatch(of: /[a-z-]+(\.[a-z-]+)*/) != nil)
        if let thresholds = check.schema.thresholds, let warning = thresholds.warning,
            let critical = thresholds.critical
        {
            #expect(thresholds.worse == .higher ? warning <= critical : warning >= critical)
        }
    }
}

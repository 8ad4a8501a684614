import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Every lint, in the order of triage.
package struct ExamineDatabase: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("One family of checks alone, matters of habit too.", valueName: "name"))
        package var family: String?

        @Option(help: ArgumentHelp("These checks alone, by code or name.", valueName: "name,…"))
        package var only: String?

        @Flag(help: "Matters of habit too: types and names that work and surprise.")
        package var habits = false

        @Option(help: ArgumentHelp("How many objects of each check are named.", valueName: "count"))
        package var most = 20

        @Option(
            help: ArgumentHelp(
                "How long nobody has used something before it counts as unused.", valueName: "duration"))
        package var cycle: Duration = .seconds(35 * 86_400)

        package init() {}

        package func validate() throws {
            guard (1...10_000).contains(most) else { throw ValidationError("'--most' is between 1 and 10,000") }
            guard cycle > .zero else { throw ValidationError("'--cycle' is longer than nothing") }
            do {
                _ = try LintChoice(family: family, only: only, habits: habits)
            } catch {
                throw ValidationError(error.text)
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.doctor",
        summary: "find what is wrong with a database, the worst first",
        explanation: """
            Asks a database everything a careful DBA would: indexes that are missing, broken, unused or there twice; \
            tables without a key, or that autovacuum cannot keep up with; numbers that run out; constraints that are \
            not enforced; row security that keeps nobody out; settings that lose data or time; replication that has \
            stopped; statements that take the time. Each finding has a stable code, one place in the order of triage \
            over everything, and the very statement that mends it, with the lock it takes and how long it will. \
            Everything is read from the catalogue and the counters in a handful of statements; no table is opened. \
            An index counts as unused only after the counters, and Mainstay's own looks at it, have \
            covered a whole business cycle. Sizes are as of the last VACUUM or ANALYZE. On a standby the checks that \
            rest on a primary's counters are left out. docs/database-care.md lists every check.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:doctor"),
            .init("db:analyze-performance", implied: ["--detailed"]),
            .init("db:analyze:unused-indexes", arguments: ["--only=indexes.unused"]),
            .init("db:slow-queries:weekly-review", arguments: ["--family=queries"]),
            .init("maintenance:monthly:db-deep-analysis", arguments: ["--habits"]),
        ])

    private let options: Options
    private let choice: LintChoice

    package init(_ options: Options) throws {
        self.options = options
        choice = try LintChoice(family: options.family, only: options.only, habits: options.habits)
    }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        var doctor = Doctor(lints: choice.lints)
        doctor.limits.businessCycle = options.cycle
        doctor.most = options.most
        var examination = try await doctor.examine(session, now: look.clock.now())
        var observation = Observation()
        let history = try await UnusedIndexes.judge(&examination, cycle: options.cycle, most: options.most, look)
        observation.measurements = history
        if options.only == nil, options.family == nil {
            observation.measurements += try await WhatEnds.measure(session, at: look.target)
        }
        observation.gaps = examination.gaps
        for answer in examination.answers {
            observation.findings += answer.findings(at: look.target)
            // What is not named may have been named before, and is not over.
            if answer.total == answer.hits.count { observation.examined.insert(answer.lint.code) }
        }
        observation.listings = [Self.triage(examination)]
        observation.evidence = [
            "checks asked": Scalar(examination.answers.count),
            "checks passed over": Scalar(examination.passedOver.count),
            "checks that found something": Scalar(examination.answers.count { $0.total > 0 }),
        ]
        return observation
    }

    static func triage(_ examination: Doctor.Examination) -> Listing {
        Listing(
            "Triage",
            [
                Listing.Column("place", .count), "code", "severity", Listing.Column("found", .count),
                Listing.Column("size", .bytes), "what",
            ],
            examination.answers.filter { $0.total > 0 }.map { answer in
                let bytes = answer.hits.compactMap(\.bytes).reduce(0, +)
                return [
                    Scalar(answer.lint.priority), .text(answer.lint.code), .text(answer.lint.severity.rawValue),
                    Scalar(answer.total), bytes > 0 ? .integer(bytes) : .null, .text(answer.lint.title),
                ]
            })
    }
}

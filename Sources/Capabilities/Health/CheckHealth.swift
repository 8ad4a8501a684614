import ArgumentParser
import Command
import Engine
import Maintenance
import Settings

/// Runs the health checks over everything an environment has.
package struct CheckHealth: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp("Only this check; may be given several times.", valueName: "name"), completion: .known)
        package var check: [String] = []

        @Option(
            help: ArgumentHelp("Leave this check out; may be given several times.", valueName: "name"),
            completion: .known)
        package var skip: [String] = []

        package init() {}

        package func validate() throws {
            let known = HealthChecks.all.map(\.name)
            for name in check + skip where !known.contains(name) {
                let near = nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
                throw ValidationError("there is no check '\(name.printable)'\(near) ('mainstay checks' lists them)")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "health.check",
        summary: "check whether databases, endpoints and machines are well",
        explanation: """
            Asks every resource of an environment the questions that 'mainstay checks' lists, and compares the answers \
            with their thresholds. The health percentage is the share of checks that passed; a warning counts half, \
            and what is critical or could not be answered counts nothing, because what is not known to be well does \
            not count as well. A database that cannot be reached is one trouble: its other checks are then unknown \
            and not asked.
            """,
        effect: .observes,
        subject: .environments,
        aliases: [
            .init("health:check", implied: ["--automated"]),
            .init("health:check:all", arguments: ["--all-environments"]),
            .init("maintenance:daily:health-check"), .init("maintenance:morning:status-check"),
            .init(
                "db:health",
                arguments: [
                    "--check=database.connectivity", "--check=database.response-time", "--check=connections.used",
                    "--check=cache.hit-ratio", "--check=locks.waiting", "--check=transactions.long",
                    "--check=transactions.wraparound", "--check=replication.lag",
                ]),
            .init(
                "maintenance:daily:db-performance",
                arguments: [
                    "--check=database.response-time", "--check=cache.hit-ratio", "--check=connections.used",
                    "--check=locks.waiting", "--check=transactions.long",
                ]),
            .init(
                "maintenance:daily:app-performance",
                arguments: ["--check=endpoint.answer", "--check=endpoint.response-time"]),
            .init(
                "maintenance:morning:functionality-check",
                arguments: ["--check=suite.steps", "--check=endpoint.answer"]),
            .init(
                "monitor:resources",
                arguments: [
                    "--check=host.cpu", "--check=host.memory", "--check=host.disk", "--check=host.inodes",
                    "--check=host.load", "--check=connections.used",
                ], implied: ["--alert-thresholds", "--alert-on-threshold"]),
        ])

    private let checks: [Check]

    package init(_ options: Options) {
        checks = HealthChecks.all.filter { check in
            (options.check.isEmpty || options.check.contains(check.name)) && !options.skip.contains(check.name)
        }
    }

    package func survey(_ look: Look) async throws -> Observation {
        // Resources beside each other: one that does not answer must not hold up the others.
        try await withThrowingTaskGroup(of: (Int, Observation).self) { group in
            for (index, resource) in look.resources.enumerated() {
                let own = HealthChecks.of(resource).filter { check in checks.contains { $0.name == check.name } }
                guard !own.isEmpty else { continue }
                group.addTask {
                    look.tell("\(own.count) checks of \(resource.name)")
                    return (
                        index, try await CheckRunner(look, resource).run(own, gate: HealthChecks.gate(resource.kind))
                    )
                }
            }
            var parts: [(Int, Observation)] = []
            for try await part in group { parts.append(part) }
            var observation = Observation()
            for (_, part) in parts.sorted(by: { $0.0 < $1.0 }) { observation.merge(part) }
            // What one resource could not answer is not over there because another of its kind has answered.
            for (_, part) in parts {
                observation.examined.subtract(Set(part.checks.map(\.code)).subtracting(part.examined))
            }
            let score = HealthScore(observation.checks.map(\.state))
            if let percentage = score.percentage {
                observation.measurements.append(
                    Measurement("health", look.target, unit: .percent, value: percentage.value))
                observation.evidence["health"] = .number(percentage.value)
                observation.evidence["arithmetic"] = .text(score.arithmetic)
            }
            return observation
        }
    }
}

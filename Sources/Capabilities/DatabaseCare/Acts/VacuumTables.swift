import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// VACUUM of exactly the tables that need it.
package struct VacuumTables: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Dead rows, in percent of all, from which a table needs it.", valueName: "percent"))
        package var dead = 10.0

        @Option(help: ArgumentHelp("Tables with fewer dead rows than this are left alone.", valueName: "count"))
        package var minimumRows = 1_000

        @Option(
            help: ArgumentHelp(
                "Transactions since a table's oldest, from which its rows are frozen.", valueName: "count"))
        package var freezeAge = 150_000_000

        @Option(help: ArgumentHelp("The pause after each portion of work; 0s for none.", valueName: "duration"))
        package var delay: Duration = .milliseconds(2)

        @Flag(help: "Every table.")
        package var everything = false

        package init() {}

        package func validate() throws {
            guard (0...100).contains(dead) else { throw ValidationError("'--dead' is between 0 and 100") }
            guard minimumRows >= 0 else { throw ValidationError("'--minimum-rows' is not negative") }
            guard freezeAge >= 0 else { throw ValidationError("'--freeze-age' is not negative") }
            guard delay >= .zero, delay <= .milliseconds(100) else {
                throw ValidationError("'--delay' is at most 100ms, as the server has it")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.vacuum",
        summary: "remove dead rows and freeze old ones, where it is needed",
        explanation: """
            Runs VACUUM (ANALYZE) on the tables with 10 % dead rows or more (and at least a thousand), the most first, and \
            with FREEZE on those whose oldest transaction is 150 million old, before autovacuum has to do it in the middle \
            of the day. It takes a SHARE UPDATE EXCLUSIVE lock: reads and writes go on. After each portion of work it \
            sleeps as autovacuum does (2 ms), so that others do not feel it. Each table is proved by the server's own \
            counter of manual VACUUM runs; how many dead rows there were and are is recorded. Rows that an old transaction \
            still sees cannot be removed by anybody: 'db doctor --only=vacuum.horizon' says who holds them.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("db:vacuum")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        observation.examined = ["DB003"]
        let tables = try await CareTable.all(session)
        var needed: [(table: CareTable, reason: String, freezes: Bool)] = []
        for table in tables {
            let freezes = table.age >= Int64(options.freezeAge)
            guard let reason = reason(table, freezes) else { continue }
            needed.append((table, reason, freezes))
        }
        // What grows old can stop the server; what is dead only slows it.
        needed.sort { ($1.freezes ? 1 : 0, $1.table.deadRows) < ($0.freezes ? 1 : 0, $0.table.deadRows) }
        for (table, reason, freezes) in needed {
            guard table.mayVacuum else {
                observation.findings.append(notOurs(table, reason, look))
                continue
            }
            let history = try await look.log.durations(
                kind: VacuumAct.kind, object: table.name.description, task: Self.declaration.name, target: look.target)
            observation.changes.append(
                VacuumAct.change(table, freezes: freezes, reason: reason, history: history))
        }
        observation.evidence = ["tables": Scalar(tables.count), "in need": Scalar(needed.count)]
        observation.measurements = [
            Measurement(
                "rows.dead", look.target, unit: .count, value: Double(tables.map(\.deadRows).reduce(0, +)))
        ]
        return observation
    }

    private func reason(_ table: CareTable, _ freezes: Bool) -> String? {
        let share = Percentage(Double(table.deadRows), of: Double(max(1, table.deadRows + table.liveRows)))
        if freezes { return "its oldest transaction is \(table.age.grouped) old" }
        if share.value >= options.dead, table.deadRows >= Int64(max(1, options.minimumRows)) {
            return "\(table.deadRows.grouped) dead rows (\(share))"
        }
        return options.everything ? "asked for" : nil
    }

    private func notOurs(_ table: CareTable, _ reason: String, _ look: Look) -> Finding {
        Finding(
            code: "DB003", severity: .warning, target: look.target, object: table.name.description,
            summary: "it needs VACUUM (\(reason)), and this role may not do it",
            evidence: ["dead rows": .integer(table.deadRows)],
            mend: "let Mainstay use the role that owns \(table.name.quoted), or a member of it")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await VacuumAct.inspect(change, try await look.database())
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        try await VacuumAct(delay: options.delay == .zero ? nil : options.delay).apply(change, act)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await VacuumAct.prove(change, before: witness, try await look.database())
    }
}

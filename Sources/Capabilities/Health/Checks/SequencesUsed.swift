import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let sequencesUsed = Check(
        CheckSchema(
            name: "sequences.used",
            summary: "how much of its range the fullest sequence has used",
            thresholds: GuideThresholds.sequence, every: .seconds(600)),
        code: "HC015",
        title: "Fullest sequence",
        kind: .postgresql,
        explanation: """
            A sequence that reaches its maximum makes every further insert fail; an integer key does so at \
            2,147,483,647. This is the fullest sequence of the database that does not cycle. Give its column and the \
            sequence the type bigint before that; on a large table that needs preparation. Sequences whose value this \
            role may not read are a gap and not zero.
            """,
        source: "https://www.postgresql.org/docs/current/view-pg-sequences.html"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select schemaname as schema, sequencename as name, last_value::float8 as last, min_value::float8 as minimum,
                max_value::float8 as maximum, increment_by > 0 as ascends,
                pg_catalog.has_sequence_privilege(
                    pg_catalog.format('%I.%I', schemaname, sequencename), 'USAGE, SELECT') as readable
            from pg_catalog.pg_sequences where not cycle
            order by schemaname, sequencename
            """)
        var fullest: (name: QualifiedName, share: Double)?
        var unreadable: [QualifiedName] = []
        for row in rows {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            guard try row["readable", as: Bool.self] else {
                unreadable.append(name)
                continue
            }
            // NULL: not used yet.
            guard let last = try row["last", as: Double?.self] else { continue }
            let (low, high) = (try row["minimum", as: Double.self], try row["maximum", as: Double.self])
            let used = try row["ascends", as: Bool.self] ? last - low : high - last
            let share = Percentage(used, of: max(1, high - low)).value
            if share >= fullest?.share ?? 0 { fullest = (name, share) }
        }
        var reading = Reading(value: fullest?.share ?? 0)
        reading.summary =
            fullest.map { "\($0.name) has used \(Percentage($0.share)) of its range (\(context.limits.text))" }
            ?? "no sequence is in use"
        if let fullest { reading.evidence["sequence"] = .text(fullest.name.description) }
        if let first = unreadable.first {
            reading.gaps.append(
                Observation.Gap(
                    "\(unreadable.count) sequence\(unreadable.count == 1 ? "" : "s") at \(context.target)",
                    UnreadableSequences(first: first, count: unreadable.count)))
            if context.limits.judge(reading.value ?? 0) == .passed { reading.state = .unknown }
        }
        return reading
    }
}

/// Sequences whose value the role may not read.
struct UnreadableSequences: MaintenanceError {
    var first: QualifiedName
    var count: Int

    var code: String { "health.unreadable-sequences" }
    var problem: String {
        count == 1 ? "this role may not read \(first)" : "this role may not read \(first) and \(count - 1) more"
    }
    var hint: String? {
        "Let it look: grant select on all sequences in schema \(first.schema.displayedIdentifier) to …;"
    }
    var exitStatus: ExitStatus { .configuration }
}

import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let dataConsistency = Check(
        CheckSchema(
            name: "data.consistency", summary: "how many constraints a sample of each table breaks",
            thresholds: .init(.count, warning: 1, critical: nil), timeout: .seconds(1_800), every: .seconds(6 * 3_600),
            options: [
                .init(
                    "sample-size", .count(1...1_000_000_000), standard: 1_000,
                    summary: "rows of each table that are looked at")
            ],
            guideKeys: ["data_consistency"]),
        code: "HC014",
        title: "Data consistency",
        kind: .postgresql,
        explanation: """
            Looks at a sample of each table's rows, 1,000 unless told otherwise, and verifies them against the table's \
            foreign keys, NOT NULL, unique and check constraints: those that are NOT VALID, and those the server believes in, \
            which a broken index, a broken disk, or a load with session_replication_role = replica can have made untrue. A \
            sample that finds nothing proves nothing about the other rows; 'mainstay data validate-relationships' looks at \
            all of them and shows the statements that mend. Tables this role may not read are named.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-constraints.html",
        mend: "mainstay data validate-relationships --environment {environment}"
    ) { context in
        let rows = context.limits.count("sample-size")
        let session = try await context.look.database(context.resource)
        let verification = try await ConstraintVerifier(session, extent: .sample(rows: rows))
            .verify([.foreignKey, .notNull, .unique, .check])
        let violated = verification.violated
        let verified = verification.verdicts.count - verification.unverified.count
        var reading = Reading(value: Double(violated.count))
        let sample = "sample of \(rows.grouped) rows a table"
        if violated.isEmpty {
            reading.summary =
                verified == 0
                ? "\(sample): no constraint to verify"
                : "\(sample): all \(verified.grouped) constraints hold"
        } else {
            let first = violated.prefix(3).map(\.description).joined(separator: "; ")
            let rest = violated.count > 3 ? "; and \(violated.count - 3) more" : ""
            reading.summary =
                "\(sample): \(violated.count) of \(verified.grouped) constraints are broken: \(first)\(rest)"
        }
        reading.evidence = ["constraints": Scalar(verified), "sample": Scalar(rows)]
        for (index, verdict) in violated.prefix(20).enumerated() {
            reading.evidence["broken \((index + 1).padded(2))"] = .text(verdict.description)
        }
        reading.gaps = UnverifiedTable.all(verification, at: context.target)
        if !reading.gaps.isEmpty, violated.isEmpty { reading.state = .unknown }
        return reading
    }
}

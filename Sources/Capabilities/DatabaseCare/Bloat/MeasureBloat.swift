import ArgumentParser
import Command
import Engine
import Maintenance
import PostgreSQL

/// How much of the largest tables and indexes is empty or dead.
package struct MeasureBloat: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Smaller tables and indexes are left out.", valueName: "size"))
        package var minimumSize = ByteCount(10_485_760)

        @Option(help: ArgumentHelp("How many tables and indexes are weighed, the largest first.", valueName: "count"))
        package var most = 50

        @Option(help: ArgumentHelp("From which share on it is a finding.", valueName: "percent"))
        package var bloat = 50.0

        package init() {}

        package func validate() throws {
            guard (1...10_000).contains(most) else { throw ValidationError("'--most' is between 1 and 10,000") }
            guard (0...100).contains(bloat) else { throw ValidationError("'--bloat' is between 0 and 100") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.bloat",
        summary: "estimate how much of the largest tables and indexes is empty",
        explanation: """
            Weighs the rows on up to a thousand whole pages of each of the largest tables (8 MB), evenly over all of it, \
            and says what share of its pages is empty or dead, and how many points that may be beside the truth. For a \
            B-tree it says what a rebuild would gain: measured where the extension pgstattuple is installed, else from \
            the weight of its keys. Where that cannot be said to five points, it says 'unknown' and why, and never a \
            number. Room in a table is filled again by new rows; it is a finding from half of the table on. Each share is \
            recorded, so that it is seen to grow.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [.init("db:bloat")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        var observation = Observation()
        observation.examined = ["DB004", "DB005"]
        let tables = try await CareTable.all(session).filter { $0.bytes >= options.minimumSize.bytes }
            .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }.prefix(options.most)
        var rows: [[Scalar]] = []
        for table in tables {
            look.tell("weighing \(table.name)")
            let bloat = try await TableBloat().estimate(table.name, session)
            rows.append(row("table", table.name, table.bytes, bloat))
            note(bloat, table.name, table.bytes, "table.bloat", "DB004", look, in: &observation)
        }
        let indexes = try await CareIndex.all(session, leastBytes: options.minimumSize.bytes)
            .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }.prefix(options.most)
        for index in indexes {
            look.tell("weighing \(index.name)")
            let bloat = try await IndexBloat().estimate(index, session).bloat
            rows.append(row("index", index.name, index.bytes, bloat))
            note(bloat, index.name, index.bytes, "index.bloat", "DB005", look, in: &observation)
        }
        observation.listings = [
            Listing(
                "Bloat",
                [
                    "kind", "name", Listing.Column("size", .bytes), Listing.Column("bloat", .percent),
                    Listing.Column("error", .percent), "how it is known",
                ], rows)
        ]
        observation.evidence = ["tables": Scalar(tables.count), "indexes": Scalar(indexes.count)]
        return observation
    }

    private func row(_ kind: String, _ name: QualifiedName, _ bytes: Int64, _ bloat: Bloat) -> [Scalar] {
        let head: [Scalar] = [.text(kind), .text(name.description), .integer(bytes)]
        switch bloat {
        case .estimated(let share, let error, let source):
            return head + [.number(share.rounded()), .number(error.rounded()), .text(source)]
        case .unknown(let reason): return head + [.null, .null, .text("unknown: \(reason)")]
        }
    }

    private func note(
        _ bloat: Bloat, _ name: QualifiedName, _ bytes: Int64, _ series: String, _ code: String, _ look: Look,
        in observation: inout Observation
    ) {
        guard case .estimated(let share, let error, let source) = bloat else { return }
        observation.measurements.append(
            Measurement(series, look.target, object: name.description, unit: .percent, value: share))
        guard share >= options.bloat else { return }
        let wasted = ByteCount(Int64(Double(bytes) * share / 100))
        observation.findings.append(
            Finding(
                code: code, severity: .info, target: look.target, object: name.description,
                summary: "about \(Percentage(share.rounded())) of it (\(wasted)) is empty or dead",
                evidence: [
                    "bytes": .integer(bytes), "share": .number(share), "error": .number(error),
                    "known by": .text(source),
                ],
                mend: code == "DB005"
                    ? "mainstay db reindex"
                    : "new rows fill it again; pg_repack, or VACUUM FULL in a window, gives it back"))
    }
}

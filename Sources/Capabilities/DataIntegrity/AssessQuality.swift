import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// How good the values in each table are, as far as that can be told from outside.
package struct AssessQuality: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("How many rows of each table are read.", valueName: "count"))
        package var rows = 10_000

        @Option(help: ArgumentHelp("From which share of a table's rows on something is told.", valueName: "percent"))
        package var share = 1.0

        @Option(help: ArgumentHelp("These tables alone.", valueName: "name,…"))
        package var table: String?

        package init() {}

        package func validate() throws {
            guard (100...1_000_000).contains(rows) else {
                throw ValidationError("'--rows' is between 100 and 1,000,000")
            }
            guard (0...100).contains(share) else { throw ValidationError("'--share' is between 0 and 100") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "data.quality",
        summary: "assess the values in each table: gaps, formats, ranges, duplicates",
        explanation: """
            Reads up to 10,000 rows of each table, from blocks all over it, and counts what values should not be: text that \
            is empty instead of NULL, that begins or ends with white space or holds a word for nothing ('n/a'), mail \
            addresses that are none, dates before 1900 or more than a century ahead, columns that no row fills, and, where \
            no key forbids it, rows that are there twice. Told is what one row of a hundred or more has. Values themselves \
            are never shown or kept. What is right for a column only its team knows: their own rules are checks of the kind \
            'sql'. Tables that the role may not read are named.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [.init("data:quality"), .init("maintenance:monthly:data-quality")])

    private struct Table: Sendable {
        var name: QualifiedName
        var estimated: Double
        var hasKey: Bool
        var mayRead: Bool
        var columns: [QualityColumn]
    }

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database().unfiltered.with(settings: ["search_path": ""])
        let wanted = options.table.map { Set($0.split(separator: ",").map { String($0).trimmingWhitespace() }) }
        var observation = Observation()
        var rows: [[Scalar]] = []
        var read = 0
        for table in try await tables(session)
        where wanted.map({ $0.contains(table.name.name) || $0.contains("\(table.name.schema).\(table.name.name)") })
            ?? true
        {
            guard table.mayRead else {
                observation.gaps.append(
                    Observation.Gap(table.name.description, IntegrityError.noRight("read the table")))
                continue
            }
            look.tell("reading \(table.name)")
            do {
                let quality = try await TableQuality.read(
                    table.name, table.columns, hasKey: table.hasKey, estimated: table.estimated, most: options.rows,
                    session)
                read += 1
                rows.append(row(quality, table))
                observation.findings += findings(quality, table, look)
            } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
                observation.gaps.append(Observation.Gap(table.name.description, error))
            }
        }
        if observation.gaps.isEmpty, wanted == nil { observation.examined = ["DI020", "DI021", "DI022"] }
        observation.listings = [
            Listing(
                "Quality",
                [
                    "table", Listing.Column("rows read", .count), Listing.Column("values filled", .percent),
                    Listing.Column("doubtful", .count),
                ], rows)
        ]
        observation.evidence = ["tables": Scalar(read), "findings": Scalar(observation.findings.count)]
        return observation
    }

    private func row(_ quality: TableQuality, _ table: Table) -> [Scalar] {
        let nulls = quality.counts.values.reduce(0) { $0 + ($1[.null] ?? 0) }
        let values = quality.rows * Int64(table.columns.count)
        let doubtful = quality.counts.values.flatMap { $0 }.filter { $0.key.text != nil }.reduce(0) { $0 + $1.value }
        return [
            .text(quality.table.description), .integer(quality.rows),
            values > 0 ? .number((100 * Double(values - nulls) / Double(values)).rounded()) : .null,
            .integer(doubtful + (quality.duplicates ?? 0)),
        ]
    }

    private func findings(_ quality: TableQuality, _ table: Table, _ look: Look) -> [Finding] {
        let of = quality.isWhole ? "of \(quality.rows.grouped) rows" : "of a sample of \(quality.rows.grouped) rows"
        var found: [Finding] = []
        for column in table.columns {
            for (question, count) in (quality.counts[column.name] ?? [:]).sorted(by: {
                $0.key.rawValue < $1.key.rawValue
            }) {
                guard let text = question.text, count > 0,
                    Double(count) >= options.share / 100 * Double(quality.rows)
                else { continue }
                found.append(
                    Finding(
                        code: "DI020", severity: .info, target: look.target,
                        object: "\(table.name).\(column.name.displayedIdentifier), \(question.rawValue)",
                        summary: "\(count.grouped) \(of) \(text)",
                        evidence: ["rows": .integer(count), "rows read": .integer(quality.rows)]))
            }
        }
        if let duplicates = quality.duplicates, duplicates > 0,
            Double(duplicates) >= options.share / 100 * Double(quality.rows)
        {
            found.append(
                Finding(
                    code: "DI021", severity: .warning, target: look.target, object: table.name.description,
                    summary: "\(duplicates.grouped) \(of) are there again in every column, and no key forbids it",
                    evidence: ["rows": .integer(duplicates), "rows read": .integer(quality.rows)],
                    mend: "give the table a key: mainstay db doctor --only=tables.no-primary-key"))
        }
        for name in quality.unfilled(table.columns) {
            found.append(
                Finding(
                    code: "DI022", severity: .info, target: look.target,
                    object: "\(table.name).\(name.displayedIdentifier)", summary: "it is NULL in all \(of)",
                    evidence: ["rows read": .integer(quality.rows)]))
        }
        return found
    }

    private func tables(_ session: SurveySession) async throws -> [Table] {
        try await session.query(
            """
            select n.nspname::text as schema, c.relname::text as name, greatest(c.reltuples,
                    pg_catalog.pg_stat_get_live_tuples(c.oid), 0)::float8 as estimated,
                exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid
                    and i.indpred is null) as has_key,
                pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                    and pg_catalog.has_table_privilege(c.oid, 'SELECT') as may_read,
                array(select a.attname::text from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
                array(select t.typname::text from pg_catalog.pg_attribute a
                    join pg_catalog.pg_type t on t.oid = a.atttypid
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as types,
                array(select (not a.attnotnull)::int from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as nullable
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema')
                and n.nspname !~ '^pg_' and n.nspname <> \(RemovalAct.schema)
                and not exists (select from pg_catalog.pg_depend e where e.classid = 'pg_catalog.pg_class'::regclass
                    and e.objid = c.oid and e.deptype = 'e')
            order by n.nspname, c.relname
            """
        ).map { row in
            let names: [String] = try row["columns"]
            let types: [String] = try row["types"]
            let nullable: [Int] = try row["nullable"]
            let columns = names.indices.map { place in
                QualityColumn(name: names[place], type: types[place], isNullable: nullable[place] == 1)
            }
            return Table(
                name: QualifiedName(schema: try row["schema"], name: try row["name"]), estimated: try row["estimated"],
                hasKey: try row["has_key"], mayRead: try row["may_read"], columns: columns)
        }
    }
}

import Maintenance

extension ConstraintVerifier {
    func verify(_ key: ForeignKey) async throws -> ConstraintVerdict {
        func verdict(_ finding: Finding) -> ConstraintVerdict {
            ConstraintVerdict(
                kind: .foreignKey, table: key.child.name, name: key.name, columns: key.columns,
                isValidated: key.isValidated, sample: finding.sample, outcome: finding.outcome)
        }
        let pairs = zip(zip(key.columns, key.parentColumns), zip(key.operators, key.collations)).map { columns, signs in
            "(parent.\(identifier: columns.1) \(SQL(trusted: signs.0)) child.\(identifier: columns.0)\(SQL(trusted: signs.1)))"
                as SQL
        }
        let nulls = key.columns.map { "child.\(identifier: $0)" as SQL }.joined(separator: ", ")
        var matching = pairs.joined(separator: " and ")
        // Rows that overlap a PERIOD have to cover it together; the aggregate of none is NULL.
        if key.isTemporal, let own = key.columns.last, let theirs = key.parentColumns.last {
            matching += " having child.\(identifier: own) <@ pg_catalog.range_agg(parent.\(identifier: theirs))"
        }
        // MATCH SIMPLE lets a row go as soon as one column is NULL, MATCH FULL only if all are.
        let orphan: SQL = """
            pg_catalog.num_nulls(\(nulls)) = 0 and not exists (
                select from \(key.parent.source) as parent where \(matching))
            """
        let condition: SQL =
            key.match == "f"
            ? "(\(orphan)) or pg_catalog.num_nulls(\(nulls)) between 1 and \(key.columns.count) - 1" : orphan
        let shown = key.columns + key.keyColumns.filter { !key.columns.contains($0) }
        let sql = statement(
            key: self.key(shown, of: "child"), columns: shown.map { "\(identifier: $0)" }, rows: key.child.source,
            sampled: key.child.sampled, alias: "child", where: condition)
        return verdict(try await look([key.child, key.parent], sql))
    }

    /// One pass over the table for all its columns; offenders are asked for only where there are some.
    func verify(_ table: NotNullColumns) async throws -> [ConstraintVerdict] {
        // Not `IS NULL`, which newer planners answer from the constraint itself.
        let counts = table.columns
            .map { "count(*) filter (where pg_catalog.num_nulls(\(identifier: $0)) > 0)" as SQL }
            .joined(separator: ", ")
        let source: SQL
        let examined: SQL
        switch extent {
        case .exact:
            source = table.table.source
            examined = "null::bigint"
        case .sample(let rows):
            source = "(select \(identifiers: table.columns) from \(table.table.sampled(rows)) limit \(rows)) as looked"
            examined = "count(*)"
        }
        func verdict(_ column: String, _ finding: Finding) -> ConstraintVerdict {
            ConstraintVerdict(
                kind: .notNull, table: table.table.name, name: column, columns: [column],
                isValidated: !table.unvalidated.contains { $0.hasSameBytes(as: column) }, sample: finding.sample,
                outcome: finding.outcome)
        }
        let all = try await look(
            [table.table],
            """
            select examined, violations, counts::text[] as keys from (
                select \(examined) as examined, array[\(counts)] as counts
                from \(source)) as counted
                cross join lateral (
                    select coalesce(sum(c), 0)::bigint as violations from pg_catalog.unnest(counts) c) as total
            """)
        guard case .violated(_, let numbers) = all.outcome else { return table.columns.map { verdict($0, all) } }
        var verdicts: [ConstraintVerdict] = []
        for (column, number) in zip(table.columns, numbers) {
            guard let count = Int64(number), count > 0 else {
                verdicts.append(verdict(column, Finding(sample: all.sample, outcome: .holds)))
                continue
            }
            let keys = try await look(
                [table.table],
                """
                select null::bigint as examined, 1::bigint as violations, array(
                    select \(key(table.keyColumns, of: "t")) from \(table.table.source) as t
                    where pg_catalog.num_nulls(t.\(identifier: column)) > 0 limit \(keyLimit)) as keys
                """)
            var names: [String] = []
            if case .violated(_, let found) = keys.outcome { names = found }
            verdicts.append(verdict(column, Finding(sample: all.sample, outcome: .violated(count: count, keys: names))))
        }
        return verdicts
    }

    func verify(_ key: UniqueKey) async throws -> ConstraintVerdict {
        let names = key.expressions.indices.map { "k\($0)" }
        let columns = zip(key.expressions, names).map { "\(SQL(trusted: $0)) as \(identifier: $1)" as SQL }
        let list = columns.joined(separator: ", ")
        let filter: SQL = key.predicate.map { "where \(SQL(trusted: $0))" } ?? ""
        let values: SQL = "\(identifiers: names)"
        let keyed: SQL = key.nullsAreDistinct ? "pg_catalog.num_nulls(\(values)) = 0" : "true"
        let shown: SQL = "\("(\(key.expressions.joined(separator: ", "))) = ")::text || row(\(values))::text"
        let finding: Finding
        switch extent {
        case .exact:
            // From the table itself: an index that is broken would vouch for itself.
            let sql: SQL = """
                with bad as (
                    select \(shown) as key from (select \(list) from \(key.table.source) \(filter)) as keys
                    where \(keyed) group by \(values) having count(*) > 1)
                select null::bigint as examined, (select count(*) from bad) as violations,
                    array(select key from bad limit \(keyLimit)) as keys
                """
            let scanning = session.with(
                settings: ["enable_indexscan": "off", "enable_indexonlyscan": "off", "enable_bitmapscan": "off"])
            finding = try await look([key.table], in: scanning, sql)
        case .sample(let rows):
            let equal =
                names
                .map { "others.\(identifier: $0) = looked.\(identifier: $0)" as SQL }.joined(separator: " and ")
            let sampledKeys = names.map { "looked.\(identifier: $0)" as SQL }.joined(separator: ", ")
            let sql: SQL = """
                with looked as materialized (
                        select \(list), tableoid as place_table, ctid as place
                        from \(key.table.sampled(rows)) \(filter) limit \(rows)),
                    bad as (
                        select distinct \("(\(key.expressions.joined(separator: ", "))) = ")::text
                            || row(\(sampledKeys))::text as key
                        from looked
                        where exists (
                            select from (select \(list), ctid as place from \(key.table.source) \(filter)) as others
                            where \(equal) and others.place <> looked.place))
                select (select count(*) from looked) as examined, (select count(*) from bad) as violations,
                    array(select key from bad limit \(keyLimit)) as keys
                """
            finding = try await look([key.table], sql)
        }
        return ConstraintVerdict(
            kind: .unique, table: key.table.name, name: key.name, columns: key.expressions, isValidated: key.isValid,
            sample: finding.sample, outcome: finding.outcome)
    }

    /// The expression names its columns bare and the whole row by the table's name, so the table has no alias but its own.
    func verify(_ constraint: CheckConstraint) async throws -> ConstraintVerdict {
        let finding: Finding
        if constraint.isExclusion {
            finding = Finding(outcome: .unverified("nothing but its own index could compare it"))
        } else {
            let table: SQL = "\(identifier: constraint.table.name.name)"
            let sql = statement(
                key: key(constraint.keyColumns, of: table), columns: ["*"], rows: constraint.table.source,
                sampled: constraint.table.sampled, alias: table,
                where: "(\(SQL(trusted: constraint.expression))) is false")
            finding = try await look([constraint.table], sql)
        }
        return ConstraintVerdict(
            kind: constraint.isExclusion ? .exclusion : .check, table: constraint.table.name, name: constraint.name,
            columns: constraint.columns, isValidated: constraint.isValidated, sample: finding.sample,
            outcome: finding.outcome)
    }
}

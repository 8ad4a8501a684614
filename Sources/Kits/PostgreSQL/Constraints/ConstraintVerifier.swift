import Maintenance

/// Looks at rows to see whether the constraints of a database hold: those that are NOT VALID, and those the server
/// believes in, which a broken index, a broken disk or `session_replication_role = replica` can have made untrue.
package struct ConstraintVerifier: Sendable {
    let session: SurveySession
    let extent: VerificationExtent
    let keyLimit: Int

    /// - Parameters:
    ///   - extent: every row, or a sample of each table.
    ///   - keys: how many offenders are named for each constraint.
    package init(_ session: SurveySession, extent: VerificationExtent, keys: Int = 10) {
        // Row security must not hide a row; a constraint must not be taken for granted by the planner; and definitions
        // are written for the search path under which they run.
        self.session = session.unfiltered.with(
            settings: [
                "search_path": "", "constraint_exclusion": "off", "enable_indexscan": "on",
                "enable_indexonlyscan": "on", "enable_bitmapscan": "on",
            ])
        self.extent = extent
        keyLimit = keys
    }

    /// All constraints of the users' tables, or those of `kinds`, one statement each.
    ///
    /// A statement that fails (a time-out, a function that is gone) makes its constraint unverified, with the reason.
    ///
    /// - Parameters:
    ///   - among: those of this table alone; all where nil.
    ///   - begins: told what is looked at next, a table and its constraint, with how many there are of its kind.
    /// - Throws: `PostgreSQLError` when the catalog cannot be read or the connection is lost.
    package func verify(
        _ kinds: Set<ConstraintVerdict.Kind> = Set(ConstraintVerdict.Kind.allCases),
        among: QualifiedName? = nil, begins: @Sendable (String) -> Void = { _ in }
    ) async throws -> ConstraintVerification {
        var verdicts: [ConstraintVerdict] = []
        func tell(_ kind: ConstraintVerdict.Kind, _ table: ConstrainedTable, _ number: Int, of count: Int) {
            begins("\(kind.rawValue) \(number + 1) of \(count): \(table.name)")
        }
        if kinds.contains(.foreignKey) {
            let rows = try await session.query(ForeignKey.survey)
            for (number, row) in rows.enumerated() {
                let key = try ForeignKey(row)
                guard among == nil || among == key.child.name else { continue }
                tell(.foreignKey, key.child, number, of: rows.count)
                verdicts.append(try await verify(key))
            }
        }
        if kinds.contains(.notNull) {
            let rows = try await session.query(NotNullColumns.survey)
            for (number, row) in rows.enumerated() {
                let columns = try NotNullColumns(row)
                guard among == nil || among == columns.table.name else { continue }
                tell(.notNull, columns.table, number, of: rows.count)
                verdicts += try await verify(columns)
            }
        }
        if kinds.contains(.unique) {
            let rows = try await session.query(UniqueKey.survey)
            for (number, row) in rows.enumerated() {
                let key = try UniqueKey(row)
                guard among == nil || among == key.table.name else { continue }
                tell(.unique, key.table, number, of: rows.count)
                verdicts.append(try await verify(key))
            }
        }
        if kinds.contains(.check) || kinds.contains(.exclusion) {
            let rows = try await session.query(CheckConstraint.survey)
            for (number, row) in rows.enumerated() {
                let constraint = try CheckConstraint(row)
                guard among == nil || among == constraint.table.name else { continue }
                guard kinds.contains(constraint.isExclusion ? .exclusion : .check) else { continue }
                tell(.check, constraint.table, number, of: rows.count)
                verdicts.append(try await verify(constraint))
            }
        }
        return ConstraintVerification(verdicts: verdicts)
    }

    /// What one statement found: the columns `examined` (of a sample), `violations` and `keys`.
    struct Finding {
        var sample: Int64?
        var outcome: ConstraintVerdict.Outcome
    }

    /// Runs the statement of one constraint, unless something is in the way.
    func look(_ tables: [ConstrainedTable], in session: SurveySession? = nil, _ sql: SQL) async throws -> Finding {
        if let obstacle = tables.compactMap(\.obstacle).first { return Finding(outcome: .unverified(obstacle)) }
        do {
            let row = try await (session ?? self.session).query(SurveySQL(sql)).only
            let count: Int64 = try row["violations"]
            let sample: Int64? = try row["examined"]
            return Finding(
                sample: sample, outcome: count == 0 ? .holds : .violated(count: count, keys: try row["keys"]))
        } catch let refusal as SurveyRefusal {
            return Finding(outcome: .unverified(refusal.problem))
        } catch let error as PostgreSQLError {
            switch error {
            case .connectionLost, .closed, .cancelled, .serverNotReady: throw error
            default: return Finding(outcome: .unverified(error.problem))
            }
        }
    }

    /// A statement over the rows that break a constraint.
    ///
    /// - Parameters:
    ///   - key: what a broken row is named by.
    ///   - rows: FROM item of all rows; `sampled` that of a sample, whose columns are `columns`.
    func statement(
        key: SQL, columns: [SQL], rows: SQL, sampled: (Int) -> SQL, alias: SQL, where condition: SQL
    ) -> SQL {
        switch extent {
        case .exact:
            return """
                with bad as (select \(key) as key from \(rows) as \(alias) where \(condition))
                select null::bigint as examined, (select count(*) from bad) as violations,
                    array(select key from bad limit \(keyLimit)) as keys
                """
        case .sample(let count):
            let list = columns.isEmpty ? "1 as nothing" : columns.joined(separator: ", ")
            return """
                with looked as materialized (select \(list) from \(sampled(count)) limit \(count)),
                    bad as (select \(key) as key from looked as \(alias) where \(condition))
                select (select count(*) from looked) as examined, (select count(*) from bad) as violations,
                    array(select key from bad limit \(keyLimit)) as keys
                """
        }
    }

    /// `(id, name) = (7,"x")`.
    func key(_ columns: [String], of alias: SQL) -> SQL {
        guard !columns.isEmpty else { return "'a row without a key'" }
        let values = columns.map { "\(alias).\(identifier: $0)" as SQL }.joined(separator: ", ")
        let names = columns.map(\.displayedIdentifier).joined(separator: ", ")
        return "\("(\(names)) = ")::text || row(\(values))::text"
    }
}

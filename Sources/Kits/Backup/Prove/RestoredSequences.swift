import Maintenance
import PostgreSQL

extension RestoredDatabase {
    /// The value of each sequence, which pg_dump read at some moment between the two that the manifest holds.
    func sequences() async throws -> Comparison {
        try await DatabaseSnapshot.with(address) { snapshot in
            var result = Comparison()
            let definitions = try await BackupManifest.Sequence.Definition.all(snapshot)
            let states = try await BackupManifest.Sequence.states(of: definitions) { try await snapshot.query($0) }
            let found = Dictionary(definitions.map { ($0.name, states[$0.oid]) }) { first, _ in first }
            var moved: [String] = []
            for sequence in manifest.sequences {
                let name = sequence.name.description
                guard let state = found[sequence.name] ?? nil else {
                    result.differences.append(.init(kind: "sequence", name: name, problem: "it was not restored"))
                    continue
                }
                switch sequence.verdict(on: state) {
                case .fits: break
                case .moved: moved.append(name)
                case .differs(let problem):
                    result.differences.append(.init(kind: "sequence", name: name, problem: problem))
                }
            }
            let known = Set(manifest.sequences.map(\.name))
            result.differences += try await Self.ownSequences(snapshot).filter { !known.contains($0) }.map {
                .init(kind: "sequence", name: $0.description, problem: "it was restored and is in no backup")
            }
            result.notes = try await behind(snapshot)
            if !moved.isEmpty {
                result.notes.append(
                    "sequences that cycled or were set back while they were dumped are not compared: "
                        + moved.prefix(20).joined(separator: ", "))
            }
            result.parts = [
                .init(
                    kind: "sequences", count: manifest.sequences.count - moved.count,
                    method: "the value is one that it had between the beginning and the end of the dump", seconds: 0)
            ]
            return result
        }
    }

    private static func ownSequences(_ snapshot: DatabaseSnapshot) async throws -> [QualifiedName] {
        try await snapshot.query(
            """
            select n.nspname::text as schema, c.relname::text as name
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'S' and c.relpersistence <> 't'
                and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                and not exists (
                    select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
            """
        ).map { QualifiedName(schema: try $0["schema"], name: try $0["name"]) }
    }

    /// Sequences whose next value is in their column already: the next row would fail, in the source as well.
    private func behind(_ snapshot: DatabaseSnapshot) async throws -> [String] {
        let owned = try await snapshot.query(
            """
            select n.nspname::text as schema, c.relname::text as name, tn.nspname::text as table_schema,
                t.relname::text as table_name, a.attname::text as column, s.seqincrement as increment
            from pg_catalog.pg_sequence s
                join pg_catalog.pg_class c on c.oid = s.seqrelid
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')
                join pg_catalog.pg_class t on t.oid = d.refobjid and t.relkind in ('r', 'p')
                join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
                join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
            where not s.seqcycle and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
                and c.relpersistence <> 't'
            order by 1, 2
            """)
        let selects = try owned.map { row -> SQL in
            let sequence = QualifiedName(schema: try row["schema"], name: try row["name"])
            let table = QualifiedName(schema: try row["table_schema"], name: try row["table_name"])
            let column: String = try row["column"]
            let increment: Int64 = try row["increment"]
            let extreme: SQL = increment > 0 ? "max" : "min"
            return """
                select \(literal: sequence.description) as sequence,
                    \(literal: "\(table).\(column.displayedIdentifier)") as "column", s.last_value as value,
                    (select pg_catalog.\(extreme)(t.\(identifier: column)) from \(relation: table) t) as extreme,
                    s.last_value::numeric + case when s.is_called then \(literal: increment)::numeric else 0 end as next,
                    \(literal: increment > 0)::boolean as rises
                from \(relation: sequence) s
                """
        }
        var notes: [String] = []
        for start in stride(from: 0, to: selects.count, by: 100) {
            let part = selects[start..<min(start + 100, selects.count)].joined(separator: " union all ")
            let behind: SQL = """
                select sequence, "column", value::text as value, extreme::text as extreme from (\(part)) s
                where extreme is not null and (rises and next <= extreme or not rises and next >= extreme)
                """
            let rows = try await snapshot.query(try SurveySQL(behind))
            for row in rows {
                notes.append(
                    "sequence \(try row["sequence", as: String.self]) is at \(try row["value", as: String.self]), and "
                        + "\(try row["column", as: String.self]) goes to \(try row["extreme", as: String.self]), as in the "
                        + "source")
            }
        }
        return notes
    }
}

extension BackupManifest.Sequence {
    enum Verdict: Hashable {
        case fits
        /// It went round or back while it was dumped: any value is possible.
        case moved
        case differs(String)
    }

    func verdict(on state: State) -> Verdict {
        if state == before || state == after { return .fits }
        let (first, last, found) = (position(before), position(after), position(state))
        guard before == after || !isCycling && first <= last else { return .moved }
        if first <= found, found <= last { return .fits }
        let range = before == after ? Self.words(after) : "\(Self.words(before)) to \(Self.words(after))"
        return .differs("it is at \(Self.words(state)), and was at \(range) when it was dumped")
    }

    /// Along the direction it counts in: a value that was given out lies behind the same one that was not.
    private func position(_ state: State) -> (Int64, Int) {
        (increment < 0 ? ~state.value : state.value, state.isCalled ? 1 : 0)
    }

    private static func words(_ state: State) -> String {
        "\(state.value)\(state.isCalled ? "" : " (not given out yet)")"
    }
}

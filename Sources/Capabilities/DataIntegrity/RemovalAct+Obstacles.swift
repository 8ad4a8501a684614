import Maintenance
import PostgreSQL

extension RemovalAct {
    /// What else would happen to whoever removes the rows, in words; nil where nothing would.
    ///
    /// - Parameters:
    ///   - isArchived: the rows go into an archive, which a publication of everything would send on.
    ///   - isFollowed: rows of other tables may go or change with them.
    static func obstacle(
        _ rows: Rows, isArchived: Bool, isFollowed: Bool = false, _ session: SurveySession
    ) async throws -> String? {
        let row = try await session.query(
            """
            select c.relkind::text as kind,
                (select r.conrelid::regclass::text from pg_catalog.pg_constraint r
                    where r.contype = 'f' and r.confrelid = c.oid and r.confdeltype in ('c', 'n', 'd') limit 1) as follows,
                (select t.tgname::text from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
                    and t.tgenabled <> 'D' and (t.tgtype & 8) <> 0 limit 1) as trigger_name,
                (select p.pubname::text from pg_catalog.pg_publication p
                    where p.puballtables or exists (
                        select from pg_catalog.pg_publication_namespace pn
                        join pg_catalog.pg_namespace own on own.oid = pn.pnnspid
                        where pn.pnpubid = p.oid and own.nspname = \(schema)) limit 1) as publication,
                (select w.rulename::text from pg_catalog.pg_rewrite w where w.ev_class = c.oid limit 1) as rule_name,
                pg_catalog.has_table_privilege(c.oid, 'DELETE') as may_delete,
                pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') as may_create
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(rows.table.schema) and c.relname = \(rows.table.name)
            """
        ).only
        if try row["kind", as: String.self] != "r" { return "it is partitioned; remove them by hand" }
        if !isFollowed, let name = try row["follows", as: String?.self] {
            return "rows of \(name.printable) would go or change with them"
        }
        if let name = try row["trigger_name", as: String?.self] { return "its trigger '\(name.printable)' would run" }
        if let name = try row["rule_name", as: String?.self] { return "its rule '\(name.printable)' would apply" }
        if isArchived, let name = try row["publication", as: String?.self] {
            return "the publication '\(name.printable)' would send the archive to subscribers that do not have it"
        }
        guard try row["may_delete", as: Bool.self], try !isArchived || row["may_create", as: Bool.self] else {
            return "this role may not delete from it, or not create a schema"
        }
        return try await named(rows, session)
    }

    /// Of a foreign key `k`: it is the key of a whole table, and not of one of its partitions. A key that leads to a
    /// partitioned table leads to each of its partitions too, as a part of it.
    static let isOfTable: SQL = """
        not exists (select from pg_catalog.pg_constraint whole
            where whole.oid = k.conparentid and whole.confrelid = k.confrelid)
        """

    /// Who names the rows themselves and keeps them so: a foreign key without an action.
    private static func named(_ rows: Rows, _ session: SurveySession) async throws -> String? {
        let keys = try await session.query(
            """
            select n.nspname::text as schema, r.relname::text as name,
                array(select a.attname::text from unnest(k.conkey) with ordinality u (num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num
                    order by u.place) as columns,
                array(select a.attname::text from unnest(k.confkey) with ordinality u (num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num
                    order by u.place) as own_columns
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class r on r.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
            join pg_catalog.pg_class c on c.oid = k.confrelid join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
            where k.contype = 'f' and k.confdeltype in ('a', 'r') and \(isOfTable)
                and cn.nspname = \(rows.table.schema) and c.relname = \(rows.table.name)
            """)
        for key in keys {
            let table = QualifiedName(schema: try key["schema"], name: try key["name"])
            let pairs = zip(try key["columns", as: [String].self], try key["own_columns", as: [String].self])
                .map { "r.\(identifier: $0) = c.\(identifier: $1)" as SQL }.joined(separator: " and ")
            let isNamed = try await session.query(
                SurveySQL(
                    """
                    select exists (select from \(rows.source) where (\(rows.condition))
                        and exists (select from \(relation: table) r where \(pairs))) as named
                    """)
            ).only["named", as: Bool.self]
            if isNamed { return "rows of \(table) name some of them" }
        }
        return nil
    }

    /// A name that is free: `orders`, `orders_2`, ….
    ///
    /// - Parameter others: those this plan has given already.
    static func newArchive(
        for table: QualifiedName, besides others: inout Set<String>, _ session: SurveySession
    ) async throws -> QualifiedName {
        let taken = Set(
            try await session.query(
                """
                select c.relname::text as name from pg_catalog.pg_class c
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = \(schema)
                """
            ).map { try $0["name", as: String.self] }
        ).union(others)
        let base = name(of: table)
        var name = base
        var number = 1
        while taken.contains(name) {
            number += 1
            name = "\(base)_\(number)"
        }
        others.insert(name)
        return QualifiedName(schema: schema, name: name)
    }

    /// The archive that holds the old rows of a table, run after run: `public_orders_old`, or the next number where the
    /// table has changed its columns since, or where that is another table's or another role's: what runs where rows are
    /// put into it, such as a trigger, would run as ours.
    ///
    /// - Parameter others: those this plan has given already.
    static func standingArchive(
        for table: QualifiedName, by column: String, besides others: inout Set<String>, _ session: SurveySession
    ) async throws -> Archive {
        let base = "\(name(of: table, bytes: 50))_old"
        for number in 1...1_000 {
            let archive = QualifiedName(schema: schema, name: number == 1 ? base : "\(base)_\(number)")
            guard !others.contains(archive.name) else { continue }
            let row = try await session.query(
                """
                select array_agg(found.columns order by found.is_archive) as columns,
                    (array_agg(found.comment order by found.is_archive desc))[1] as origin
                from (
                    select n.nspname = \(archive.schema) and c.relname = \(archive.name) as is_archive,
                        case when c.relowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user)
                            and not (c.relhastriggers or c.relhasrules or c.relrowsecurity)
                            then pg_catalog.obj_description(c.oid, 'pg_class') end as comment,
                        c.relkind::text || ' ' || (select coalesce(string_agg(pg_catalog.quote_ident(a.attname) || ' '
                            || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum), '')
                            from pg_catalog.pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
                    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                    where n.nspname = \(archive.schema) and c.relname = \(archive.name)
                        or n.nspname = \(table.schema) and c.relname = \(table.name)) found
                """
            ).only
            let columns = try row["columns", as: [String].self]
            guard columns.count == 2 else {
                others.insert(archive.name)
                return Archive(table: archive, column: column)
            }
            if columns[0] == columns[1], try row["origin", as: String?.self] == origin(of: table) {
                others.insert(archive.name)
                return Archive(table: archive, isThere: true, column: column)
            }
        }
        throw IntegrityError.noArchive(table.description)
    }

    /// `public_orders`. The server cuts names to 63 bytes, and with them what tells two archives apart.
    private static func name(of table: QualifiedName, bytes: Int = 58) -> String {
        var base = ""
        for character in "\(table.schema)_\(table.name)" {
            guard base.utf8.count + character.utf8.count <= bytes else { break }
            base.append(character)
        }
        return base
    }
}

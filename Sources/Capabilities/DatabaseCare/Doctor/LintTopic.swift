import PostgreSQL

/// What a group of lints looks at. The sets of a topic are common table expressions that the server reads once for all
/// its lints, so that a survey costs a handful of statements and not one for each lint or object.
///
/// Objects of extensions are left out everywhere: nobody but their authors can mend them (`pg_depend.deptype` e).
/// Sizes are `relpages`, as of the last VACUUM or ANALYZE: `pg_relation_size` would wait for locks, and open a file for
/// every relation.
enum LintTopic: String, CaseIterable, Sendable {
    case indexes, tables, keys, constraints, objects, cluster, statements

    /// What stands between WITH and the lints; nil where this server has nothing to look at.
    func sets(at place: LintPlace) -> SQL? {
        switch self {
        case .indexes: "\(Self.extensions), \(Self.relations), \(Self.foreignKeys), \(Self.indexSet), \(Self.epoch)"
        case .tables: "\(Self.extensions), \(Self.relations), \(Self.epoch), \(Self.bounds)"
        case .keys: "\(Self.extensions), \(Self.relations), \(Self.columns), \(Self.ownedSequences)"
        case .constraints: "\(Self.extensions), \(Self.relations), \(Self.foreignKeys)"
        case .objects: "\(Self.extensions), \(Self.relations)"
        case .cluster: "\(Self.epoch), \(Self.checkpoints(place.serverVersion))"
        case .statements:
            place.statements.map { schema in
                """
                stm as (select * from \(identifier: schema).pg_stat_statements),
                stm_info as (select * from \(identifier: schema).pg_stat_statements_info)
                """
            }
        }
    }

    private static let extensions: SQL = """
        ext as materialized (select classid, objid from pg_depend where deptype = 'e')
        """

    /// Tables, partitioned tables and materialised views.
    private static let relations: SQL = """
        rel as materialized (
            select c.oid, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
                c.relpersistence::text as persistence, c.relpages,
                greatest(c.relpages, 0)::bigint * current_setting('block_size')::bigint as bytes,
                greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)::float8 as tuples,
                c.relispartition as is_partition, c.reloptions as options, c.relreplident::text as identity,
                c.relfrozenxid, c.relminmxid, c.relrowsecurity, c.relnatts, c.relallvisible, c.relispopulated,
                c.relowner, c.reltoastrelid, c.relhastriggers
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
                and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
                and not exists (select from ext e where e.classid = 'pg_class'::regclass and e.objid = c.oid))
        """

    /// Those that somebody declared; those of partitions follow from their parents'.
    private static let foreignKeys: SQL = """
        fk as materialized (
            select f.oid, f.conrelid, f.confrelid, f.conname::text as conname, f.conkey, f.confkey, f.convalidated,
                f.confmatchtype::text as matching, f.conindid, r.schema, r.name, r.kind, r.bytes, r.tuples,
                (select string_agg(format('%I', a.attname), ', ' order by k.n)
                    from unnest(f.conkey) with ordinality k (attnum, n)
                    join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum) as columns
            from pg_constraint f join rel r on r.oid = f.conrelid
            where f.contype = 'f' and f.conparentid = 0)
        """

    /// Arrays begin at 1; `keys` holds 0 for an expression.
    private static let indexSet: SQL = """
        ix as materialized (
            select i.indexrelid as oid, i.indrelid as table_oid, r.schema, c.relname::text as name,
                r.name as table_name, r.kind as table_kind, r.tuples, r.bytes as table_bytes, r.is_partition,
                c.relkind::text as kind, c.relispartition as is_attached, am.amname::text as method,
                c.relpages::bigint * current_setting('block_size')::bigint as bytes, c.reltuples::float8 as entries,
                i.indisunique as is_unique, i.indisprimary as is_primary, i.indisexclusion as is_exclusion,
                i.indisvalid as is_valid, i.indisready as is_ready, i.indisreplident as is_identity,
                i.indisclustered as is_clustered, i.indimmediate as is_immediate,
                i.indnkeyatts::int as key_count, i.indnatts::int as column_count,
                (i.indkey::int2[])[0:i.indnkeyatts - 1] as keys,
                case when i.indnatts > i.indnkeyatts then array(
                    select k from unnest((i.indkey::int2[])[i.indnkeyatts:i.indnatts - 1]) k order by k) end as included,
                (i.indclass::oid[])[0:i.indnkeyatts - 1] as classes,
                (i.indcollation::oid[])[0:i.indnkeyatts - 1] as collations,
                (i.indoption::int2[])[0:i.indnkeyatts - 1] as orders,
                pg_get_expr(i.indexprs, i.indrelid) as expressions, pg_get_expr(i.indpred, i.indrelid) as predicate,
                coalesce(con.owns, false) as is_constraint, coalesce(con.referenced, false) as is_referenced,
                coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as nulls_equal,
                array(select a.attoptions::text from pg_attribute a where a.attrelid = i.indexrelid order by a.attnum)
                    as class_options,
                c.reloptions as options,
                format('drop index concurrently %I.%I;', r.schema, c.relname) as dropping
            from pg_index i
            join rel r on r.oid = i.indrelid
            join pg_class c on c.oid = i.indexrelid
            join pg_am am on am.oid = c.relam
            left join (
                select conindid, bool_or(contype in ('p', 'u', 'x')) as owns, bool_or(contype = 'f') as referenced
                from pg_constraint where conindid <> 0 group by conindid) con on con.conindid = i.indexrelid)
        """

    /// Since when the counters of this database count: nobody has reset them since, and the server has not lost them in
    /// a crash, which begins all counters anew (manual, 28.2 "The Cumulative Statistics System").
    private static let epoch: SQL = """
        epoch as materialized (
            select greatest(
                (select stats_reset from pg_stat_database where datname = current_database()),
                (select stats_reset from pg_stat_bgwriter)) as since)
        """

    /// Bounds of partitions by range over one date or time: where the server wrote them so, the casts cannot fail.
    private static let bounds: SQL = """
        bounds as materialized (
            select parent, child, low, high
            from (
                select h.inhparent as parent, h.inhrelid as child,
                    substring(b.text from '^FOR VALUES FROM [(]''([^'']*)''[)] TO ') as low,
                    substring(b.text from ' TO [(]''([^'']*)''[)]$') as high
                from pg_inherits h
                join pg_partitioned_table p on p.partrelid = h.inhparent and p.partstrat = 'r' and p.partnatts = 1
                join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
                    and a.atttypid in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
                join pg_class c on c.oid = h.inhrelid
                cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as text) b) t
            where high ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:.]+([+-][0-9:]+)?)?$'
                and (low is null or low ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:.]+([+-][0-9:]+)?)?$'))
        """

    /// Counted elsewhere since version 17 (release notes of 17, "pg_stat_checkpointer").
    private static func checkpoints(_ version: Int) -> SQL {
        version >= 170_000
            ? "checkpoints as (select num_timed as timed, num_requested as requested from pg_stat_checkpointer)"
            : "checkpoints as (select checkpoints_timed as timed, checkpoints_req as requested from pg_stat_bgwriter)"
    }

    private static let columns: SQL = """
        col as materialized (
            select a.attrelid, a.attnum, a.attname::text as attname, a.atttypid, a.attnotnull, a.attidentity::text as identity,
                a.atthasdef, a.atttypmod, a.attgenerated::text as generated, r.schema, r.name, r.kind, r.tuples, r.bytes,
                r.is_partition
            from pg_attribute a join rel r on r.oid = a.attrelid
            where a.attnum > 0 and not a.attisdropped)
        """

    /// Sequences that belong to a column, with what they have come to; nil where they were never used, or the role may
    /// not look.
    private static let ownedSequences: SQL = """
        seq as materialized (
            select s.seqrelid, d.refobjid as attrelid, d.refobjsubid as attnum, s.seqmax, s.seqincrement, s.seqcycle,
                pg_sequence_last_value(s.seqrelid) as last, n.nspname::text as seq_schema, c.relname::text as seq_name
            from pg_sequence s
            join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.objsubid = 0
                and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
            join pg_class c on c.oid = s.seqrelid and c.relpersistence <> 't'
            join pg_namespace n on n.oid = c.relnamespace
            where has_sequence_privilege(s.seqrelid, 'USAGE, SELECT'))
        """
}

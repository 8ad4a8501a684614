import Maintenance
import PostgreSQL

extension Lint {
    /// The server as a whole: replication, WAL, checkpoints, and what it counts of damage.
    static let cluster: [Lint] = [
        checksumFailures, databaseCollation, collationVersion, archiverFails, noSynchronousStandby, slotLost,
        slotWithoutLimit, subscriptionOff, subscriptionFails, subscriptionUnsynced, deadlocks, spills,
        checkpointsRequested, invalidDatabase,
    ]

    static let checksumFailures = Lint(
        "DB260", "damage.checksums", priority: 1, .critical, title: "Pages that are damaged",
        explanation: """
            The server read pages whose checksum was wrong: the disk, the controller or the memory gave back something \
            else than was written. Do not restart, do not vacuum. Secure a copy of the files, find out which relation it \
            is from the server's log, and restore from a proved backup.
            """,
        source: "https://www.postgresql.org/docs/current/checksums.html",
        mending: .person, advice: "restore from a proved backup: mainstay recovery", .cluster,
        find: { _ in
            """
            select coalesce(datname::text, 'shared catalogues') as name, checksum_failures::float8 as value,
                to_char(checksum_last_failure, 'YYYY-MM-DD HH24:MI') as note
            from pg_stat_database where checksum_failures > 0 and (datname is null or datname = current_database())
            """
        },
        say: { "\($0.count) pages with a wrong checksum were read, the last at \($0.said) UTC" })

    static let databaseCollation = Lint(
        "DB261", "damage.database-collation", priority: 5, .critical,
        title: "Sort order that changed under the indexes",
        explanation: """
            The operating system's library sorts text otherwise than when the database was created, as after an upgrade \
            of the system. Indexes over text may be in the wrong order: rows are not found, and duplicates pass unique \
            indexes. Rebuild the indexes over text, then note the new version.
            """,
        source: "https://www.postgresql.org/docs/current/sql-alterdatabase.html",
        mending: .person,
        advice:
            "check the indexes over text with amcheck, rebuild them (also those of exclusion constraints, which CONCURRENTLY skips), look at partitions by text, then alter database … refresh collation version",
        .cluster,
        find: { _ in
            """
            select datname::text as name,
                datcollversion || ', the library now has ' || pg_database_collation_actual_version(oid) as note
            from pg_database
            where datname = current_database() and datcollversion <> pg_database_collation_actual_version(oid)
            """
        },
        say: { "its text was sorted by version \($0.said)" })

    static let collationVersion = Lint(
        "DB262", "damage.collation", priority: 6, .critical, title: "Collation that changed under its indexes",
        explanation: """
            A collation that columns use is of another version in the library now than when it was created: indexes over \
            those columns may be in the wrong order. Rebuild them, then note the new version.
            """,
        source: "https://www.postgresql.org/docs/current/sql-altercollation.html",
        mending: .person,
        advice:
            "check the indexes that use it with amcheck, rebuild them (also those of exclusion constraints, which CONCURRENTLY skips), look at partitions by text, then alter collation … refresh version",
        .cluster,
        find: { _ in
            """
            select n.nspname::text as schema, c.collname::text as name,
                c.collversion || ', the library now has ' || pg_collation_actual_version(c.oid) as note
            from pg_collation c join pg_namespace n on n.oid = c.collnamespace
            where c.collprovider <> 'd' and c.collversion is not null
                and exists (select from pg_attribute a join pg_class r on r.oid = a.attrelid
                    where a.attcollation = c.oid and a.attnum > 0 and r.relkind in ('i', 'r', 'm', 'p'))
                and c.collversion <> pg_collation_actual_version(c.oid)
            """
        },
        say: { "columns that use it were sorted by version \($0.said)" })

    static let archiverFails = Lint(
        "DB263", "wal.archiver", priority: 16, .critical, title: "WAL that is not archived",
        explanation: """
            The last attempt to archive a WAL file failed. Until one succeeds no point in time after it can be restored, \
            and the files pile up in pg_wal until the disk is full.
            """,
        source: "https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-ARCHIVING-WAL",
        mending: .person, advice: "read the server's log, and try archive_command by hand", .cluster,
        find: { _ in
            """
            select 'archiver' as name, failed_count::float8 as value,
                concat(last_failed_wal, ' at ', to_char(last_failed_time, 'YYYY-MM-DD HH24:MI')) as note
            from pg_stat_archiver
            where current_setting('archive_mode') <> 'off' and failed_count > 0
                and last_failed_time > coalesce(last_archived_time, '-infinity')
            """
        },
        say: { "archiving of \($0.said) UTC failed, and none has succeeded since" })

    static let noSynchronousStandby = Lint(
        "DB264", "replication.no-synchronous-standby", priority: 18, .critical,
        title: "Commits that wait for a standby that is not there",
        explanation: """
            The server is set to confirm a commit only when a synchronous standby has it, and none is connected: every \
            commit hangs.
            """,
        source: "https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION",
        mending: .reload, advice: "bring the standby back, or empty synchronous_standby_names until it is",
        sight: .monitor,
        .cluster,
        find: { _ in
            """
            select 'synchronous_standby_names' as name, reset_val as note from pg_settings
            where name = 'synchronous_standby_names' and reset_val <> '' and not pg_is_in_recovery()
                and current_setting('synchronous_commit') not in ('off', 'local')
                and not exists (select from pg_stat_replication where sync_state in ('sync', 'quorum'))
            """
        },
        say: { "commits wait for '\($0.said)', and no synchronous standby is connected" })

    static let slotLost = Lint(
        "DB265", "replication.slot-lost", priority: 34, .critical, title: "Replication slot that has lost its WAL",
        explanation: """
            The WAL this slot still needed was removed, because it held back more than max_slot_wal_keep_size allows. Its \
            standby or subscriber can never catch up and has to be built anew; the slot is of no use.
            """,
        source: "https://www.postgresql.org/docs/current/view-pg-replication-slots.html",
        mending: .catalogue(.accessShare), .cluster,
        find: { _ in
            """
            select slot_name::text as name, slot_type as note,
                format('select pg_drop_replication_slot(%L);', slot_name) as mend
            from pg_replication_slots where wal_status = 'lost'
            """
        },
        say: { "the WAL this \($0.said) slot still needed is gone: whoever reads it has to be built anew" })

    static let slotWithoutLimit = Lint(
        "DB266", "replication.slot-without-limit", priority: 64, .warning, title: "Slot that may fill the disk",
        explanation: """
            The slot is not in use, and nothing limits how much WAL it may hold back (max_slot_wal_keep_size is -1). If \
            its reader never comes back, pg_wal grows until the disk is full and the server stops.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-MAX-SLOT-WAL-KEEP-SIZE",
        mending: .person,
        advice: "drop the slot, or set max_slot_wal_keep_size above what it holds and below what the disk has",
        .cluster,
        find: { _ in
            """
            select slot_name::text as name,
                (pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                    restart_lsn))::bigint as bytes
            from pg_replication_slots
            where not active and restart_lsn is not null and not temporary
                and (select reset_val from pg_settings where name = 'max_slot_wal_keep_size') = '-1'
            """
        },
        say: { "nobody reads it, it holds back \($0.size) of WAL, and nothing limits that" })

    static let subscriptionOff = Lint(
        "DB267", "replication.subscription-off", priority: 63, .warning, title: "Subscription that is switched off",
        explanation: """
            The subscription is disabled: nothing arrives, and the slot on the other server holds back its WAL. It may \
            have disabled itself at an error (disable_on_error).
            """,
        source: "https://www.postgresql.org/docs/current/logical-replication-subscription.html",
        mending: .catalogue(.accessShare), .cluster,
        find: { _ in
            """
            select subname::text as name, format('alter subscription %I enable;', subname) as mend
            from pg_subscription where not subenabled
                and subdbid = (select oid from pg_database where datname = current_database())
            """
        },
        say: { _ in "it is disabled, and the other server keeps its WAL for it" })

    static let subscriptionFails = Lint(
        "DB268", "replication.subscription-fails", priority: 61, .warning, title: "Subscription that fails",
        explanation: """
            Changes from the other server could not be applied: a conflict of keys, a column that is missing. The \
            subscription tries the same again and again until the cause is gone.
            """,
        source: "https://www.postgresql.org/docs/current/logical-replication-conflicts.html",
        mending: .person, advice: "read the server's log for the conflict, and mend the row or the column", .cluster,
        find: { _ in
            """
            select subname::text as name, (apply_error_count + sync_error_count)::float8 as value
            from pg_stat_subscription_stats where apply_error_count + sync_error_count > 0
            """
        },
        say: { "what came could not be applied \($0.count) times" })

    static let subscriptionUnsynced = Lint(
        "DB269", "replication.table-unsynced", priority: 84, .warning, title: "Subscribed table that is not in step",
        explanation: """
            The first copy of the table has not come to its end, so that its changes are not applied yet. While a large \
            copy runs that is as it should be.
            """,
        source: "https://www.postgresql.org/docs/current/catalog-pg-subscription-rel.html",
        mending: .person, advice: "look at the server's log, and at pg_stat_subscription", .cluster,
        find: { _ in
            """
            select n.nspname::text as schema, c.relname::text as name, s.subname::text as note
            from pg_subscription_rel r join pg_class c on c.oid = r.srrelid join pg_namespace n on n.oid = c.relnamespace
            join pg_subscription s on s.oid = r.srsubid
            where r.srsubstate <> 'r'
            """
        },
        say: { "its first copy by \($0.said) has not ended" })

    static let deadlocks = Lint(
        "DB270", "waits.deadlocks", priority: 138, .info, title: "Deadlocks, again and again",
        explanation: """
            Every day transactions of this database wait for each other in a circle, and the server ends one of them. \
            Programs that lock rows in one order, by their key, never do.
            """,
        source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS",
        mending: .person, advice: "lock rows in one order; the server's log names the statements", .cluster,
        find: { limits in
            """
            select datname::text as name, deadlocks::float8 as value,
                deadlocks / greatest(extract(epoch from now() - epoch.since)::float8 / 86400, 1) as bound
            from pg_stat_database, epoch
            where datname = current_database()
                and deadlocks / greatest(extract(epoch from now() - epoch.since)::float8 / 86400, 1)
                    >= \(limits.deadlocksADay)::float8
            """
        },
        say: { "\($0.count) deadlocks since the counters began, about \(Int64($0.bound ?? 0).grouped) a day" })

    static let spills = Lint(
        "DB271", "waits.temporary-files", priority: 148, .info, title: "Much work done in temporary files",
        explanation: """
            Sorts and hashes of this database write many gigabytes a day to disk, because they do not fit into work_mem. \
            'queries.spilling' names the statements.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM",
        mending: .person, advice: "set work_mem for the roles or statements that need it", .cluster,
        find: { limits in
            """
            select datname::text as name, temp_bytes as bytes, temp_files::float8 as value from pg_stat_database, epoch
            where datname = current_database()
                and temp_bytes / greatest(extract(epoch from now() - epoch.since)::float8 / 86400, 1)
                    >= \(limits.temporaryBytesADay)::float8
            """
        },
        say: { "\($0.size) in \($0.count) temporary files since the counters began" })

    static let checkpointsRequested = Lint(
        "DB272", "wal.checkpoints", priority: 112, .info, title: "Checkpoints that come too early",
        explanation: """
            More checkpoints began because max_wal_size was used up than because their time had come. Each writes every \
            changed page, and the first change of a page after it writes the page whole into the WAL.
            """,
        source: "https://www.postgresql.org/docs/current/wal-configuration.html",
        mending: .reload, .cluster,
        find: { limits in
            """
            select 'max_wal_size' as name, requested::float8 as value, timed::float8 as bound,
                format('alter system set max_wal_size = ''%sMB''; select pg_reload_conf();', 2 * reset_val::bigint) as mend
            from checkpoints, pg_settings
            where name = 'max_wal_size' and requested >= \(limits.requestedCheckpoints)::float8 and requested > timed
                and not pg_is_in_recovery()
            """
        },
        say: { "\($0.count) checkpoints were asked for and \(Int64($0.bound ?? 0).grouped) came by the clock" })

    static let invalidDatabase = Lint(
        "DB273", "damage.invalid-database", priority: 70, .warning, title: "Database that was half dropped",
        explanation: """
            DROP DATABASE was interrupted: nobody can connect to the database any more, and its files are still there.
            """,
        source: "https://www.postgresql.org/docs/current/sql-dropdatabase.html",
        mending: .catalogue(.accessExclusive), .cluster,
        find: { _ in
            """
            select datname::text as name, format('drop database %I;', datname) as mend
            from pg_database where datconnlimit = -2
            """
        },
        say: { _ in "its removal was interrupted; nobody can connect to it" })
}

import Maintenance
import PostgreSQL

extension Lint {
    private static let manual = "https://www.postgresql.org/docs/current/runtime-config-"
    private static let gigabyte = 1_073_741_824.0

    /// What makes the server slower than it need be, or leaves people blind when something is slow.
    static let tuningSettings: [Lint] = [
        Lint(
            setting: "DB234", "settings.planner-switch", priority: 98, .warning,
            title: "Kind of plan that is forbidden",
            explanation: """
                A switch that keeps the planner from a whole kind of plan is off for everybody. They are for finding out \
                why it chose one, in a session; for all statements they make more slow than fast.
                """,
            source: "\(manual)query.html#RUNTIME-CONFIG-QUERY-ENABLE",
            judge: { state in
                state.settings.filter {
                    $0.key.hasPrefix("enable_") && $0.value.standard == "on" && $0.value.value == "off"
                }
                .keys.sorted().map { .setting($0, "it is off for everybody", to: "on", .reload) }
            }),
        Lint(
            setting: "DB235", "settings.shared-buffers", priority: 108, .info, title: "Cache of the default size",
            explanation: """
                shared_buffers is 128 MB, which is what PostgreSQL takes on any machine, and the databases are many times \
                as large. A quarter of the machine's memory is where people begin.
                """,
            source: "\(manual)resource.html#GUC-SHARED-BUFFERS", mending: .restart,
            judge: { state in
                guard let cache = state.amount("shared_buffers"), cache <= 134_217_728,
                    Double(state.bytes) > 4 * gigabyte
                else { return [] }
                return [
                    LintHit(
                        name: "shared_buffers",
                        note: "it is \(ByteCount(Int64(cache))), for databases of \(ByteCount(state.bytes))")
                ]
            }),
        Lint(
            setting: "DB236", "settings.effective-cache", priority: 126, .info,
            title: "Cache that the planner is not told of",
            explanation: """
                effective_cache_size, what the planner takes for cached by server and system together, is smaller than \
                shared_buffers alone: it thinks index scans dearer than they are. It reserves nothing.
                """,
            source: "\(manual)query.html#GUC-EFFECTIVE-CACHE-SIZE",
            judge: { state in
                guard let known = state.amount("effective_cache_size"), let cache = state.amount("shared_buffers"),
                    known < cache
                else { return [] }
                let right = "\(Int64(3 * cache / 1_048_576))MB"
                return [
                    .setting(
                        "effective_cache_size",
                        "it is \(ByteCount(Int64(known))), less than shared_buffers (\(ByteCount(Int64(cache))))",
                        to: right,
                        .reload)
                ]
            }),
        Lint(
            setting: "DB237", "settings.maintenance-memory", priority: 143, .info,
            title: "Little memory for maintenance",
            explanation: """
                VACUUM and the building of indexes work with maintenance_work_mem. With the default of 64 MB they sort on \
                disk, and before version 17 go through all indexes of a large table several times.
                """,
            source: "\(manual)resource.html#GUC-MAINTENANCE-WORK-MEM",
            judge: { state in
                guard let memory = state.amount("maintenance_work_mem"), memory <= 67_108_864,
                    Double(state.bytes) > 20 * gigabyte
                else { return [] }
                return [
                    .setting(
                        "maintenance_work_mem",
                        "it is \(ByteCount(Int64(memory))), for databases of \(ByteCount(state.bytes))", to: "512MB",
                        .reload)
                ]
            }),
        below(
            "DB238", "settings.checkpoint-spread", priority: 142, title: "Checkpoints that write all at once",
            explanation: """
                A checkpoint spreads its writing over this part of the time until the next one. Below 0.8 it writes in \
                bursts, which everybody feels; 0.9 is the default since version 14.
                """, page: "wal.html#GUC-CHECKPOINT-COMPLETION-TARGET", "checkpoint_completion_target", 0.8, to: "0.9"),
        below(
            "DB239", "settings.checkpoint-timeout", priority: 144, title: "Checkpoints all the time",
            explanation: """
                Checkpoints come every few minutes even when little is written. Each makes the next change of every page \
                write the whole page into the WAL.
                """, page: "wal.html#GUC-CHECKPOINT-TIMEOUT", "checkpoint_timeout", 300, to: "15min"),
        Lint(
            setting: "DB240", "settings.idle-transactions", priority: 94, .info,
            title: "Forgotten transactions stay for ever",
            explanation: """
                Nothing ends a session that sits in an open transaction and does nothing. It keeps its locks, and keeps \
                VACUUM from cleaning up everywhere. Ten minutes are longer than any honest pause.
                """,
            source: "\(manual)client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT",
            judge: { state in
                guard state.value("idle_in_transaction_session_timeout") == "0" else { return [] }
                return [.setting("idle_in_transaction_session_timeout", "it is off", to: "10min", .reload)]
            }),
        set(
            "DB241", "settings.log-lock-waits", priority: 172, title: "Waits for locks that leave no trace",
            explanation:
                "A session that waits longer than deadlock_timeout is not logged: afterwards nobody can tell who stood in the way.",
            page: "logging.html#GUC-LOG-LOCK-WAITS", "log_lock_waits", is: ["off"], to: "on"),
        set(
            "DB242", "settings.log-checkpoints", priority: 174, title: "Checkpoints that leave no trace",
            explanation: "How long checkpoints take and why they began stands nowhere. It is one line each.",
            page: "logging.html#GUC-LOG-CHECKPOINTS", "log_checkpoints", is: ["off"], to: "on"),
        set(
            "DB243", "settings.log-autovacuum", priority: 173, title: "Autovacuum that leaves no trace",
            explanation: "What autovacuum did, how long it took, and that a lock cancelled it stands nowhere.",
            page: "logging.html#GUC-LOG-AUTOVACUUM-MIN-DURATION", "log_autovacuum_min_duration", is: ["-1"],
            to: "10min"),
        set(
            "DB244", "settings.track-io-timing", priority: 176, title: "Time of reading that is not measured",
            explanation: """
                EXPLAIN (BUFFERS) and pg_stat_statements cannot tell how much of a statement's time was the disk's. On \
                machines of this century measuring costs next to nothing (pg_test_timing says).
                """, page: "statistics.html#GUC-TRACK-IO-TIMING", "track_io_timing", is: ["off"], to: "on"),
        Lint(
            setting: "DB245", "settings.no-statements", priority: 96, .info, title: "Nobody counts the statements",
            explanation: """
                pg_stat_statements is not loaded, so that nobody can say which statements take the time, and whether they \
                became slower. It costs little, and needs a restart once.
                """,
            source: "https://www.postgresql.org/docs/current/pgstatstatements.html", mending: .restart,
            judge: { state in
                guard let loaded = state.value("shared_preload_libraries") else { return [] }
                let names = loaded.split(separator: ",").map { String($0).trimmingWhitespace() }
                guard !names.contains(where: { $0 == "pg_stat_statements" || $0.hasSuffix("/pg_stat_statements") })
                else {
                    return []
                }
                // The list is no string but several: each name is quoted by itself.
                let list = (names.filter { !$0.isEmpty } + ["pg_stat_statements"]).map(\.quotedLiteral)
                var hit = LintHit(name: "shared_preload_libraries", note: "pg_stat_statements is not among them")
                hit.mend =
                    "alter system set shared_preload_libraries = \(list.joined(separator: ", ")); -- then restart, and create extension pg_stat_statements"
                return [hit]
            }),
        Lint(
            setting: "DB246", "settings.vacuum-delay", priority: 113, .warning,
            title: "Autovacuum that sleeps too long",
            explanation: """
                autovacuum_vacuum_cost_delay is 20 ms, the default before version 12, or longer: autovacuum then reads \
                a few megabytes a second and does not keep up with any larger table.
                """,
            source: "\(manual)autovacuum.html#GUC-AUTOVACUUM-VACUUM-COST-DELAY",
            judge: { state in
                guard let delay = state.number("autovacuum_vacuum_cost_delay"), delay >= 20 else { return [] }
                return [
                    .setting(
                        "autovacuum_vacuum_cost_delay", "it is \(delay.formatted(decimals: 0)) ms", to: "2ms", .reload)
                ]
            }),
        below(
            "DB247", "settings.vacuum-workers", priority: 114, title: "One autovacuum for everything",
            explanation: """
                With one or two workers a large table keeps autovacuum from all the others for as long as it takes.
                """, page: "autovacuum.html#GUC-AUTOVACUUM-MAX-WORKERS", "autovacuum_max_workers", 3, to: "3",
            mending: .restart),
        below(
            "DB248", "settings.statistics-target", priority: 146, title: "Samples that are too small",
            explanation: """
                The planner's statistics are taken from fewer values than by default: it misjudges columns with uneven \
                values. Lower it for single columns, if at all.
                """, page: "query.html#GUC-DEFAULT-STATISTICS-TARGET", "default_statistics_target", 100, to: "100"),
        Lint(
            setting: "DB249", "settings.many-connections", priority: 131, .info, title: "Very many connections",
            explanation: """
                The server allows more than five hundred sessions. Each is a process, each transaction looks at all of \
                them, and together they may use more memory than there is. A pooler serves thousands of clients with a \
                few dozen sessions; 'db connections' measures how many.
                """,
            source: "https://wiki.postgresql.org/wiki/Number_Of_Database_Connections", mending: .person,
            advice: "put a pooler in front: mainstay db connections advises on its size",
            judge: { state in
                guard let most = state.number("max_connections"), most > 500 else { return [] }
                return [LintHit(name: "max_connections", note: "it is \(Int64(most).grouped)")]
            }),
        Lint(
            setting: "DB250", "settings.work-memory", priority: 87, .warning,
            title: "Memory that is promised many times",
            explanation: """
                Each sort and hash of each statement may take work_mem. With as many sessions as are allowed, each doing \
                one, that is more than a terabyte: when many sort at once the system kills the server. Set it higher for \
                the roles that need it, not for all.
                """,
            source: "\(manual)resource.html#GUC-WORK-MEM",
            judge: { state in
                guard let memory = state.amount("work_mem"), let most = state.number("max_connections"),
                    memory * most > 1_024 * gigabyte
                else { return [] }
                return [
                    .setting(
                        "work_mem", "\(ByteCount(Int64(memory))) for each of \(Int64(most).grouped) sessions",
                        to: "64MB",
                        .reload)
                ]
            }),
        set(
            "DB251", "settings.slow-statements-unlogged", priority: 178, title: "Slow statements that leave no trace",
            explanation: """
                No statement is logged however long it takes. With a limit of a second or more the log names those that \
                hurt, with the values that made them slow; mind that values may be personal data.
                """, page: "logging.html#GUC-LOG-MIN-DURATION-STATEMENT", "log_min_duration_statement", is: ["-1"],
            to: "2s"),
        set(
            "DB252", "settings.random-page-cost", priority: 208, title: "Costs of a spinning disk",
            explanation: """
                random_page_cost is 4, as of disks with arms. On solid state a random read costs hardly more than the next \
                one; 1.1 lets the planner use indexes where they are faster.
                """, page: "query.html#GUC-RANDOM-PAGE-COST", "random_page_cost", is: ["4"], to: "1.1"),
        below(
            "DB253", "settings.join-limits", priority: 147, title: "Joins that the planner takes as written",
            explanation: """
                Beyond this many tables the planner keeps to the order in which a statement names them. Below the default \
                of eight even small joins are planned badly.
                """, page: "query.html#GUC-JOIN-COLLAPSE-LIMIT", "join_collapse_limit", 8, to: "8"),
        set(
            "DB254", "settings.wal-minimal", priority: 66, .warning, title: "WAL that no backup can use",
            explanation: """
                With wal_level minimal neither a base backup nor a standby nor recovery to a point in time is possible.
                """, page: "wal.html#GUC-WAL-LEVEL", "wal_level", is: ["minimal"], to: "replica", mending: .restart),
        below(
            "DB255", "settings.reserved", priority: 89, title: "No way in when all connections are taken",
            explanation: """
                No session is kept free for superusers: when the application has taken all of them, nobody can look why.
                """, page: "connection.html#GUC-SUPERUSER-RESERVED-CONNECTIONS", "superuser_reserved_connections", 1,
            to: "3", mending: .restart),
    ]

    private static func set(
        _ code: String, _ name: String, priority: Int, _ severity: Severity = .info, title: String,
        explanation: String, page: String, _ setting: String, is wrong: Set<String>, to right: String,
        mending: Mending = .reload
    ) -> Lint {
        Lint(
            setting: code, name, priority: priority, severity, title: title, explanation: explanation,
            source: "\(manual)\(page)", mending: mending
        ) { state in
            guard let value = state.value(setting), wrong.contains(value) else { return [] }
            return [.setting(setting, "it is '\(value)'", to: right, mending)]
        }
    }

    /// A number that is too small.
    private static func below(
        _ code: String, _ name: String, priority: Int, title: String, explanation: String, page: String,
        _ setting: String, _ least: Double, to right: String, mending: Mending = .reload
    ) -> Lint {
        Lint(
            setting: code, name, priority: priority, .info, title: title, explanation: explanation,
            source: "\(manual)\(page)", mending: mending
        ) { state in
            guard let value = state.number(setting), value < least, let unit = state.settings[setting] else {
                return []
            }
            return [.setting(setting, "it is \(unit.value)\(unit.unit.map { " \($0)" } ?? "")", to: right, mending)]
        }
    }
}

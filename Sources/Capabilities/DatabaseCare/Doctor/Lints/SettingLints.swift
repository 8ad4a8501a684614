import Maintenance
import PostgreSQL

extension Lint {
    private static let manual = "https://www.postgresql.org/docs/current/runtime-config-"

    /// A setting that has one of these values, and should have another.
    private static func set(
        _ code: String, _ name: String, priority: Int, _ severity: Severity, title: String, explanation: String,
        page: String, _ setting: String, is wrong: Set<String>, to right: String, mending: Mending = .reload
    ) -> Lint {
        Lint(
            setting: code, name, priority: priority, severity, title: title, explanation: explanation,
            source: "\(manual)\(page)", mending: mending
        ) { state in
            guard let value = state.value(setting), wrong.contains(value) else { return [] }
            return [.setting(setting, "it is \(value.isEmpty ? "empty" : "'\(value)'")", to: right, mending)]
        }
    }

    /// What may lose data, stop the server, or break it.
    static let dangerousSettings: [Lint] = [
        set(
            "DB220", "settings.fsync", priority: 2, .critical, title: "Writes that are not made sure",
            explanation: """
                With fsync off the server believes the operating system that everything was written. After a power cut \
                the cluster may be beyond repair. It is for clusters that can be made anew.
                """, page: "wal.html#GUC-FSYNC", "fsync", is: ["off"], to: "on"),
        set(
            "DB221", "settings.full-page-writes", priority: 3, .critical, title: "Torn pages that nobody can mend",
            explanation: """
                With full_page_writes off a page that was half written when the power went cannot be restored from the \
                WAL. Only a file system that never writes half a page makes that safe.
                """, page: "wal.html#GUC-FULL-PAGE-WRITES", "full_page_writes", is: ["off"], to: "on"),
        Lint(
            setting: "DB222", "settings.emergency", priority: 4, .critical, title: "Emergency switch left on",
            explanation: """
                The switch is for rescuing what can be rescued of a damaged cluster. Left on, it hides damage, zeroes \
                pages, or lets anybody break the system catalogue.
                """,
            source: "https://www.postgresql.org/docs/current/runtime-config-developer.html",
            judge: { state in
                [
                    "zero_damaged_pages", "ignore_checksum_failure", "ignore_invalid_pages", "ignore_system_indexes",
                    "allow_system_table_mods",
                ].filter { state.value($0) == "on" }.map {
                    .setting($0, "it is on", to: "off", $0 == "ignore_invalid_pages" ? .restart : .reload)
                }
            }),
        set(
            "DB223", "settings.autovacuum", priority: 13, .critical, title: "Autovacuum switched off",
            explanation: """
                Nobody removes dead rows, refreshes statistics, or freezes what grows old: tables swell, plans go wrong, \
                and in the end the server stops taking changes.
                """, page: "autovacuum.html#GUC-AUTOVACUUM", "autovacuum", is: ["off"], to: "on"),
        set(
            "DB224", "settings.track-counts", priority: 14, .critical, title: "Counters switched off",
            explanation: "Autovacuum goes by the counters of rows; without them it does nothing at all.",
            page: "statistics.html#GUC-TRACK-COUNTS", "track_counts", is: ["off"], to: "on"),
        set(
            "DB225", "settings.synchronous-commit", priority: 46, .warning, title: "Commits that a crash may lose",
            explanation: """
                With synchronous_commit off a transaction is confirmed before its WAL is written: a crash loses the last \
                ones, though nothing is damaged. Set it so for the transactions that can bear it, not for all.
                """, page: "wal.html#GUC-SYNCHRONOUS-COMMIT", "synchronous_commit", is: ["off"], to: "on"),
        set(
            "DB226", "settings.checksums", priority: 92, .info, title: "No checksums of pages",
            explanation: """
                Without checksums a page that the disk gave back damaged is taken for good and copied into every backup. \
                They are switched on while the server is stopped (pg_checksums --enable), standbys too.
                """, page: "preset.html#GUC-DATA-CHECKSUMS", "data_checksums", is: ["off"], to: "",
            mending: .person),
        Lint(
            setting: "DB227", "settings.archive-nowhere", priority: 17, .critical, title: "Archiving without a way",
            explanation: """
                archive_mode is on and neither a command nor a library does the archiving: WAL is kept for ever and \
                nothing reaches the archive.
                """,
            source: "\(manual)wal.html#GUC-ARCHIVE-COMMAND",
            judge: { state in
                guard let mode = state.value("archive_mode"), mode != "off" else { return [] }
                let ways = ["archive_command", "archive_library"].compactMap { state.value($0) }
                guard ways.allSatisfy({ $0.isEmpty || $0 == "(disabled)" }) else { return [] }
                return [LintHit(name: "archive_command", note: "archive_mode is '\(mode)', and nothing archives")]
            }),
        Lint(
            setting: "DB228", "settings.freeze-age", priority: 36, .warning, title: "Freezing that is put off too far",
            explanation: """
                autovacuum_freeze_max_age is past a thousand million: between the first forced freezing and the last \
                transaction id too little is left for a slow one to end in.
                """,
            source: "\(manual)autovacuum.html#GUC-AUTOVACUUM-FREEZE-MAX-AGE", mending: .restart,
            judge: { state in
                guard let age = state.number("autovacuum_freeze_max_age"), age > 1e9 else { return [] }
                return [.setting("autovacuum_freeze_max_age", "it is \(Int64(age).grouped)", to: "500000000", .restart)]
            }),
        Lint(
            setting: "DB229", "settings.end-of-life", priority: 28, .warning, title: "Version without mending",
            explanation: """
                The PostgreSQL project mends a major version for five years. After that not even holes in its security \
                are closed. Plan the upgrade before.
                """,
            source: "https://www.postgresql.org/support/versioning/", mending: .person,
            advice: "upgrade to a supported major version",
            judge: { state in
                let ends = [
                    10: "2022-11-10", 11: "2023-11-09", 12: "2024-11-21", 13: "2025-11-13", 14: "2026-11-12",
                    15: "2027-11-11", 16: "2028-11-09", 17: "2029-11-08", 18: "2030-11-14",
                ]
                let major = state.version / 10_000
                guard let text = ends[major], let end = Timestamp(iso8601: "\(text)T00:00:00Z"),
                    end - state.now < .seconds(180 * 86_400)
                else { return [] }
                let verb = end < state.now ? "ended" : "ends"
                return [LintHit(name: "PostgreSQL \(major)", note: "its mending \(verb) on \(text)")]
            }),
        Lint(
            setting: "DB230", "settings.restart-pending", priority: 97, .info,
            title: "Setting that waits for a restart",
            explanation: """
                The configuration files say something else than the server does: the setting counts from the next restart \
                on. Whoever restarts the server for another reason should know.
                """,
            source: "https://www.postgresql.org/docs/current/view-pg-settings.html", mending: .restart,
            advice: "restart the server in a window",
            judge: { state in
                state.settings.filter(\.value.needsRestart).keys.sorted().map {
                    LintHit(name: $0, note: "what the files say counts from the next restart on")
                }
            }),
        set(
            "DB231", "settings.password-md5", priority: 76, .warning, title: "Passwords as MD5",
            explanation: """
                New passwords are stored as MD5 digests, which can be used in place of the password by whoever reads \
                them. SCRAM has been there since version 10; MD5 goes away.
                """, page: "connection.html#GUC-PASSWORD-ENCRYPTION", "password_encryption", is: ["md5"],
            to: "scram-sha-256"),
        Lint(
            setting: "DB232", "settings.no-tls", priority: 56, .warning, title: "Connections in the clear",
            explanation: """
                The server listens on the network and offers no TLS: passwords' exchange and data can be read on the way.
                """,
            source: "\(manual)connection.html#GUC-SSL", advice: "set ssl_cert_file and ssl_key_file, then ssl = on",
            judge: { state in
                guard state.value("ssl") == "off", let addresses = state.value("listen_addresses") else { return [] }
                let local: Set<String> = ["localhost", "127.0.0.1", "::1", ""]
                let open = addresses.split(separator: ",").map { String($0).trimmingWhitespace() }
                    .filter { !local.contains($0) }
                guard !open.isEmpty else { return [] }
                return [LintHit(name: "ssl", note: "it is off, and the server listens on \(addresses)")]
            }),
        set(
            "DB233", "settings.log-all", priority: 77, .warning, title: "Every statement in the log",
            explanation: """
                log_statement is 'all': the log holds every statement with its values, personal data and passwords of \
                CREATE ROLE among them, and grows with the load.
                """, page: "logging.html#GUC-LOG-STATEMENT", "log_statement", is: ["all"], to: "ddl"),
    ]
}

extension LintHit {
    init(name: String, note: String) {
        self.init(
            schema: nil, name: name, part: nil, bytes: nil, value: nil, bound: nil, note: note, mend: nil)
    }

    /// A setting that should have another value.
    static func setting(_ name: String, _ note: String, to value: String, _ mending: Mending) -> LintHit {
        var hit = LintHit(name: name, note: note)
        guard mending == .reload || mending == .restart else { return hit }
        let reload = mending == .reload ? " select pg_reload_conf();" : " -- then restart the server"
        hit.mend = "alter system set \(name) = \(value.quotedLiteral);\(reload)"
        hit.wanted = value
        return hit
    }
}

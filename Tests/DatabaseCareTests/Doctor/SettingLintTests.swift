import Maintenance
import Testing

@testable import DatabaseCare

@Suite("what the doctor says of settings")
struct SettingLintTests {
    /// A setting, what is wrong, and what is near to it and right.
    struct Case: Sendable, CustomTestStringConvertible {
        var code: String
        var wrong: [String: String]
        var right: [String: String]

        init(_ code: String, _ wrong: [String: String], _ right: [String: String]) {
            self.code = code
            self.wrong = wrong
            self.right = right
        }

        var testDescription: String { code }
    }

    static let cases: [Case] = [
        Case("DB220", ["fsync": "off"], ["fsync": "on"]),
        Case("DB221", ["full_page_writes": "off"], ["full_page_writes": "on"]),
        Case("DB222", ["zero_damaged_pages": "on"], ["zero_damaged_pages": "off"]),
        Case("DB223", ["autovacuum": "off"], ["autovacuum": "on"]),
        Case("DB224", ["track_counts": "off"], ["track_counts": "on"]),
        Case("DB225", ["synchronous_commit": "off"], ["synchronous_commit": "local"]),
        Case("DB226", ["data_checksums": "off"], ["data_checksums": "on"]),
        Case(
            "DB227", ["archive_mode": "on", "archive_command": "", "archive_library": ""],
            ["archive_mode": "on", "archive_command": "", "archive_library": "basic_archive"]),
        Case("DB228", ["autovacuum_freeze_max_age": "1500000000"], ["autovacuum_freeze_max_age": "1000000000"]),
        Case("DB231", ["password_encryption": "md5"], ["password_encryption": "scram-sha-256"]),
        Case(
            "DB232", ["ssl": "off", "listen_addresses": "localhost, 10.0.0.1"],
            ["ssl": "off", "listen_addresses": "localhost, ::1"]),
        Case("DB233", ["log_statement": "all"], ["log_statement": "ddl"]),
        Case("DB234", ["enable_seqscan": "off"], ["enable_seqscan": "on", "enable_partitionwise_join": "off"]),
        Case("DB235", ["shared_buffers": "16384"], ["shared_buffers": "16385"]),
        Case(
            "DB236", ["effective_cache_size": "16383", "shared_buffers": "16384"],
            ["effective_cache_size": "16384", "shared_buffers": "16384"]),
        Case("DB237", ["maintenance_work_mem": "65536"], ["maintenance_work_mem": "65537"]),
        Case("DB238", ["checkpoint_completion_target": "0.5"], ["checkpoint_completion_target": "0.8"]),
        Case("DB239", ["checkpoint_timeout": "60"], ["checkpoint_timeout": "300"]),
        Case(
            "DB240", ["idle_in_transaction_session_timeout": "0"], ["idle_in_transaction_session_timeout": "600000"]),
        Case("DB241", ["log_lock_waits": "off"], ["log_lock_waits": "on"]),
        Case("DB242", ["log_checkpoints": "off"], ["log_checkpoints": "on"]),
        Case("DB243", ["log_autovacuum_min_duration": "-1"], ["log_autovacuum_min_duration": "0"]),
        Case("DB244", ["track_io_timing": "off"], ["track_io_timing": "on"]),
        Case(
            "DB245", ["shared_preload_libraries": "auto_explain"],
            ["shared_preload_libraries": "auto_explain, pg_stat_statements"]),
        Case("DB246", ["autovacuum_vacuum_cost_delay": "20"], ["autovacuum_vacuum_cost_delay": "2"]),
        Case("DB247", ["autovacuum_max_workers": "2"], ["autovacuum_max_workers": "3"]),
        Case("DB248", ["default_statistics_target": "10"], ["default_statistics_target": "100"]),
        Case("DB249", ["max_connections": "501"], ["max_connections": "500"]),
        Case(
            "DB250", ["work_mem": "4194304", "max_connections": "500"], ["work_mem": "65536", "max_connections": "500"]),
        Case("DB251", ["log_min_duration_statement": "-1"], ["log_min_duration_statement": "2000"]),
        Case("DB252", ["random_page_cost": "4"], ["random_page_cost": "1.1"]),
        Case("DB253", ["join_collapse_limit": "1"], ["join_collapse_limit": "8"]),
        Case("DB254", ["wal_level": "minimal"], ["wal_level": "replica"]),
        Case("DB255", ["superuser_reserved_connections": "0"], ["superuser_reserved_connections": "3"]),
    ]

    private static let units = [
        "shared_buffers": "8kB", "effective_cache_size": "8kB", "maintenance_work_mem": "kB", "work_mem": "kB",
        "checkpoint_timeout": "s", "idle_in_transaction_session_timeout": "ms", "autovacuum_vacuum_cost_delay": "ms",
    ]
    private static let standards = ["enable_seqscan": "on", "enable_partitionwise_join": "off"]

    private func state(
        _ values: [String: String], version: Int = 180_000, pending: Set<String> = [], now: String = "2026-11-22"
    ) throws -> ServerState {
        let settings = Dictionary(
            uniqueKeysWithValues: values.map { name, value in
                let setting = ServerState.Setting(
                    value: value, standard: Self.standards[name] ?? "", unit: Self.units[name],
                    needsRestart: pending.contains(name))
                return (name, setting)
            })
        return ServerState(
            settings: settings, version: version, bytes: 100 << 30,
            now: try #require(Timestamp(iso8601: "\(now)T00:00:00Z")))
    }

    private func hits(_ code: String, _ state: ServerState) throws -> [LintHit] {
        guard case .settings(let judge) = try #require(LintCatalogue.lint(code)).probe else { return [] }
        return judge(state)
    }

    @Test("a wrong value is found, the nearest right one is not", arguments: cases)
    func judged(_ setting: Case) throws {
        let hit = try #require(try hits(setting.code, try state(setting.wrong)).first)
        #expect(setting.wrong.keys.contains(hit.name))
        #expect(hit.note?.isEmpty == false)
        #expect(try hits(setting.code, try state(setting.right)).isEmpty)
        // A server that does not have the setting, or does not show it, has no trouble with it.
        #expect(try hits(setting.code, try state([:])).isEmpty)
    }

    @Test(
        "a version is found half a year before its mending ends",
        arguments: [
            (150_018, "2027-06-01", 1), (150_018, "2027-05-01", 0), (140_001, "2026-11-22", 1),
            (190_000, "2026-11-22", 0),
        ])
    func endOfLife(version: Int, now: String, count: Int) throws {
        #expect(try hits("DB229", try state([:], version: version, now: now)).count == count)
    }

    @Test("a setting that waits for a restart is found")
    func pending() throws {
        let state = try state(["max_connections": "100", "work_mem": "4096"], pending: ["max_connections"])
        #expect(try hits("DB230", state).map(\.name) == ["max_connections"])
    }

    @Test("what mends a setting quotes its value, and says when it counts")
    func mends() throws {
        #expect(
            try hits("DB220", try state(["fsync": "off"])).first?.mend
                == "alter system set fsync = 'on'; select pg_reload_conf();")
        #expect(
            try hits("DB245", try state(["shared_preload_libraries": "auto_explain"])).first?.mend
                == "alter system set shared_preload_libraries = 'auto_explain', 'pg_stat_statements'; -- then restart, and create extension pg_stat_statements"
        )
    }

    @Test("every check of a setting has a case")
    func everyOneHasACase() {
        let asked = Set(LintCatalogue.all.filter { $0.topic == nil }.map(\.code))
        #expect(asked == Set(Self.cases.map(\.code)).union(["DB229", "DB230"]))
    }
}

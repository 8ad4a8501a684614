import Maintenance
import Testing

@testable import DatabaseCare

@Suite("which settings are proposed")
struct SettingAdviceTests {
    private static let gigabyte: Int64 = 1_073_741_824

    /// A sound server of 32 GB with 100 GB of data.
    private static func advice(
        _ changed: [String: (value: String, unit: String?)] = [:], memory: Int64? = 32 * gigabyte,
        bytes: Int64 = 100 * gigabyte, _ change: (inout ServerWork) -> Void = { _ in }
    ) -> SettingAdvice {
        let sound: [String: (value: String, unit: String?)] = [
            "shared_buffers": ("1048576", "8kB"), "effective_cache_size": ("3145728", "8kB"),
            "maintenance_work_mem": ("1048576", "kB"), "work_mem": ("16384", "kB"), "max_wal_size": ("4096", "MB"),
            "checkpoint_timeout": ("900", "s"),
        ]
        var work = ServerWork(
            walRate: 1_000, timedCheckpoints: 1_000, requestedCheckpoints: 3, temporaryBytesADay: 0, cacheHits: 0.99,
            busy: 10)
        change(&work)
        let settings = sound.merging(changed) { $1 }.mapValues {
            ServerState.Setting(value: $0.value, standard: "", unit: $0.unit, needsRestart: false)
        }
        return SettingAdvice(
            state: ServerState(settings: settings, version: 150_018, bytes: bytes, now: Timestamp(microseconds: 0)),
            machine: memory.map { Machine(memory: $0, source: "test") }, work: work)
    }

    private static func values(_ advice: SettingAdvice) -> [String] {
        advice.proposals().map { "\($0.name)=\($0.value)" }
    }

    @Test("what is right already is left alone")
    func sound() { #expect(Self.values(Self.advice()).isEmpty) }

    @Test("a cache of the default size becomes a quarter of the memory, and no more than the data")
    func cache() {
        let small = ["shared_buffers": (value: "16384", unit: String?("8kB"))]
        #expect(Self.values(Self.advice(small)) == ["shared_buffers=8GB"])
        #expect(Self.advice(small).proposals().first?.needsRestart == true)
        #expect(Self.values(Self.advice(small, bytes: Self.gigabyte)) == ["shared_buffers=1GB"])
        #expect(Self.values(Self.advice(small, bytes: 100_000_000)).isEmpty)
        // Without the machine's memory only what a default cannot be right about is known, by the lints.
        #expect(!Self.values(Self.advice(small, memory: nil)).contains { $0.hasPrefix("shared_buffers=8") })
    }

    @Test("work_mem grows only where statements write temporary files, and stays within the memory")
    func workMemory() {
        let spilling = Self.advice { $0.temporaryBytesADay = 50_000_000_000 }
        #expect(Self.values(spilling) == ["work_mem=256MB"])
        let crowded = Self.advice {
            $0.temporaryBytesADay = 50_000_000_000
            $0.busy = 100
        }
        #expect(Self.values(crowded) == ["work_mem=40MB"])
        let unseen = Self.advice {
            $0.temporaryBytesADay = 50_000_000_000
            $0.busy = nil
        }
        #expect(Self.values(unseen).isEmpty)
    }

    @Test("max_wal_size grows where its being full starts the checkpoints, fourfold at most, and is only told")
    func wal() {
        let full = Self.advice {
            $0.requestedCheckpoints = 900
            $0.walRate = 100_000_000
        }
        #expect(Self.values(full) == ["max_wal_size=16GB"])
        #expect(full.proposals().first?.reservation?.contains("room") == true)
        let slow = Self.advice {
            $0.requestedCheckpoints = 900
            $0.walRate = 100
        }
        // The WAL of the time between two fits already: what was counted is from before, or of other reasons.
        #expect(Self.values(slow).isEmpty)
        #expect(Self.values(Self.advice { $0.requestedCheckpoints = 100 }).isEmpty)
    }

    @Test("what ends people's sessions or writes their data into the log is not set by a program")
    func decisions() {
        let found = Self.values(
            Self.advice([
                "idle_in_transaction_session_timeout": ("0", "ms"), "log_min_duration_statement": ("-1", "ms"),
                "fsync": ("off", nil),
            ]))
        #expect(found == ["fsync=on"])
    }

    @Test(
        "what costs data, access or plans is told and not set",
        arguments: [
            ("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"),
            ("password_encryption", "md5"),
            ("log_statement", "all"), ("enable_hashjoin", "off"), ("work_mem", "1073741824"),
        ])
    func reserved(name: String, value: String) throws {
        let unit = name == "work_mem" ? "kB" : nil
        var advice = Self.advice([name: (value, unit), "max_connections": ("10000", nil)])
        if name.hasPrefix("enable_") {
            var state = advice.state
            state.settings[name]?.standard = "on"
            advice = SettingAdvice(state: state, machine: nil, work: advice.work)
        }
        let proposal = try #require(advice.proposals().first { $0.name == name })
        #expect(proposal.reservation != nil)
    }

    @Test("where huge pages are demanded, shared_buffers is only told")
    func hugePages() {
        let small = ["shared_buffers": (value: "16384", unit: String?("8kB")), "huge_pages": ("on", nil)]
        #expect(Self.advice(small).proposals().first { $0.name == "shared_buffers" }?.reservation != nil)
        let plain = ["shared_buffers": (value: "16384", unit: String?("8kB")), "huge_pages": ("try", nil)]
        #expect(Self.advice(plain).proposals().first { $0.name == "shared_buffers" }?.reservation == nil)
    }

    @Test("a container's limit is looked for in its own group and in those above, in either version")
    func groups() {
        #expect(
            Machine.limitFiles("9:cpu:/\n4:memory:/docker/1f2e\n0::/system.slice/pg.service\n") == [
                "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/docker/1f2e/memory.limit_in_bytes", "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/system.slice/pg.service/memory.max",
            ])
    }

    @Test(
        "values are equal however they are written",
        arguments: [
            ("1048576", "8kB", "8GB", true), ("900", "s", "15min", true), ("900", "s", "10min", false),
            ("1.1", nil, "1.1", true), ("on", nil, "on", true), ("on", nil, "off", false), ("2", "ms", "2ms", true),
        ] as [(String, String?, String, Bool)])
    func equal(value: String, unit: String?, text: String, isEqual: Bool) {
        let setting = ServerState.Setting(value: value, standard: "", unit: unit, needsRestart: false)
        #expect(setting.isEqual(to: text) == isEqual)
    }

    @Test("a pooler gets what was seen and never more than the server has room for")
    func pool() {
        let history = PoolHistory(looks: 30, peakOpen: 200, peakBusy: 40, span: .seconds(100_000))
        let advice = PoolAdvice(now: PoolUse(open: 20, busy: 3), history: history)
        let wide = PoolProposal(advice, serverLimit: 200).lines.map { "\($0.setting)=\($0.value)" }
        #expect(
            wide == [
                "pool_mode=transaction", "default_pool_size=50", "reserve_pool_size=12", "reserve_pool_timeout=3",
                "max_db_connections=62", "max_client_conn=400",
            ])
        let narrow = PoolProposal(advice, serverLimit: 47).lines.map { "\($0.setting)=\($0.value)" }
        #expect(narrow.contains("default_pool_size=42") && narrow.contains("max_db_connections=42"))
        let blind = PoolAdvice(
            now: PoolUse(open: 1, busy: 1), history: PoolHistory(looks: 3, peakOpen: 1, peakBusy: 1, span: .zero))
        #expect(PoolProposal(blind, serverLimit: 100).lines.isEmpty)
    }
}

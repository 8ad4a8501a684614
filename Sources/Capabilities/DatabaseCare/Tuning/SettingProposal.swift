import Maintenance

/// A setting that should have another value, and why exactly that one.
struct SettingProposal: Sendable, Hashable {
    var name: String
    /// As the server reads it: `4GB`, `15min`.
    var value: String
    /// From what it was reckoned.
    var why: String
    /// Where the knowledge comes from.
    var source: String
    var needsRestart: Bool
    /// Why a person has to set it; nil where a program may.
    var reservation: String?
}

/// What the workload has shown since the counters began.
struct ServerWork: Sendable, Hashable {
    /// Bytes of WAL in a second.
    var walRate: Double
    /// Since max_wal_size was seen to be what it is now.
    var timedCheckpoints: Double
    var requestedCheckpoints: Double
    /// Bytes of temporary files in a day, of all databases.
    var temporaryBytesADay: Double
    /// Share of reads that the cache answered, 0 to 1; nil where nothing was read.
    var cacheHits: Double?
    /// This look, to be remembered.
    var looks: [Measurement] = []
    /// Sessions busy at once at most, as far as anybody has looked; nil where nobody has.
    var busy: Int?
}

/// Reckons settings from the machine and from what the workload has shown. Each is left alone where it is right
/// already, or where nothing shows that it is wrong.
struct SettingAdvice: Sendable {
    let state: ServerState
    /// Nil where its memory is not known to be this server's alone.
    let machine: Machine?
    let work: ServerWork

    private static let manual = "https://www.postgresql.org/docs/current/runtime-config-"
    private static let megabyte = 1_048_576.0

    /// What lints say that no program should decide: it ends people's sessions, or writes their data into a log.
    static let needDecision = ["DB240", "DB251"]

    /// What a program may set: it costs no data, no access and no plan that people count on. Everything else is told.
    static let settable: Set<String> = [
        "autovacuum", "autovacuum_max_workers", "autovacuum_vacuum_cost_delay", "checkpoint_completion_target",
        "checkpoint_timeout", "default_statistics_target", "effective_cache_size", "log_autovacuum_min_duration",
        "log_checkpoints", "log_lock_waits", "maintenance_work_mem", "shared_buffers",
        "superuser_reserved_connections", "track_counts", "track_io_timing", "work_mem",
    ]

    func proposals() -> [SettingProposal] {
        var found: [String: SettingProposal] = [:]
        for lint in LintCatalogue.all where !lint.isHabit && !Self.needDecision.contains(lint.code) {
            guard case .settings(let judge) = lint.probe else { continue }
            for hit in judge(state) {
                guard let value = hit.wanted else { continue }
                found[hit.name] = SettingProposal(
                    name: hit.name, value: value, why: "\(lint.say(hit)) (\(lint.code))", source: lint.source,
                    needsRestart: lint.mending == .restart)
            }
        }
        // What is reckoned knows more than a default does.
        for proposal in reckoned() { found[proposal.name] = proposal }
        return found.values.filter { !isSo($0) }.map(reserved).sorted { $0.name < $1.name }
    }

    private func reserved(_ proposal: SettingProposal) -> SettingProposal {
        var proposal = proposal
        proposal.reservation = proposal.reservation ?? reservation(proposal)
        return proposal
    }

    private func reservation(_ proposal: SettingProposal) -> String? {
        guard Self.settable.contains(proposal.name) else { return "whether it should be so is for a person to say" }
        // With huge pages demanded a server whose memory the system cannot find does not start.
        if proposal.name == "shared_buffers", state.value("huge_pages") == "on" {
            return "huge_pages is on, and the server does not start where the system has too few of them"
        }
        // Statements may count on what they have.
        if proposal.name == "work_mem", let now = state.amount("work_mem"),
            let wanted = ServerState.Setting.amount(of: proposal.value), wanted < now
        {
            return "statements may count on what they have"
        }
        return nil
    }

    private func reckoned() -> [SettingProposal] {
        [sharedBuffers, effectiveCache, maintenanceMemory, workMemory, walSize].compactMap(\.self)
    }

    private func isSo(_ proposal: SettingProposal) -> Bool {
        guard let setting = state.settings[proposal.name] else { return true }
        return setting.isEqual(to: proposal.value)
    }

    private var sharedBuffers: SettingProposal? {
        guard let machine, let now = state.amount("shared_buffers") else { return nil }
        let quarter = Double(machine.memory) / 4
        // More than the data there are gains nothing.
        let wanted = min(quarter, max(Double(state.bytes), 128 * Self.megabyte))
        guard now < 0.6 * wanted else { return nil }
        return SettingProposal(
            name: "shared_buffers", value: Self.rounded(wanted),
            why: "a quarter of \(ByteCount(machine.memory)) (\(machine.source)), no more than the databases' "
                + "\(ByteCount(state.bytes))\(hits)",
            source: "\(Self.manual)resource.html#GUC-SHARED-BUFFERS", needsRestart: true)
    }

    private var hits: String {
        work.cacheHits.map { "; the cache answers \(Percentage((1_000 * $0).rounded() / 10)) of the reads" } ?? ""
    }

    private var effectiveCache: SettingProposal? {
        guard let machine, let now = state.amount("effective_cache_size") else { return nil }
        let wanted = Double(machine.memory) * 3 / 4
        guard now < 0.6 * wanted || now > Double(machine.memory) else { return nil }
        return SettingProposal(
            name: "effective_cache_size", value: Self.rounded(wanted),
            why: "three quarters of \(ByteCount(machine.memory)) (\(machine.source)); it reserves nothing",
            source: "\(Self.manual)query.html#GUC-EFFECTIVE-CACHE-SIZE", needsRestart: false)
    }

    private var maintenanceMemory: SettingProposal? {
        guard let machine, let now = state.amount("maintenance_work_mem") else { return nil }
        let wanted = min(1_024 * Self.megabyte, Double(machine.memory) / 32)
        // Below it nothing that is maintained would feel it.
        guard Double(state.bytes) > 1_024 * Self.megabyte, now < 0.6 * wanted else { return nil }
        return SettingProposal(
            name: "maintenance_work_mem", value: Self.rounded(wanted),
            why: "a thirty-second of \(ByteCount(machine.memory)) (\(machine.source)), 1 GB at most, for databases of "
                + ByteCount(state.bytes).description,
            source: "\(Self.manual)resource.html#GUC-MAINTENANCE-WORK-MEM", needsRestart: false)
    }

    /// Only where statements do write temporary files, and never so much that all that were ever busy could take more
    /// than a quarter of the memory with two sorts each.
    private var workMemory: SettingProposal? {
        guard let machine, let now = state.amount("work_mem"), work.temporaryBytesADay > 1_024 * Self.megabyte,
            let busy = work.busy
        else { return nil }
        let wanted = min(256 * Self.megabyte, Double(machine.memory) / 4 / Double(2 * max(8, busy)))
        guard now < 0.6 * wanted else { return nil }
        return SettingProposal(
            name: "work_mem", value: Self.rounded(wanted),
            why: "\(ByteCount(Int64(work.temporaryBytesADay))) of temporary files a day; a quarter of "
                + "\(ByteCount(machine.memory)) for two sorts in each of \(max(8, busy)) busy sessions",
            source: "\(Self.manual)resource.html#GUC-WORK-MEM", needsRestart: false)
    }

    /// Where the size and not the time starts checkpoints: as much as the WAL of the time between two, and half again.
    private var walSize: SettingProposal? {
        let all = work.timedCheckpoints + work.requestedCheckpoints
        guard let now = state.amount("max_wal_size"), let time = state.amount("checkpoint_timeout"),
            work.requestedCheckpoints >= 20, work.requestedCheckpoints > 0.2 * all
        else { return nil }
        let wanted = min(work.walRate * time * 1.5, 4 * now, 65_536 * Self.megabyte)
        guard wanted > 1.1 * now else { return nil }
        return SettingProposal(
            name: "max_wal_size", value: Self.rounded(wanted),
            why:
                "\(Int64(work.requestedCheckpoints).grouped) of \(Int64(all).grouped) checkpoints began because the WAL "
                + "was full (\(ByteCount(Int64(work.walRate * 3_600))) an hour); it takes that much disk",
            source: "\(Self.manual)wal.html#GUC-MAX-WAL-SIZE", needsRestart: false,
            reservation: "how much room the disk of the WAL has is not known here; three times that much is safe")
    }

    /// `4GB`, `768MB`: two digits that count, in whole megabytes.
    static func rounded(_ bytes: Double) -> String {
        let megabytes = max(1, Int64(bytes / megabyte))
        if megabytes >= 1_024, megabytes % 1_024 == 0 { return "\(megabytes / 1_024)GB" }
        let step = Int64(max(1, megabytes >= 1_000 ? 64 : megabytes >= 100 ? 16 : 1))
        return "\(megabytes / step * step)MB"
    }
}

extension ServerState.Setting {
    /// Whether it has that value, however it is written.
    func isEqual(to text: String) -> Bool {
        if value == text { return true }
        if let own = amount, let other = Self.amount(of: text) { return abs(own - other) <= 0.001 * max(own, other) }
        if let own = Double(value), let other = Double(text) { return own == other }
        return false
    }

    /// `4GB` in bytes, `15min` in seconds; nil for anything else.
    static func amount(of text: String) -> Double? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits) else { return nil }
        return Self(
            value: String(number), standard: "", unit: String(text.dropFirst(digits.count)), needsRestart: false
        ).amount
    }
}

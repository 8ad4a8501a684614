import Backup
import Calendar
import Maintenance
import Settings

/// Which backups a policy keeps, and why: a pure function of the policy, the backups, the time and the zone.
///
/// Rules only ever keep, so that another rule, or a larger number, never makes one go that stayed. Each chooses for
/// itself, as with restic's `forget`: the newest daily one may be a weekly one too. A rule of periods takes the newest of
/// each period that has a backup; while there are fewer such periods than it names, the oldest backup stays as well, so
/// that a history grows to its length. Beside the rules the newest proved backup always stays, with all that are newer,
/// and nothing goes where there is none: what goes is always older than a backup that brings everything back. Where each
/// night proves a part, that is the newest backup of which every part was proved since, of itself or of newer ones: one
/// of which some parts were proved counts for no more than these parts.
struct Retention: Sendable {
    var policy: BackupPolicy
    /// Whose days, weeks, months and years count.
    var zone: Zone
    var now: Timestamp

    /// A backup, as far as retention asks.
    struct Candidate: Sendable, Hashable {
        var id: BackupID
        /// What it holds was committed before this.
        var snapshot: Timestamp
        var standing: KnownBackup.Standing
        /// Of its rows, the parts that were restored and equal and still count, where the policy proves by parts.
        var parts: Set<Int> = []
        /// Until when somebody asked for it to be kept, and why; nil where nobody did.
        var asked: Asked?
        /// When it was taken out of a physical backup: as old as what it shows, it was made for a purpose now. Nil for one
        /// of a live database.
        var extracted: Timestamp?

        struct Asked: Sendable, Hashable {
            var until: Timestamp
            var reason: String
        }
    }

    /// So long one that was taken out of a physical backup stays at least, from when it was made.
    private static let extractionStays: Duration = .seconds(7 * 86_400)

    enum Verdict: Sendable, Hashable {
        /// With every reason there is for it, the one that matters most first.
        case kept([String])
        /// No rule keeps it, and it stays because no newer one is proved.
        case held(String)
        case goes(String)

        var stays: Bool { if case .goes = self { false } else { true } }
    }

    /// - Parameter candidates: those that can be believed, in any order.
    func judge(_ candidates: [Candidate]) -> [BackupID: Verdict] {
        guard policy.decidesWhatStays else { return all(candidates, "no rule removes any") }
        let known = candidates.filter { $0.snapshot <= now && $0.extracted == nil }.sorted {
            ($0.snapshot, $0.id) > ($1.snapshot, $1.id)
        }
        // One whose proof failed keeps nothing alive and fills no place.
        let good = known.filter { $0.standing != .refuted }
        var reasons: [BackupID: [String]] = [:]
        func keep(_ candidate: Candidate?, _ reason: String) {
            if let candidate { reasons[candidate.id, default: []].append(reason) }
        }
        let (newestProved, reason) = proved(among: good)
        keep(newestProved, reason)
        for candidate in good.prefix(policy.minimum?.value ?? 1) { keep(candidate, "minimum") }
        if let rules = policy.keep?.value { apply(rules, to: good, keep) }
        if let retention = policy.retention?.value {
            let limit = retention.before(now)
            for candidate in known where candidate.snapshot >= limit { keep(candidate, "younger than \(retention)") }
        }
        for candidate in candidates {
            guard let asked = candidate.asked, asked.until > now else { continue }
            keep(candidate, "\(asked.reason.printable), until \(CivilTime(asked.until).date)")
        }
        for candidate in candidates {
            guard let made = candidate.extracted else { continue }
            let limit = min(policy.retention?.value.before(now) ?? now, now - Self.extractionStays)
            if made > limit { keep(candidate, "extracted \(CivilTime(made).date)") }
        }
        for candidate in candidates where candidate.snapshot > now {
            keep(candidate, "its snapshot lies in the future")
        }
        return Dictionary(
            candidates.map { candidate in
                if let reasons = reasons[candidate.id] { return (candidate.id, .kept(reasons)) }
                let isBehind = newestProved.map { ($0.snapshot, $0.id) > (candidate.snapshot, candidate.id) } ?? false
                return (candidate.id, isBehind ? .goes(leaving(candidate)) : .held(leaving(candidate)))
            }
        ) { first, _ in first }
    }

    /// The newest behind which nothing is needed, and why.
    private func proved(among good: [Candidate]) -> (Candidate?, String) {
        let parts = policy.verification?.value.parts ?? .max
        var seen: Set<Int> = []
        for candidate in good {
            if candidate.standing == .proved { return (candidate, "newest proved") }
            seen.formUnion(candidate.parts)
            if seen.count >= parts { return (candidate, "all \(parts) parts were proved since") }
        }
        return (nil, "")
    }

    private func apply(_ rules: BackupKeep, to good: [Candidate], _ keep: (Candidate?, String) -> Void) {
        for (index, candidate) in good.prefix(rules.last ?? 0).enumerated() { keep(candidate, "last \(index + 1)") }
        for period in RetentionPeriod.allCases {
            guard let count = rules.count(period) else { continue }
            var seen: Set<String> = []
            for candidate in good where seen.count < count {
                let name = period.name(of: candidate.snapshot, in: zone)
                if seen.insert(name).inserted { keep(candidate, "\(period.rawValue) \(name)") }
            }
            if seen.count < count { keep(good.last, "oldest, until there are \(count) \(period.rawValue)") }
        }
    }

    private func leaving(_ candidate: Candidate) -> String {
        if let made = candidate.extracted { return "extracted \(CivilTime(made).date), and its time is over" }
        var parts: [String] = []
        if candidate.standing == .refuted { parts.append("its proof failed") }
        if let retention = policy.retention?.value { parts.append("older than \(retention)") }
        if policy.keep != nil { parts.append("no 'keep' rule chooses it") }
        return parts.joined(separator: ", ")
    }

    private func all(_ candidates: [Candidate], _ reason: String) -> [BackupID: Verdict] {
        Dictionary(candidates.map { ($0.id, .kept([reason])) }) { first, _ in first }
    }
}

/// The periods of which the newest backup may be kept.
enum RetentionPeriod: String, CaseIterable, Sendable {
    case daily, weekly, monthly, yearly

    /// `2026-11-21`, `2026-47` (ISO 8601: the week of the year that its Thursday lies in), `2026-11`, `2026`.
    func name(of time: Timestamp, in zone: Zone) -> String {
        let offset = zone.offset(at: Int(time.seconds.rounded(.down)))
        let wall = CivilTime(time + .seconds(offset))
        switch self {
        case .daily: return wall.date
        case .weekly:
            let day = CivilTime.daysSince1970(year: wall.year, month: wall.month, day: wall.day)
            // 1970-01-01 was a Thursday; Monday is 0.
            let weekday = (day % 7 + 10) % 7
            let thursday = day - weekday + 3
            let year = CivilTime.date(daysSince1970: thursday).year
            let week = (thursday - CivilTime.daysSince1970(year: year, month: 1, day: 1)) / 7 + 1
            return "\(year.padded(4))-\(week.padded(2))"
        case .monthly: return "\(wall.year.padded(4))-\(wall.month.padded(2))"
        case .yearly: return wall.year.padded(4)
        }
    }
}

extension BackupKeep {
    fileprivate func count(_ period: RetentionPeriod) -> Int? {
        switch period {
        case .daily: daily
        case .weekly: weekly
        case .monthly: monthly
        case .yearly: yearly
        }
    }
}

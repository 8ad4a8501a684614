import Backup
import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Backups

/// Policies and histories that a team might have, and some that no team has.
struct RandomHistory {
    var numbers: SeededGenerator
    private static let zones = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]
    private static let directory = ZoneDirectory(environment: [:])

    init(seed: UInt64) { numbers = SeededGenerator(seed: seed) }

    static func candidate(_ snapshot: Timestamp, _ standing: KnownBackup.Standing) throws -> Retention.Candidate {
        var generator = SystemRandomNumberGenerator()
        return Retention.Candidate(
            id: BackupID(at: snapshot, using: &generator), snapshot: snapshot, standing: standing)
    }

    mutating func next() throws -> (Retention, [Retention.Candidate]) {
        let zone = try Self.directory.zone(Self.zones[number(0, Self.zones.count - 1)])
        // Between 2024 and 2028, and often right at a change of the clock or of the year.
        let edges = [1_774_746_000, 1_792_890_000, 1_798_761_600, 1_709_164_800]
        let base = number(0, 1) == 0 ? edges[number(0, 3)] : number(1_704_067_200, 1_830_297_600)
        let now = Timestamp(seconds: Double(base + number(-86_400, 86_400)))
        let retention = Retention(policy: policy(), zone: zone, now: now)
        let span = [3_600, 86_400, 30 * 86_400, 1_500 * 86_400][number(0, 3)]
        let standings: [KnownBackup.Standing] = [.proved, .proved, .expired, .none, .unproven, .refuted]
        let history = (0..<number(0, 50)).map { _ in
            let age = number(0, 20) == 0 ? -number(1, 86_400) : number(0, span)
            let snapshot = now - .seconds(age)
            return Retention.Candidate(
                id: BackupID(at: snapshot, using: &numbers), snapshot: snapshot,
                standing: standings[number(0, standings.count - 1)])
        }
        return (retention, history)
    }

    private mutating func policy() -> BackupPolicy {
        var policy = BackupPolicy()
        if number(0, 2) > 0 {
            let period =
                number(0, 1) == 0 ? Period(months: number(1, 30)) : Period(duration: .seconds(number(60, 9_000_000)))
            policy.retention = Written(period, at: .test)
        }
        if number(0, 3) > 0 {
            var keep = BackupKeep()
            keep.last = maybe(8)
            keep.daily = maybe(10)
            keep.weekly = maybe(6)
            keep.monthly = maybe(14)
            keep.yearly = maybe(4)
            policy.keep = Written(keep, at: .test)
        }
        policy.minimum = maybe(6).map { Written($0, at: .test) }
        return policy
    }

    /// Adds a rule, or makes one larger.
    mutating func enlarge(_ policy: inout BackupPolicy) {
        var keep = policy.keep?.value ?? BackupKeep()
        let more = number(1, 5)
        switch number(0, 6) {
        case 0: keep.last = (keep.last ?? 0) + more
        case 1: keep.daily = (keep.daily ?? 0) + more
        case 2: keep.weekly = (keep.weekly ?? 0) + more
        case 3: keep.monthly = (keep.monthly ?? 0) + more
        case 4: keep.yearly = (keep.yearly ?? 0) + more
        case 5:
            policy.minimum = Written((policy.minimum?.value ?? 1) + more, at: .test)
            return
        default:
            var period = policy.retention?.value ?? Period()
            period.duration += .seconds(more * 86_400)
            policy.retention = Written(period, at: .test)
            return
        }
        policy.keep = Written(keep, at: .test)
    }

    private mutating func maybe(_ most: Int) -> Int? { number(0, 1) == 0 ? nil : number(1, most) }

    private mutating func number(_ low: Int, _ high: Int) -> Int { Int.random(in: low...high, using: &numbers) }
}

/// The same answer by other means: sets instead of walks, and Foundation's calendar and zones instead of ours.
struct RetentionOracle {
    let retention: Retention

    init(_ retention: Retention) { self.retention = retention }

    func stays(_ history: [Retention.Candidate]) -> Set<BackupID> {
        let policy = retention.policy
        guard policy.retention != nil || policy.keep != nil else { return Set(history.map(\.id)) }
        let past = history.filter { $0.snapshot <= retention.now }
        let good = past.filter { $0.standing != .refuted }
        var stays = Set(history.filter { $0.snapshot > retention.now }.map(\.id))
        if let proved = newest(good.filter { $0.standing == .proved }, 1).first {
            stays.formUnion(past.filter { isNewer($0, proved) }.map(\.id))
            stays.insert(proved.id)
        } else {
            stays.formUnion(past.map(\.id))
        }
        stays.formUnion(newest(good, policy.minimum?.value ?? 1).map(\.id))
        if let period = policy.retention?.value {
            stays.formUnion(past.filter { period.before(retention.now) <= $0.snapshot }.map(\.id))
        }
        guard let keep = policy.keep?.value else { return stays }
        stays.formUnion(newest(good, keep.last ?? 0).map(\.id))
        let rules: [(Int?, Set<Foundation.Calendar.Component>)] = [
            (keep.daily, [.year, .month, .day]), (keep.weekly, [.yearForWeekOfYear, .weekOfYear]),
            (keep.monthly, [.year, .month]), (keep.yearly, [.year]),
        ]
        for (count, components) in rules {
            guard let count else { continue }
            let groups = Dictionary(grouping: good) { key($0.snapshot, components) }
            let first = groups.values.flatMap { newest($0, 1) }
            stays.formUnion(newest(first, count).map(\.id))
            if groups.count < count {
                stays.formUnion(good.filter { other in !good.contains { isNewer(other, $0) } }.map(\.id))
            }
        }
        return stays
    }

    private func key(_ time: Timestamp, _ components: Set<Foundation.Calendar.Component>) -> DateComponents {
        var calendar = Foundation.Calendar(identifier: .iso8601)
        calendar.timeZone = TimeZone(identifier: retention.zone.name) ?? calendar.timeZone
        return calendar.dateComponents(components, from: Date(timeIntervalSince1970: time.seconds))
    }

    private func isNewer(_ one: Retention.Candidate, _ other: Retention.Candidate) -> Bool {
        (one.snapshot, one.id) > (other.snapshot, other.id)
    }

    private func newest(_ candidates: [Retention.Candidate], _ count: Int) -> [Retention.Candidate] {
        Array(candidates.sorted(by: isNewer).prefix(count))
    }
}

import Backup
import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Backups

@Suite("which backups a policy keeps")
struct RetentionTests {
    @Test("is what a brute force says, for histories of every kind", arguments: 1...40)
    func equalsOracle(seed: Int) throws {
        var random = RandomHistory(seed: UInt64(seed))
        for round in 0..<25 {
            let (retention, history) = try random.next()
            let verdicts = retention.judge(history)
            let place = "seed \(seed), round \(round), \(retention.policy)"
            let stays = Set(history.filter { verdicts[$0.id]?.stays == true }.map(\.id))
            #expect(verdicts.count == history.count, "\(place)")
            #expect(stays == RetentionOracle(retention).stays(history), "\(place)")
            #expect(retention.judge(history.shuffled(using: &random.numbers)) == verdicts, "\(place)")
        }
    }

    @Test("never less than the minimum stays, and what goes is older than the newest proved", arguments: 1...20)
    func neverTooLittle(seed: Int) throws {
        var random = RandomHistory(seed: 1_000 + UInt64(seed))
        for _ in 0..<50 {
            let (retention, history) = try random.next()
            let verdicts = retention.judge(history)
            let good = history.filter { $0.snapshot <= retention.now && $0.standing != .refuted }
            let kept = good.filter { verdicts[$0.id]?.stays == true }
            #expect(kept.count >= min(retention.policy.minimum?.value ?? 1, good.count), "seed \(seed)")
            let proved = good.filter { $0.standing == .proved }.max { ($0.snapshot, $0.id) < ($1.snapshot, $1.id) }
            for candidate in history where verdicts[candidate.id]?.stays == false {
                let newest = try #require(proved, "seed \(seed): something goes, and nothing is proved")
                #expect(candidate.snapshot <= newest.snapshot && candidate.id != newest.id, "seed \(seed)")
            }
        }
    }

    @Test("a larger policy never lets more go", arguments: 1...20)
    func isMonotone(seed: Int) throws {
        var random = RandomHistory(seed: 2_000 + UInt64(seed))
        for _ in 0..<50 {
            let (small, history) = try random.next()
            guard small.policy.decidesWhatStays else { continue }
            var large = small
            random.enlarge(&large.policy)
            let before = small.judge(history)
            let after = large.judge(history)
            for candidate in history where before[candidate.id]?.stays == true {
                #expect(
                    after[candidate.id]?.stays == true, "seed \(seed): \(small.policy) became \(large.policy)")
            }
        }
    }

    @Test(
        "periods are those of the zone, and weeks those of ISO 8601",
        arguments: [
            ("2026-11-21T02:00:00Z", "UTC", ["2026-11-21", "2026-47", "2026-11", "2026"]),
            ("2026-12-31T22:59:59Z", "Europe/Berlin", ["2026-12-31", "2026-53", "2026-12", "2026"]),
            ("2026-12-31T23:00:00Z", "Europe/Berlin", ["2027-01-01", "2026-53", "2027-01", "2027"]),
            ("2027-01-03T12:00:00Z", "UTC", ["2027-01-03", "2026-53", "2027-01", "2027"]),
            ("2024-12-30T00:00:00Z", "UTC", ["2024-12-30", "2025-01", "2024-12", "2024"]),
            ("2026-10-25T00:30:00Z", "Europe/Berlin", ["2026-10-25", "2026-43", "2026-10", "2026"]),
            ("2026-03-29T22:00:00Z", "Europe/Berlin", ["2026-03-30", "2026-14", "2026-03", "2026"]),
            ("1969-12-31T23:59:59Z", "UTC", ["1969-12-31", "1970-01", "1969-12", "1969"]),
        ])
    func namesPeriods(time: String, zone: String, names: [String]) throws {
        let instant = try #require(Timestamp(iso8601: time))
        let found = try ZoneDirectory(environment: [:]).zone(zone)
        #expect(RetentionPeriod.allCases.map { $0.name(of: instant, in: found) } == names)
    }

    @Test("every backup is told why it stays or goes")
    func tellsWhy() throws {
        var policy = BackupPolicy()
        var keep = BackupKeep()
        keep.daily = 2
        keep.monthly = 2
        policy.keep = Written(keep, at: .test)
        policy.retention = Written(try #require(Period("1d")), at: .test)
        let now = try #require(Timestamp(iso8601: "2026-11-21T12:00:00Z"))
        let retention = Retention(policy: policy, zone: .utc, now: now)
        let history: [(String, KnownBackup.Standing)] = [
            ("2026-11-21T11:00:00Z", .none), ("2026-11-21T02:00:00Z", .proved), ("2026-11-20T02:00:00Z", .proved),
            ("2026-11-19T02:00:00Z", .refuted), ("2026-11-18T02:00:00Z", .proved), ("2026-10-31T02:00:00Z", .expired),
            ("2026-10-01T02:00:00Z", .expired), ("2027-01-01T00:00:00Z", .proved),
        ]
        let candidates = try history.map { time, standing in
            try RandomHistory.candidate(try #require(Timestamp(iso8601: time)), standing)
        }
        let verdicts = retention.judge(candidates)
        #expect(
            candidates.map { verdicts[$0.id] } == [
                .kept(["minimum", "daily 2026-11-21", "monthly 2026-11", "younger than 1d"]),
                .kept(["newest proved", "younger than 1d"]),
                .kept(["daily 2026-11-20"]),
                .goes("its proof failed, older than 1d, no 'keep' rule chooses it"),
                .goes("older than 1d, no 'keep' rule chooses it"),
                .kept(["monthly 2026-10"]),
                .goes("older than 1d, no 'keep' rule chooses it"),
                .kept(["its snapshot lies in the future"]),
            ])
        let unproved = retention.judge(
            candidates.dropLast().map { .init(id: $0.id, snapshot: $0.snapshot, standing: .expired) })
        #expect(unproved[candidates[4].id] == .held("older than 1d, no 'keep' rule chooses it"))
        #expect(unproved.values.filter { !$0.stays }.isEmpty)
    }

    @Test("what was taken out of a physical backup fills no place, and stays from when it was made")
    func extractions() throws {
        var policy = BackupPolicy()
        var keep = BackupKeep()
        keep.daily = 1
        policy.keep = Written(keep, at: .test)
        let now = try #require(Timestamp(iso8601: "2026-11-21T12:00:00Z"))
        let retention = Retention(policy: policy, zone: .utc, now: now)
        func candidate(_ time: String, _ standing: KnownBackup.Standing, made: String? = nil) throws
            -> Retention.Candidate
        {
            var candidate = try RandomHistory.candidate(try #require(Timestamp(iso8601: time)), standing)
            candidate.extracted = made.flatMap { Timestamp(iso8601: $0) }
            return candidate
        }
        let history = [
            try candidate("2026-11-21T11:00:00Z", .proved, made: "2026-11-21T11:30:00Z"),
            try candidate("2026-11-21T02:00:00Z", .proved),
            try candidate("2026-11-01T02:00:00Z", .proved, made: "2026-11-15T02:00:00Z"),
            try candidate("2026-11-01T01:00:00Z", .proved, made: "2026-11-14T02:00:00Z"),
        ]
        let verdicts = retention.judge(history)
        #expect(
            history.map { verdicts[$0.id] } == [
                .kept(["extracted 2026-11-21"]), .kept(["newest proved", "minimum", "daily 2026-11-21"]),
                .kept(["extracted 2026-11-15"]), .goes("extracted 2026-11-14, and its time is over"),
            ])
    }

    @Test("a backup of which some parts were proved makes none go, until every part was proved of it or of newer ones")
    func partsAreNoProof() throws {
        var policy = BackupPolicy()
        var keep = BackupKeep()
        keep.last = 1
        policy.keep = Written(keep, at: .test)
        let start = try #require(Timestamp(iso8601: "2026-11-02T02:00:00Z"))
        let night = Duration.seconds(86_400)
        /// One part a night, of the newest: the oldest first.
        func history(_ nights: Int, of parts: Int) throws -> [Retention.Candidate] {
            try (0..<nights).map { number in
                var candidate = try RandomHistory.candidate(start + night * number, .partly)
                candidate.parts = [number % parts + 1]
                return candidate
            }
        }
        func going(_ shelf: [Retention.Candidate]) -> [Int] {
            let verdicts = Retention(policy: policy, zone: .utc, now: start + night * 40).judge(shelf)
            return shelf.indices.filter { verdicts[shelf[$0].id]?.stays == false }
        }
        #expect(going(try history(10, of: 4)) == [], "whoever has no rotation believes no part of one")
        policy.verification = Written(.rotating(parts: 4), at: .test)
        #expect(going(try history(3, of: 4)) == [])
        #expect(going(try history(10, of: 4)) == [0, 1, 2, 3, 4, 5])
        var refuted = try history(10, of: 4)
        refuted[8].standing = .refuted
        #expect(going(refuted) == [0, 1, 2, 3], "a refuted one proves no part, and the round begins earlier")
        var whole = try history(10, of: 4)
        whole[9].standing = .proved
        #expect(going(whole) == Array(0..<9))
        let shelf = try history(10, of: 4)
        let verdicts = Retention(policy: policy, zone: .utc, now: start + night * 40).judge(shelf)
        #expect(verdicts[shelf[6].id] == .kept(["all 4 parts were proved since"]))
    }

    @Test("a history grows to the length a rule names: its oldest stays until then")
    func growsToLength() throws {
        var policy = BackupPolicy()
        var keep = BackupKeep()
        keep.weekly = 3
        policy.keep = Written(keep, at: .test)
        let start = try #require(Timestamp(iso8601: "2026-11-02T02:00:00Z"))
        var shelf: [Retention.Candidate] = []
        var lengths: [Int] = []
        for day in 0..<35 {
            let now = start + .seconds(day * 86_400)
            shelf.append(try RandomHistory.candidate(now, .proved))
            let verdicts = Retention(policy: policy, zone: .utc, now: now).judge(shelf)
            shelf.removeAll { verdicts[$0.id]?.stays == false }
            lengths.append(shelf.count)
        }
        #expect(lengths == [1] + Array(repeating: 2, count: 6) + Array(repeating: 3, count: 28))
        #expect(
            shelf.map { RetentionPeriod.daily.name(of: $0.snapshot, in: .utc) } == [
                "2026-11-22", "2026-11-29", "2026-12-06",
            ])
    }
}

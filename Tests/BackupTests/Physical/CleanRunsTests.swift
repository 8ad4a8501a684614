import Backup
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// A detector that cries over what is well is switched off by those it wakes: physical backups of a cluster that changes
/// all the time, each proved, and no alarm in any. Few here; `scripts/soak` gives more (`MAINSTAY_SOAK` is their number).
@Suite("clean physical backups", .timeLimit(.minutes(30)))
struct CleanRunsTests {
    private static let count = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 3

    @Test("no rung of the ladder fails over backups of each type, whatever was written meanwhile")
    func isQuiet() async throws {
        var generator = Seeded(state: UInt64(Self.count) + 7)
        var alarms = 0
        try await PhysicalEstate.with(checksums: true) { estate in
            try await estate.fill()
            for number in 0..<Self.count {
                try await estate.sql(Self.changes.randomElement(using: &generator) ?? "")
                let types: [PhysicalBackupType] = number == 0 ? [.full] : [.full, .differential, .incremental]
                let backup = try await estate.engine().back(up: types.randomElement(using: &generator) ?? .full)
                try await estate.sql(Self.changes.randomElement(using: &generator) ?? "")
                if Bool.random(using: &generator) { try await estate.archive() }
                let outcome = try await estate.proof().run(backup.label)
                let isQuiet = !outcome.ladder.hasFailed && outcome.rows != nil
                if !isQuiet { alarms += 1 }
                #expect(isQuiet, "run \(number), \(backup.label): \(outcome.ladder)")
            }
        }
        #expect(alarms == 0, "\(alarms) of \(Self.count)")
        print("\(Self.count) clean physical backups, \(alarms) alarms")
    }

    /// What a cluster goes through between two backups.
    private static let changes = [
        "update orders set total = total + 1 where id % 5 = 0", "delete from orders where id % 11 = 3",
        "insert into orders select g, 'new ' || g, g from generate_series(30000, 30500) g on conflict do nothing",
        "vacuum (freeze) orders", "vacuum full orders", "reindex table orders", "truncate prices",
        "insert into prices select g, g from generate_series(1, 500) g on conflict do nothing",
        "update documents set body = repeat(md5(random()::text), 400) where id % 3 = 0", "checkpoint",
        "create table if not exists more as select g, md5(g::text) from generate_series(1, 2000) g",
        "drop table if exists more", "cluster orders using orders_pkey", "select pg_switch_wal()",
        "create index if not exists orders_total on orders (total)", "analyze",
        "alter table orders add column if not exists note text", "select txid_current()",
    ]

    /// SplitMix64, so that a run can be had again.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }
}

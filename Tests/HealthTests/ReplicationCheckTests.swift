import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite(.cluster, .temporaryDirectory, .timeLimit(.minutes(5)))
struct ReplicationCheckTests {
    @Test("a primary without a standby says so and passes, unless one is asked for")
    func primaryAlone() async throws {
        try await withPrimary { primary in
            let database = [try primary.resource("main", database: "postgres")]
            let alone = try await check("replication.lag", on: database)
            #expect(alone.check("replication.lag")?.state == .passed)
            #expect(alone.check("replication.lag")?.summary == "no standby")

            let lacking = try await check("replication.lag", on: database, options: ["standbys": 1])
            #expect(lacking.check("replication.lag")?.state == .critical)
            #expect(lacking.findings("HC006").first?.summary == "0 of 1 standbys are connected")

            try await Connection.with(primary.address()) { connection in
                try await connection.execute("alter system set synchronous_standby_names = 'nobody'")
                try await connection.execute("alter system set synchronous_commit = on")
                _ = try await connection.query("select pg_reload_conf()")
            }
            try await eventually("the new setting is in force") {
                try await Connection.with(primary.address()) { connection in
                    try await connection.query("show synchronous_standby_names").only[0, as: String.self] == "nobody"
                }
            }
            let waiting = try await check("replication.lag", on: database)
            #expect(waiting.check("replication.lag")?.state == .critical)
            #expect(waiting.findings("HC006").first?.summary.contains("every commit waits") == true)
        }
    }

    @Test("WAL kept for a slot that nobody reads is found, and the statement that mends it mends it")
    func unreadSlots() async throws {
        try await withPrimary { primary in
            let database = [try primary.resource("main", database: "postgres")]
            let none = try await check("replication.slots", on: database, warning: 1)
            #expect(none.check("replication.slots")?.summary == "no replication slot")
            #expect(none.check("replication.slots")?.state == .passed)
            try await Connection.with(primary.address()) { connection in
                _ = try await connection.query("select pg_create_physical_replication_slot('keeps_nothing')")
                _ = try await connection.query("select pg_create_physical_replication_slot('left', true)")
                try await connection.execute("create table filler as select generate_series(1, 10000)")
            }
            let within = try await check("replication.slots", on: database)
            #expect(within.check("replication.slots")?.state == .passed)
            let beyond = try await check("replication.slots", on: database, warning: 100_000)
            #expect(beyond.check("replication.slots")?.state == .warning)
            let finding = try #require(beyond.findings("HC007").first)
            #expect(finding.summary.contains("2 of 2 slots are not read"))
            #expect(finding.summary.contains("most of it 'left'"))
            let mend = try #require(finding.evidence["to mend 1"]).description
            #expect(mend == "select pg_catalog.pg_drop_replication_slot('left');")
            try await Connection.with(primary.address()) { try await $0.executeScript(trusted: mend) }
            let mended = try await check("replication.slots", on: database, warning: 100_000)
            #expect(mended.check("replication.slots")?.state == .passed)
        }
    }

    @Test("a prepared transaction that nobody ends is found with the statement that ends it")
    func preparedTransactions() async throws {
        try await withPrimary { primary in
            let database = [try primary.resource("main", database: "postgres")]
            try await Connection.with(primary.address()) { connection in
                try await connection.executeScript(
                    trusted: "begin; create table half_done (id int); prepare transaction 'it''s; drop'")
            }
            let young = try await check("transactions.prepared", on: database)
            #expect(young.check("transactions.prepared")?.state == .passed)
            let old = try await check("transactions.prepared", on: database, warning: 0.000_001)
            #expect(old.check("transactions.prepared")?.state == .warning)
            let finding = try #require(old.findings("HC009").first)
            #expect(finding.summary.hasPrefix("1 prepared transaction, the oldest 'it's; drop' for "))
            let mend = try #require(finding.evidence["to end 1"]).description
            try await Connection.with(primary.address()) { try await $0.executeScript(trusted: mend) }
            let ended = try await check("transactions.prepared", on: database, warning: 0.000_001)
            #expect(ended.check("transactions.prepared")?.summary == "no prepared transaction")
        }
    }

    @Test("a standby that does not keep up is found on the primary in bytes and on itself in time")
    func standbyBehind() async throws {
        try await withPrimary { primary in
            try await withStandby(of: primary) { standby in
                let onPrimary = [try primary.resource("main", database: "postgres")]
                let onStandby = [try standby.resource("main", database: "postgres")]
                try await Connection.with(primary.address()) { try await $0.execute("create table first ()") }
                // The primary commits asynchronously, so that its own position says nothing about the table.
                try await eventually("the standby has replayed it") {
                    try await Connection.with(standby.address()) { connection in
                        try await connection.query("select to_regclass('first') is not null as there")
                            .only["there", as: Bool.self]
                    }
                }
                try await eventually("the standby has replayed all") {
                    try await check(
                        "replication.lag", on: onPrimary, warning: 3_600,
                        options: ["bytes-warning": 1, "standbys": 1]
                    ).check("replication.lag")?.state == .passed
                }
                let current = try await check("replication.lag", on: onPrimary, options: ["standbys": 1])
                #expect(current.check("replication.lag")?.summary.contains("behind: 'replica'") == true)
                let itself = try await check("replication.lag", on: onStandby)
                #expect(itself.check("replication.lag")?.state == .passed)
                #expect(itself.check("replication.lag")?.summary.contains("this is a standby, streaming") == true)

                try await Connection.with(standby.address()) { _ = try await $0.query("select pg_wal_replay_pause()") }
                try await Connection.with(primary.address()) { connection in
                    try await connection.execute("create table filler as select generate_series(1, 10000)")
                }
                try await eventually("the standby has received and not replayed it") {
                    try await Connection.with(standby.address()) { connection in
                        try await connection.query(
                            "select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() + 100000 as behind"
                        ).only["behind", as: Bool.self]
                    }
                }
                let behind = try await check(
                    "replication.lag", on: onPrimary, warning: 3_600, critical: 7_200,
                    options: ["bytes-warning": 100_000])
                #expect(behind.check("replication.lag")?.state == .warning, "\(behind.gaps)")
                let late = try await check("replication.lag", on: onStandby, warning: 0.000_001, critical: 7_200)
                let outcome = late.check("replication.lag")
                #expect(outcome?.state == .warning, "\(outcome?.summary ?? "none"), \(late.gaps)")

                try await Connection.with(primary.address()) { try await $0.execute("create role limited login") }
                let limited = [try primary.resource("main", database: "postgres", user: "limited")]
                let hidden = try await check("replication.lag", on: limited)
                #expect(hidden.check("replication.lag")?.state == .unknown)
                #expect(hidden.gaps.first?.reason.hint == "Let it look: grant pg_monitor to \"limited\";")
            }
        }
    }
}

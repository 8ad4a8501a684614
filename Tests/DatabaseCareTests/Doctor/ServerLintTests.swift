import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import DatabaseCare

/// Troubles of a whole server, which need one of their own.
@Suite("what the doctor finds in a server", .cluster)
struct ServerLintTests {
    private let programs = Programs(environment: ProcessInfo.processInfo.environment)

    private func hits(
        _ code: String, _ cluster: PrivateCluster, _ change: (inout LintLimits) -> Void = { _ in }
    ) async throws -> [LintHit] {
        let lint = try #require(LintCatalogue.lint(code))
        var limits = LintLimits.small
        change(&limits)
        let chosen = limits
        return try await SurveySession.with(cluster.address()) { session in
            let examination = try await Doctor(lints: [lint], limits: chosen).examine(
                session, now: Timestamp(microseconds: 1_800_000_000_000_000))
            #expect(examination.gaps.isEmpty && examination.passedOver.isEmpty, "\(code)")
            return examination.answers.flatMap(\.hits)
        }
    }

    private func withServer(
        _ settings: [String: String], _ body: (PrivateCluster) async throws -> Void
    ) async throws {
        let own = ["wal_level": "replica", "max_wal_senders": "4", "max_replication_slots": "4"]
        let cluster = try await PrivateCluster.start(
            TestDatabase.current.cluster.server,
            ClusterOptions(hasDataChecksums: true, settings: own.merging(settings) { $1 }),
            in: TestClusters.directory, with: programs)
        do {
            try await body(cluster)
            try cluster.destroy()
        } catch {
            try cluster.destroy()
            throw error
        }
    }

    @Test("WAL that is not archived, lost slots, checkpoints, and commits that wait for nobody")
    func writing() async throws {
        try await withServer([
            "archive_mode": "on", "archive_command": "/bin/false", "min_wal_size": "32MB", "max_wal_size": "32MB",
        ]) { cluster in
            #expect(try await hits("DB263", cluster).isEmpty)
            #expect(try await hits("DB264", cluster).isEmpty)
            #expect(try await hits("DB266", cluster).isEmpty)
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                try await connection.executeScript(
                    trusted: "select pg_create_physical_replication_slot('forgotten', true); create table t (a int)")
                try await connection.executeScript(trusted: "select pg_switch_wal()")
                try await eventually("archiving failed") {
                    try await connection.query("select failed_count from pg_stat_archiver").only[0, as: Int.self] > 0
                }
                #expect(try await hits("DB263", cluster).map(\.name) == ["archiver"])
                #expect(try await hits("DB266", cluster).map(\.name) == ["forgotten"])
                #expect(try await hits("DB265", cluster).isEmpty)
                try await connection.executeScript(trusted: "alter system set max_slot_wal_keep_size = '1MB'")
                try await connection.executeScript(trusted: "alter system set archive_command = '/bin/true'")
                _ = try await connection.query("select pg_reload_conf()")
                for _ in 1...4 {
                    try await connection.executeScript(trusted: "insert into t values (1)")
                    try await connection.executeScript(trusted: "select pg_switch_wal()")
                    try await connection.executeScript(trusted: "checkpoint")
                }
                try await eventually("the slot has lost its WAL") {
                    try await connection.executeScript(trusted: "checkpoint")
                    return try await !hits("DB265", cluster).isEmpty
                }
                #expect(try await hits("DB266", cluster).isEmpty)
                #expect(
                    try await hits("DB272", cluster) { $0.requestedCheckpoints = 1 }.map(\.name) == ["max_wal_size"])
                #expect(try await hits("DB272", cluster) { $0.requestedCheckpoints = 1_000_000 }.isEmpty)
                try await connection.executeScript(trusted: "alter system set synchronous_standby_names = 'nowhere'")
                try await connection.executeScript(trusted: "alter system set synchronous_commit = 'on'")
                _ = try await connection.query("select pg_reload_conf()")
                try await eventually("the setting counts") {
                    try await !hits("DB264", cluster).isEmpty
                }
            }
        }
    }

    @Test("statements that are slow, dominant, spill, or are forgotten")
    func statements() async throws {
        try await withServer(["shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "100"]) {
            cluster in
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                try await connection.executeScript(
                    trusted: "create extension pg_stat_statements; set work_mem = '64kB'")
                for _ in 1...12 {
                    _ = try await connection.query(
                        "select count(*) from (select g from generate_series(1, 30000) g order by -g) t")
                }
                for _ in 1...250 { _ = try await connection.query("select 1") }
            }
            let slow = try await hits("DB280", cluster) {
                $0.slowMilliseconds = 1
                $0.slowCalls = 10
            }
            #expect(slow.count == 1)
            #expect(slow.first?.note?.contains("generate_series") == true)
            #expect(try await hits("DB280", cluster).isEmpty)
            #expect(try await hits("DB281", cluster) { $0.slowCalls = 10 }.first?.name == slow.first?.name)
            #expect(try await hits("DB281", cluster) { $0.slowCalls = 13 }.isEmpty)
            let spilling = try await hits("DB282", cluster) {
                $0.slowCalls = 10
                $0.leastBytes = 1_000
            }
            #expect(spilling.map(\.name) == slow.map(\.name))
            #expect(try await hits("DB283", cluster) { $0.slowCalls = 0.1 }.isEmpty)
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                for count in 1...300 {
                    let columns = (1...count).map { "null as c\($0)" }.joined(separator: ", ")
                    try await connection.executeScript(trusted: "select \(columns)")
                }
            }
            #expect(try await hits("DB283", cluster) { $0.slowCalls = 0.1 }.count == 1)
        }
    }

    @Test("a subscription whose changes cannot be applied")
    func subscription() async throws {
        try await withServer(["wal_level": "logical"]) { cluster in
            try await Connection.with(cluster.address(), .unlimited()) { there in
                try await there.executeScript(trusted: "create database here")
                try await there.executeScript(
                    trusted: "create table t (a int primary key); create publication p for table t")
                try await there.executeScript(
                    trusted: "select pg_create_logical_replication_slot('s', 'pgoutput')")
                try await Connection.with(cluster.address(database: "here"), .unlimited()) { here in
                    try await here.executeScript(
                        trusted: "create table t (a int primary key); insert into t values (1)")
                    try await here.execute(
                        """
                        create subscription s connection \(literal: "host=\(cluster.socketDirectory) user=postgres dbname=postgres")
                            publication p with (create_slot = false, slot_name = 's', copy_data = false)
                        """)
                    let lint = try #require(LintCatalogue.lint("DB268"))
                    func names() async throws -> [String] {
                        try await Doctor(lints: [lint]).examine(SurveySession(here), now: Timestamp(microseconds: 0))
                            .answers.flatMap(\.hits).map(\.name)
                    }
                    #expect(try await names() == [])
                    try await there.executeScript(trusted: "insert into t values (1)")
                    try await eventually("the conflict is counted") { try await names() == ["s"] }
                }
            }
        }
    }

    @Test("pages that are damaged")
    func damaged() async throws {
        try await withServer([:]) { cluster in
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                try await connection.executeScript(
                    trusted: "create table t (a int); insert into t select generate_series(1, 1000)")
                try await connection.executeScript(trusted: "checkpoint")
            }
            #expect(try await hits("DB260", cluster).isEmpty)
            let path = try await Connection.with(cluster.address()) {
                try await $0.query("select pg_relation_filepath('t')").only[0, as: String.self]
            }
            try await cluster.stop()
            let handle = try #require(FileHandle(forUpdatingAtPath: "\(cluster.dataDirectory)/\(path)"))
            try handle.seek(toOffset: 5_000)
            try handle.write(contentsOf: Data("damage".utf8))
            try handle.close()
            try await cluster.start()
            await #expect(throws: PostgreSQLError.self) {
                try await Connection.with(cluster.address()) { try await $0.query("select count(*) from t") }
            }
            try await eventually("the damage is counted") { try await !hits("DB260", cluster).isEmpty }
        }
    }

    @Test("deadlocks are counted by the day")
    func deadlocks() async throws {
        let database = TestDatabase.current
        try await database.run("create table t (a int primary key, n int); insert into t values (1, 0), (2, 0)")
        var limits = LintLimits.small
        limits.deadlocksADay = 0.5
        #expect(try await database.hits("DB270", limits).isEmpty)
        try await database.connect(.unlimited()) { one in
            try await database.connect(.unlimited()) { two in
                for connection in [one, two] {
                    try await connection.executeScript(trusted: "set deadlock_timeout = '20ms'; begin")
                }
                try await one.execute("update t set n = 1 where a = 1")
                try await two.execute("update t set n = 1 where a = 2")
                async let first: Bool = survives(one, "update t set n = 1 where a = 2")
                async let second: Bool = survives(two, "update t set n = 1 where a = 1")
                let survivors = await [first, second].count { $0 }
                #expect(survivors == 1)
                for connection in [one, two] { try await connection.executeScript(trusted: "rollback") }
            }
        }
        try await eventually("it is counted") { try await !database.hits("DB270", limits).isEmpty }
        #expect(try await database.hits("DB270").isEmpty)
    }

    /// Whoever loses the deadlock gives its locks back, so that the other comes to its end.
    private func survives(_ connection: Connection, _ statement: SQL) async -> Bool {
        do {
            try await connection.execute(statement)
            return true
        } catch {
            return false
        }
    }

    @Test("a standby is asked what holds there, and not what its primary counts")
    func standby() async throws {
        try await withPrimary { primary in
            try await Connection.with(primary.address()) {
                try await $0.executeScript(trusted: "create table bare (a int)")
            }
            try await withStandby(of: primary) { standby in
                let examination = try await SurveySession.with(standby.address()) { session in
                    try await Doctor(lints: LintCatalogue.all).examine(session, now: Timestamp(microseconds: 0))
                }
                #expect(examination.gaps.isEmpty)
                #expect(examination.passedOver.filter { $0.topic != .statements }.allSatisfy { $0.isOfPrimary })
                #expect(examination.passedOver.contains { $0.code == "DB100" })
                let bare = examination.answers.first { $0.lint.code == "DB130" }
                #expect(bare?.hits.map(\.object) == ["public.bare"])
            }
        }
    }
}

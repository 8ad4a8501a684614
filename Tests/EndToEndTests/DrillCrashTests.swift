import Backup
import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// What a crash in the middle of a drill leaves behind: the real program, ended by SIGKILL. Nothing of the killed one
/// stays, whatever it had started, and the run says what it became.
@Suite("crashes of drills", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct DrillCrashTests {
    private let program = Program()
    /// Where the private clusters go, and no other test's.
    private let work = "\(TestClusters.directory)/drilled-\(UInt32.random(in: 0 ... .max))"

    enum Drill: String, CaseIterable, Sendable {
        case databaseFailure, failover

        var words: [String] {
            switch self {
            case .databaseFailure: ["dr", "test", "--scenario", "database-failure", "--environment", "test"]
            case .failover:
                ["dr", "test-failover", "--primary", "test", "--secondary", "other", "--for", "500ms"]
            }
        }
    }

    /// How far it has come: a cluster is being made, a server runs, a second one does, or a point of the journal.
    enum Moment: Hashable, Sendable {
        case making, serving, streaming
        case fault(String)
    }

    static let crashes: [(Drill, Moment)] = [
        (.databaseFailure, .making), (.databaseFailure, .serving), (.databaseFailure, .fault("started:afterWrite")),
        (.databaseFailure, .fault("applied:beforeWrite")), (.databaseFailure, .fault("applied:afterWrite")),
        (.failover, .making), (.failover, .serving), (.failover, .streaming),
        (.failover, .fault("applied:beforeWrite")),
    ]

    private func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    private func has(_ moment: Moment) -> Bool {
        let clusters = names(in: work).filter { names(in: "\(work)/\($0)").contains("data") }
        let serving = clusters.filter { FileManager.default.fileExists(atPath: "\(work)/\($0)/data/postmaster.pid") }
        return switch moment {
        case .making: clusters.contains { names(in: "\(work)/\($0)/data").contains("global") }
        case .serving: !serving.isEmpty
        case .streaming: serving.count > 1
        case .fault: true
        }
    }

    /// Of the processes that have to do with a directory.
    static func commandLines(naming directory: String) -> [String] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { Int32($0) != nil }.compactMap { process in
            FileManager.default.contents(atPath: "/proc/\(process)/cmdline").map {
                String(decoding: $0, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            }
        }.filter { $0.contains(directory) }
    }

    @Test(
        "a drill that was killed anywhere is made after resume, and no server of the killed one stays",
        arguments: Soak.some(crashes, 3))
    func killed(drill: Drill, moment: Moment) async throws {
        defer { try? FileManager.default.removeItem(atPath: work) }
        try await TestDatabase.current.run(
            "create table t as select n, md5(n::text) as t from generate_series(1, 100000) n")
        let connection = TestDatabase.current.connectionString
        try program.configure(
            """
            environments:
              test:
                resources:
                  main: {kind: postgresql, connection: "\(connection)"}
              other:
                resources:
                  main: {kind: postgresql, connection: "\(connection)"}
            backups: {work: "\(work)"}
            """)
        let taken = try await program.run("backup", "run", "--prove", "--environment", "test")
        #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
        var dying = program
        if case .fault(let point) = moment { dying.environment["MAINSTAY_FAULT"] = "kill:\(point)" }
        async let running = Programs(environment: [:]).run(dying.command(drill.words))
        if case .fault = moment {
        } else {
            try await eventually("the drill has come that far") { has(moment) }
            #expect(kill(try processOfTheProgram(), SIGKILL) == 0)
        }
        let ended = try await running
        #expect(ended.termination == .signalled(SIGKILL), "\(ended.errorOutput.text)\(ended.output.text)")

        let resumed = try await program.run("resume")
        // The live pair of a failover is no pair: that is a finding, and the rehearsal is made all the same.
        #expect([0, 3].contains(resumed.exitCode), "\(resumed.errors)\(resumed.output)")
        #expect(names(in: work) == [], "\(names(in: work))")
        #expect(Self.commandLines(naming: work) == [])
        let certificates = names(in: "\(program.directory)/state/backups/test/main/drills")
            .filter { $0.hasSuffix(".certificate.json") }
        #expect(certificates.count == 1, "\(certificates)")
        let runs = try await program.run("runs", "--format", "csv")
        #expect(!runs.output.contains("running") && !runs.output.contains("uncertain"), "\(runs.output)")
    }
}

/// The same for what restores whole clusters.
@Suite("crashes of recoveries", .temporaryDirectory, .timeLimit(.minutes(5)))
struct RecoveryCrashTests {
    private let program = Program()

    private func prepare(_ estate: PhysicalEstate) async throws {
        try await estate.fill()
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                    backups: { physical: { stanza: shop, configuration: \(estate.configuration) } }
            backups:
              work: \(estate.directory)/drills
            """)
        let taken = try await program.run("backup", "run", "--type", "full")
        #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
    }

    private func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    /// Kills it when `isThere`, or at a point of the journal.
    private func kill(_ words: [String], at fault: String?, when isThere: @Sendable () -> Bool) async throws {
        var dying = program
        if let fault { dying.environment["MAINSTAY_FAULT"] = "kill:\(fault)" }
        async let running = Programs(environment: [:]).run(dying.command(words))
        if fault == nil {
            try await eventually("it has come that far", isThere)
            #expect(Glibc.kill(try processOfTheProgram(), SIGKILL) == 0)
        }
        let ended = try await running
        #expect(ended.termination == .signalled(SIGKILL), "\(ended.errorOutput.text)\(ended.output.text)")
    }

    @Test(
        "a recovery to a moment that was killed anywhere is made after resume, with one row of the canary and no server left",
        arguments: Soak.some(
            ["canary", "files", "server", "started:afterWrite", "applied:beforeWrite", "applied:afterWrite"], 2))
    func pointInTime(moment: String) async throws {
        try await PhysicalEstate.with { estate in
            try await prepare(estate)
            let place = "\(estate.directory)/drills"
            let words = ["recovery", "pitr-test", "--for", "1s", "--every", "100ms"]
            let clusters: @Sendable () -> [String] = {
                ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).map { "\(place)/\($0)/data" }
            }
            let isFault = moment.contains(":")
            if moment == "canary" {
                async let running = Programs(environment: [:]).run(program.command(words))
                // Its table stays when it is over, its statements can be seen for a millisecond only.
                try await eventually("the canary is written") {
                    try await estate.connect { connection in
                        try await connection.query("select to_regclass('mainstay.canary') is not null as there")
                            .only["there", as: Bool.self]
                    }
                }
                #expect(Glibc.kill(try processOfTheProgram(), SIGKILL) == 0)
                #expect(try await running.termination == .signalled(SIGKILL))
            } else {
                try await kill(words, at: isFault ? moment : nil) {
                    let file = moment == "files" ? "global" : "postmaster.pid"
                    return clusters().contains { FileManager.default.fileExists(atPath: "\($0)/\(file)") }
                }
            }
            let resumed = try await program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            #expect(names(in: place) == [], "\(names(in: place))")
            #expect(DrillCrashTests.commandLines(naming: place) == [])
            let rows = try await estate.connect { connection in
                let schemas = try await connection.query(
                    "select nspname::text as name from pg_namespace where nspname like 'mainstay%' order by 1")
                let tables = try await connection.query(
                    """
                    select count(*) as n from pg_class where relkind = 'r'
                        and relnamespace in (select oid from pg_namespace where nspname like 'mainstay%')
                    """)
                return (try schemas.map { try $0["name", as: String.self] }, try tables.only["n", as: Int.self])
            }
            #expect(rows.0.count == 1 && rows.1 == 1, "\(rows)")
        }
    }

    @Test(
        "a cluster whose restore was killed on its way comes back after resume, and nothing of the first try stays",
        arguments: ["files", "server"])
    func restored(moment: String) async throws {
        try await PhysicalEstate.with { estate in
            try await prepare(estate)
            let parent = estate.directory
            let goal = "\(parent)/restored"
            let file = moment == "files" ? "global" : "postmaster.pid"
            let known = Set(names(in: parent))
            try await kill(["backup", "restore", "--into", goal], at: nil) {
                let new = ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).filter {
                    !known.contains($0)
                }
                return new.contains { name in
                    ((try? FileManager.default.contentsOfDirectory(atPath: "\(parent)/\(name)")) ?? []).contains {
                        FileManager.default.fileExists(atPath: "\(parent)/\(name)/\($0)/data/\(file)")
                    }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: goal))
            let resumed = try await program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            let new = Set(names(in: parent)).subtracting(known).subtracting(["restored", "restored.tablespaces"])
            #expect(new == [], "\(new)")
            #expect(FileManager.default.fileExists(atPath: "\(goal)/PG_VERSION"))
            #expect(DrillCrashTests.commandLines(naming: "\(parent)/.").isEmpty)
        }
    }
}

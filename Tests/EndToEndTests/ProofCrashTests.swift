import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// What a crash in the middle of a proof leaves behind: the real program, ended by SIGKILL.
@Suite("crashes of proofs", .temporaryDirectory, .cluster, .timeLimit(.minutes(4)))
struct ProofCrashTests {
    private let program = Program()
    /// Where the private clusters go, and no other test's.
    private let work = "\(TestClusters.directory)/killed-\(UInt32.random(in: 0 ... .max))"
    private var folder: String { "\(TemporaryDirectory.current)/state/backups/test/main" }

    /// How far the proof has come.
    enum Moment: String, CaseIterable, Sendable {
        case making, serving, restoring, ending
    }

    enum Command: String, CaseIterable, Sendable {
        case verify, run

        var words: [String] { self == .verify ? ["backup", "verify"] : ["backup", "run", "--prove"] }
    }

    private func prepare() async throws {
        try await TestDatabase.current.run(
            """
            create table t as select n, md5(n::text) as t from generate_series(1, 300000) n;
            select lo_from_bytea(0, 'a large object')
            """)
        try program.configureTestDatabase("backups: {work: \"\(work)\"}")
    }

    private func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    private func has(_ moment: Moment) -> Bool {
        let clusters = names(in: work).filter { $0.hasPrefix("cluster-") }
        switch moment {
        case .making: return clusters.contains { names(in: "\(work)/\($0)/data").contains("global") }
        case .serving: return clusters.contains { names(in: "\(work)/\($0)").contains("server.log") }
        case .restoring: return clusters.contains { $0.hasSuffix(".files") && names(in: "\(work)/\($0)").count > 2 }
        // pg_restore has ended: nobody reads the table's pipe any more.
        case .ending:
            return clusters.contains { $0.hasSuffix(".files") && names(in: "\(work)/\($0)").count > 2 }
                && !commandLines().contains { $0.contains("pg_restore") }
        }
    }

    /// Of the processes that have to do with our work directory.
    private func commandLines() -> [String] {
        names(in: "/proc").filter { Int32($0) != nil }.compactMap { process in
            FileManager.default.contents(atPath: "/proc/\(process)/cmdline").map {
                String(decoding: $0, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            }
        }.filter { $0.contains(work) }
    }

    @Test(
        "a proof that was killed anywhere is made after resume, and nothing of the killed one stays",
        arguments: Command.allCases, Moment.allCases)
    func killed(command: Command, moment: Moment) async throws {
        defer { try? FileManager.default.removeItem(atPath: work) }
        try await prepare()
        if command == .verify { #expect(try await program.run("backup", "run").exitCode == 0) }
        async let running = Programs(environment: [:]).run(program.command(command.words))
        try await eventually("the proof has come that far") { has(moment) }
        #expect(kill(try processOfTheProgram(), SIGKILL) == 0)
        #expect(try await running.termination == .signalled(SIGKILL))
        let taken = names(in: folder).filter { !$0.contains(".") }
        #expect(taken.count == 1)
        let id = try #require(taken.first)
        #expect(!names(in: folder).contains("\(id).certificate.json"))
        #expect(!names(in: work).isEmpty)
        // As if it had been killed a moment later, between two files.
        try "{\"format\":\"mainstay-certificate/1\",\"verdict\":\"proved\""
            .write(toFile: "\(folder)/\(id).certificate.json", atomically: true, encoding: .utf8)
        let listed = try await program.run("backup", "list")
        #expect(!listed.output.contains("proved"), "\(listed.output)")

        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(names(in: folder).filter { !$0.contains(".") } == taken, "it is not taken again")
        let proved = try await program.run("backup", "list")
        #expect(proved.output.contains("proved"), "\(proved.output)")
        #expect(names(in: work) == [])
        #expect(commandLines() == [])
    }
}

import Foundation
import MaintenanceTesting
import Testing

@Suite("dr training from end to end", .temporaryDirectory, .cluster, .timeLimit(.minutes(4)))
struct TrainingTests {
    private let program = Program()

    private func prepare() async throws {
        try await TestDatabase.current.run(
            "create table orders as select n as id, md5(n::text) as h from generate_series(1, 1000) n")
        try program.configureTestDatabase(
            "backups: {work: \"\(TestClusters.directory)/\(UInt32.random(in: 0 ... .max))\"}")
        let none = try await program.run("dr", "training", "start")
        #expect(none.exitCode == 1 && none.output.contains("no backup of 'test/main' is proved"), "\(none.output)")
        #expect(try await program.run("backup", "run", "--prove").exitCode == 0)
    }

    @Test("what was lost has to be back row by row; who practised is in the audit trail; nothing is left in the end")
    func trains() async throws {
        try await prepare()
        let begun = try await program.run("dr:training", "--scenario=operator-error", "--team=admin-team")
        #expect(begun.exitCode == 0, "\(begun.errors)\(begun.output)")
        let socket = try #require(begun.output.firstMatch(of: /psql -h (\S+)/)).output.1
        let again = try await program.run("dr", "training", "start")
        #expect(again.exitCode == 1 && again.output.contains("is under way"), "\(again.output)")
        let early = try await program.run("dr", "training", "check")
        #expect(early.exitCode == 1 && early.output.contains("has 0 rows"), "\(early.errors)\(early.output)")

        let psql = "psql -h \(socket) -U mainstay_proof -d '\(TestDatabase.current.name)' -Xqc"
        let wrong = try await program.shell(
            "\(psql) \"insert into orders select n, md5((n + 1)::text) from generate_series(1, 1000) n\"")
        #expect(wrong.exitCode == 0, "\(wrong.errors)")
        let almost = try await program.run("dr", "training", "check")
        #expect(almost.exitCode == 1 && almost.output.contains("are not what they were"), "\(almost.output)")

        let mended = try await program.shell("\(psql) \"update orders set h = md5(id::text)\"")
        #expect(mended.exitCode == 0, "\(mended.errors)")
        let passed = try await program.run("dr", "training", "check")
        #expect(passed.exitCode == 0 && passed.output.contains("everything is back"), "\(passed.output)")
        let ended = try await program.run("dr", "training", "end")
        #expect(ended.exitCode == 0, "\(ended.errors)\(ended.output)")
        #expect(!FileManager.default.fileExists(atPath: String(socket)))
        let nothing = try await program.run("dr", "training", "check")
        #expect(nothing.exitCode == 1 && nothing.output.contains("no training"), "\(nothing.output)")
        let trail = try await program.run("audit", "log", "--format", "json")
        #expect(trail.output.contains("training began") && trail.output.contains("admin-team"), "\(trail.output)")
    }

    @Test("a database that is gone is named, and the server outlives the command")
    func databaseFailure() async throws {
        try await prepare()
        #expect(try await program.run("dr", "training", "start").exitCode == 0)
        let checked = try await program.run("dr", "training", "check")
        #expect(checked.exitCode == 1 && checked.output.contains("there is no database"), "\(checked.output)")
        #expect(try await program.run("dr", "training", "end").exitCode == 0)
    }
}

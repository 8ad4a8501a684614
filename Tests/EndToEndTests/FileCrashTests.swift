import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// What a crash leaves of a change to files: the real program, ended by SIGKILL at every point of the journal.
@Suite("crashes over files", .temporaryDirectory)
struct FileCrashTests {
    private let program = Program()
    private var directory: String { program.directory }

    static let points: [(ChangeState, JournalObserver.Moment)] = [
        (.started, .beforeWrite), (.started, .afterWrite), (.applied, .beforeWrite), (.applied, .afterWrite),
        (.proved, .beforeWrite), (.proved, .afterWrite),
    ]

    private static let content = (0..<4_000).map { "line \($0) of a log\n" }.joined()

    private func write(_ name: String, _ content: String, age: Double = 0) throws {
        let url = URL(fileURLWithPath: directory).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: url)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: url.path)
    }

    private func listing(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(directory)/\(folder)").sorted()
    }

    private func kill(at state: ChangeState, _ moment: JournalObserver.Moment, _ arguments: String...) async throws {
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        let outcome = try await Programs(environment: [:]).run(dying.command(arguments))
        #expect(outcome.termination == .signalled(SIGKILL), "\(outcome.errorOutput.text)")
    }

    @Test(
        "a rotation that was killed anywhere is finished, no line is lost and none is there twice",
        arguments: ["rename", "copytruncate"], points)
    func rotation(mode: String, point: (ChangeState, JournalObserver.Moment)) async throws {
        try write("logs/app.log", Self.content)
        try program.configure(
            """
            environments:
              test:
                resources:
                  app:
                    kind: logs
                    paths: [\(directory)/logs/app.log]
                    rotate:
                      size: 1k
                      mode: \(mode)
            """)
        try await kill(at: point.0, point.1, "logs", "rotate")
        // The first change dies; what is left is the second one's, which dies at the same point.
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        let files = try listing("logs").filter { $0 != "app.log" }
        #expect(files.count == 1 && files.allSatisfy { $0.hasSuffix("Z.gz") }, "\(files)")
        let unpacked = ChildProgram("gzip", ["-dc", "\(directory)/logs/\(files.first ?? "")"])
        var text = try await Programs(environment: ["PATH": "/usr/bin:/bin"]).run(unpacked).checked().output.text
        if mode == "copytruncate" { text += try String(contentsOfFile: "\(directory)/logs/app.log", encoding: .utf8) }
        #expect(text == Self.content)
    }

    @Test("a compression that dies while its program goes on is done again, and nothing of the first is left")
    func orphanedCompression() async throws {
        try write("logs/keep", "")
        try write("logs/app.log", Self.content)
        // A gzip that takes its time.
        try write("programs/gzip", "#!/bin/sh\nsleep 3\nexec /usr/bin/gzip \"$@\"\n")
        #expect(chmod("\(directory)/programs/gzip", 0o755) == 0)
        var slow = program
        slow.environment["PATH"] = "\(directory)/programs:/usr/bin:/bin"
        try program.configure(
            """
            environments:
              test:
                resources:
                  app:
                    kind: logs
                    paths: [\(directory)/logs/app.log]
                    rotate:
                      size: 1k
            """)
        let slowly = slow
        async let running = slowly.run("logs", "rotate")
        let isUnderWay = {
            try listing("logs").contains { $0.hasSuffix(".partial") }
        }
        try await eventually("the compression is under way", isUnderWay)
        #expect(Glibc.kill(try processOfTheProgram(), SIGKILL) == 0)
        #expect(try await running.status == .signalled(SIGKILL))
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        let files = try listing("logs").filter { $0 != "keep" }
        #expect(files.count == 1 && files[0].hasSuffix("Z.gz"), "\(files)")
        let gzip = ChildProgram("gzip", ["-dc", "\(directory)/logs/\(files[0])"])
        let unpacked = try await Programs(environment: ["PATH": "/usr/bin:/bin"]).run(gzip).checked().output.text
        #expect(unpacked == Self.content)
    }

    @Test("a removal that was killed anywhere is finished, and only what was planned is gone", arguments: points)
    func removal(state: ChangeState, moment: JournalObserver.Moment) async throws {
        for number in 1...20 { try write("uploads/old-\(number)", "x", age: 10 * 86_400) }
        try write("uploads/young", "x")
        try program.configure(
            """
            environments:
              test:
                resources:
                  uploads:
                    kind: files
                    path: \(directory)/uploads
                    older-than: 7d
            """)
        try await kill(at: state, moment, "data", "cleanup-temp")
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try listing("uploads") == ["young"])
    }

    @Test(
        "a report whose run was killed anywhere is written once, whole, and the same as the latest", arguments: points)
    func report(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try write("reports/daily-2001-02-03.html", "an older one")
        try program.configure("{environments: {}, reports: {directory: \(directory)/reports}}")
        try await kill(at: state, moment, "report", "daily")
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        let files = try listing("reports")
        #expect(files.count == 3 && files.first == "daily-2001-02-03.html" && files.last == "latest.html", "\(files)")
        let texts = try files.dropFirst().map {
            try String(contentsOfFile: "\(directory)/reports/\($0)", encoding: .utf8)
        }
        #expect(Set(texts).count == 1)
        #expect(texts.allSatisfy { $0.hasSuffix("</html>\n") })
    }

    @Test("a removal of reports that was killed anywhere is finished, and only old reports are gone", arguments: points)
    func pruning(state: ChangeState, moment: JournalObserver.Moment) async throws {
        for day in 1...9 { try write("reports/daily-2001-02-0\(day).html", "x") }
        let others = ["daily-2001-02-03.html.bak", "daily-2999-01-01.html", "latest.html", "notes.html"]
        for other in others { try write("reports/\(other)", "x") }
        try program.configure("{environments: {}, reports: {directory: \(directory)/reports, keep: 7d}}")
        try await kill(at: state, moment, "report", "prune", "--yes")
        let resumed = try await program.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try listing("reports") == others)
    }
}

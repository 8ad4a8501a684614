import Engine
import Foundation
import Glibc
import Logs
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@Suite("logs rotate", .temporaryDirectory, .timeLimit(.minutes(3)))
struct RotateLogsTests {
    private func estate(
        isProtected: Bool = false, names: [String] = ["logs/app.log"],
        adapting: (inout LogAccess.Rotation) -> Void = { _ in }
    ) throws -> FileEstate {
        let paths = names.map { TemporaryDirectory.current + "/" + $0 }
        try FileManager.default.createDirectory(
            atPath: TemporaryDirectory.current + "/logs", withIntermediateDirectories: true)
        var rotation = LogAccess.Rotation(location: FileEstate.line(3))
        rotation.size = ByteCount(10)
        adapting(&rotation)
        var access = LogAccess(.paths(Written(paths, at: FileEstate.line(2))))
        access.rotation = rotation
        return try FileEstate(.logs(access), isProtected: isProtected)
    }

    @Test("a log over its size is renamed and compressed, one under it stays")
    func size() async throws {
        let estate = try estate(names: ["logs/app.log", "logs/small.log"])
        try estate.write("logs/app.log", "0123456789\n")
        try estate.write("logs/small.log", "012345678")
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.step.state == .succeeded, "\(summary.step.error?.problem ?? "")")
        #expect(summary.states == ["rotate proved", "compress proved"])
        #expect(try estate.listing("/logs") == ["app.log-20261121T020000Z.gz", "small.log"])
        #expect(try await estate.unpack("logs/app.log-20261121T020000Z.gz") == "0123456789\n")
        #expect(summary.changes[0].evidence?["lost"] == "nothing")
    }

    @Test("a log is rotated again when its last rotation is old enough, and never when it is empty")
    func age() async throws {
        let estate = try estate { rotation in
            rotation.size = nil
            rotation.age = .seconds(86_400)
            rotation.compression = .none
        }
        try estate.write("logs/app.log-20261120T030000Z", "old")
        try estate.write("logs/app.log", "new")
        #expect(try await estate.harness.run("logs rotate").changes.isEmpty)
        estate.clock.advance(by: .seconds(3_600))
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.states == ["rotate proved"])
        #expect(summary.changes[0].change.reason == "it was begun 1 d ago, the limit is 1 d")
        try estate.write("logs/app.log", "")
        estate.clock.advance(by: .seconds(90_000))
        #expect(try await estate.harness.run("logs rotate").changes.isEmpty)
        #expect(try await estate.harness.run("logs rotate --force").changes.isEmpty)
    }

    @Test("rotated files over the count or the age are removed, each by the line that allows it")
    func keep() async throws {
        let estate = try estate(isProtected: true) { rotation in
            rotation.keep.count = Written(3, at: FileEstate.line(7))
            rotation.keep.age = Written(Period(duration: .seconds(30 * 86_400)), at: FileEstate.line(8))
            rotation.compression = .none
        }
        for day in ["20261120", "20261119", "20261118", "20260901"] { try estate.write("logs/app.log-\(day)", day) }
        try estate.write("logs/app.log.bak", "keep")
        try estate.write("logs/app.log", "0123456789")
        let summary = try await estate.harness.run("logs rotate", isRoutine: true)
        #expect(summary.step.state == .succeeded)
        #expect(summary.states == ["rotate proved", "remove proved", "remove proved"])
        #expect(summary.changes.dropFirst().map(\.change.authority) == ["mainstay.yaml:7:5", "mainstay.yaml:8:5"])
        let left = ["app.log-20261119", "app.log-20261120", "app.log-20261121T020000Z", "app.log.bak"]
        #expect(try estate.listing("/logs") == left)
    }

    @Test("without a limit nothing rotated is ever removed")
    func keepsAll() async throws {
        let estate = try estate { $0.compression = .none }
        for number in 1...30 { try estate.write("logs/app.log.\(number)", "x", daysOld: 900) }
        try estate.write("logs/app.log", "0123456789")
        _ = try await estate.harness.run("logs rotate")
        #expect(try estate.listing("/logs").count == 31)
    }

    @Test("numbered files move up, whatever the plan called them, and each is compressed once")
    func numbered() async throws {
        let estate = try estate { rotation in
            rotation.names = .numbered
            rotation.compression = .zstd
            rotation.keep.count = Written(3, at: FileEstate.line(7))
        }
        for round in 1...5 {
            try estate.write("logs/app.log", "0123456789 round \(round)")
            let summary = try await estate.harness.run("logs rotate")
            #expect(summary.step.state == .succeeded, "\(summary.step.error?.problem ?? "")")
            estate.clock.advance(by: .seconds(60))
        }
        #expect(try estate.listing("/logs") == ["app.log.1.zst", "app.log.2.zst", "app.log.3.zst"])
        #expect(try await estate.unpack("logs/app.log.1.zst") == "0123456789 round 5")
        #expect(try await estate.unpack("logs/app.log.3.zst") == "0123456789 round 3")
    }

    @Test(
        "hostile names are rotated, compressed and removed as they are",
        arguments: ["a b", "-rf", "$(id)", "new\nline", "\u{1b}[31m", "back\\x41", "'"])
    func hostileNames(name: String) async throws {
        let estate = try estate(names: ["logs/\(name)"])
        try estate.write("logs/\(name)", "0123456789")
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.step.state == .succeeded, "\(summary.step.error?.problem ?? "")")
        #expect(try estate.listing("/logs") == ["\(name)-20261121T020000Z.gz"])
    }

    @Test("a busy writer that is told by a signal loses no line, and what it left is compressed in the same run")
    func signalledWriter() async throws {
        let pidFile = TemporaryDirectory.current + "/app.pid"
        let estate = try estate { $0.after = .signal(.hup, pidFile: pidFile) }
        let path = TemporaryDirectory.current + "/logs/app.log"
        let count = try await LogWriter.writing(to: path, pidFile: pidFile) { _ in
            for _ in 0..<3 {
                let summary = try await estate.withRunningClock { try await estate.harness.run("logs rotate") }
                #expect(summary.step.state == .succeeded, "\(summary.step.error?.problem ?? "")")
                #expect(summary.states == ["rotate proved", "compress proved"])
            }
        }
        var bytes: [UInt8] = []
        for name in try estate.listing("/logs") where name != "app.log" {
            bytes += Array(try await estate.unpack("logs/\(name)").utf8)
        }
        bytes += Array(try estate.read("logs/app.log").utf8)
        #expect(LogWriter.numbers(in: bytes) == Array(0..<count))
    }

    @Test("a writer that is told and does not let go makes the step unproven, and its file is not compressed")
    func stubbornWriter() async throws {
        let pidFile = TemporaryDirectory.current + "/app.pid"
        let estate = try estate { $0.after = .signal(.hup, pidFile: pidFile) }
        let path = TemporaryDirectory.current + "/logs/app.log"
        let count = try await LogWriter.writing(to: path, pidFile: pidFile, ignoresSignal: true) { _ in
            let summary = try await estate.withRunningClock { try await estate.harness.run("logs rotate") }
            #expect(summary.step.state == .unproven)
            #expect(summary.states == ["rotate unproven", "compress refused"])
            #expect(summary.step.error?.problem.contains("was told and still writes to") == true)
            let next = try await estate.harness.run("logs rotate")
            #expect(next.findings("LG003").count == 1)
            #expect(next.changes.isEmpty)
        }
        let name = try #require(try estate.listing("/logs").first)
        #expect(LogWriter.numbers(in: Array(try estate.read("logs/\(name)").utf8)) == Array(0..<count))
    }

    @Test("a writer that is not told goes on in the renamed file, which is compressed when it has let go")
    func untoldWriter() async throws {
        let estate = try estate()
        let path = TemporaryDirectory.current + "/logs/app.log"
        let count = try await LogWriter.writing(to: path, pidFile: TemporaryDirectory.current + "/pid") { _ in
            let summary = try await estate.harness.run("logs rotate")
            #expect(summary.step.state == .succeeded)
            #expect(summary.states == ["rotate proved"])
        }
        let later = try await estate.harness.run("logs rotate")
        #expect(later.states == ["compress proved"])
        #expect(later.findings("LG002").map(\.object) == [path])
        let text = try await estate.unpack("logs/app.log-20261121T020000Z.gz")
        #expect(LogWriter.numbers(in: Array(text.utf8)) == Array(0..<count))
    }

    @Test("a log that is copied and cut loses nothing here, and the evidence says so")
    func copied() async throws {
        let estate = try estate { $0.mode = .copytruncate }
        let path = TemporaryDirectory.current + "/logs/app.log"
        let count = try await LogWriter.writing(to: path, pidFile: TemporaryDirectory.current + "/pid") { _ in
            for _ in 0..<3 {
                let before = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
                try await eventually("the log has grown") {
                    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0 >= before + 65_536
                }
                let summary = try await estate.harness.run("logs rotate")
                #expect(summary.step.state == .succeeded, "\(summary.step.error?.problem ?? "")")
                #expect(summary.states == ["rotate proved", "compress proved"])
                estate.clock.advance(by: .seconds(60))
                #expect(summary.changes[0].evidence?["lost"] == "nothing")
            }
        }
        var bytes: [UInt8] = []
        for name in try estate.listing("/logs") where name != "app.log" {
            bytes += Array(try await estate.unpack("logs/\(name)").utf8)
        }
        bytes += Array(try estate.read("logs/app.log").utf8)
        #expect(LogWriter.numbers(in: bytes) == Array(0..<count))
    }

    @Test("a command tells the writer; when it fails the change fails with its words, and the next run goes on")
    func failingCommand() async throws {
        let estate = try estate { $0.after = .command(["sh", "-c", "echo no such service >&2; exit 5"]) }
        try estate.write("logs/app.log", "0123456789")
        let summary = try await estate.harness.run("logs rotate")
        // Renamed it is, and nobody writes to it: that much is shown.
        #expect(
            summary.changes[0].state == .proved || summary.changes[0].error?.problem.contains("no such service") == true
        )
        #expect(try estate.listing("/logs").count == 1)
    }

    @Test("without the compressing program the rotated file stays, and the error names the package")
    func missingProgram() async throws {
        var estate = try estate { $0.compression = .zstd }
        estate.harness.programs = Programs(environment: ["PATH": TemporaryDirectory.current])
        try estate.write("logs/app.log", "0123456789")
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.step.state == .failed)
        #expect(summary.states == ["rotate proved", "compress failed"])
        #expect(summary.step.error?.hint == "Install it: apt-get install zstd")
        #expect(summary.exitStatus(failOn: nil) == .configuration)
        #expect(try estate.listing("/logs") == ["app.log-20261121T020000Z"])
    }

    @Test("a log that is too large or missing is a finding, a link is a gap")
    func findings() async throws {
        let here = TemporaryDirectory.current
        var access = LogAccess(
            .paths(
                Written(
                    ["\(here)/logs/app.log", "\(here)/logs/none.log", "\(here)/logs/link.log"], at: FileEstate.line(2)))
        )
        access.maximumSize = ByteCount(5)
        let estate = try FileEstate(.logs(access))
        try estate.write("logs/app.log", "0123456789")
        try FileManager.default.createSymbolicLink(atPath: "\(here)/logs/link.log", withDestinationPath: "/etc/passwd")
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.findings("LG001").map(\.object) == ["\(here)/logs/app.log"])
        #expect(summary.findings("LG002").map(\.object) == ["\(here)/logs/none.log"])
        #expect(summary.gaps.map(\.reason.code) == ["file.symbolic-link"])
        #expect(summary.step.state == .unproven)
        #expect(summary.changes.isEmpty)
    }

    @Test("in a directory the files that match are logs, those that were rotated from them are not")
    func directory() async throws {
        var access = LogAccess(
            .directory(Written(TemporaryDirectory.current + "/logs", at: FileEstate.line(2)), include: ["*.log*"]))
        access.rotation = LogAccess.Rotation(location: FileEstate.line(3))
        access.rotation?.size = ByteCount(1)
        access.rotation?.compression = .none
        access.rotation?.names = .numbered
        let estate = try FileEstate(.logs(access))
        for name in ["a.log", "a.log.1", "b.log", "a.log-20261101", "c.txt"] { try estate.write("logs/\(name)", name) }
        let summary = try await estate.harness.run("logs rotate")
        #expect(
            summary.changes.map(\.change.object)
                == ["a.log", "b.log"].map { "\(TemporaryDirectory.current)/logs/\($0)" })
        #expect(try estate.listing("/logs") == ["a.log-20261101", "a.log.1", "a.log.2", "b.log.1", "c.txt"])
    }

    @Test("while the writer has made no new log, what was rotated from it is still compressed and thinned out")
    func withoutLog() async throws {
        var access = LogAccess(
            .directory(Written(TemporaryDirectory.current + "/logs", at: FileEstate.line(2)), include: ["*.log"]))
        access.rotation = LogAccess.Rotation(location: FileEstate.line(3))
        access.rotation?.size = ByteCount(1)
        access.rotation?.keep.count = Written(2, at: FileEstate.line(4))
        let estate = try FileEstate(.logs(access))
        for day in 10...13 { try estate.write("logs/app.log-202611\(day)", "day \(day)") }
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.step.state == .succeeded)
        #expect(try estate.listing("/logs") == ["app.log-20261112.gz", "app.log-20261113.gz"])
        #expect(summary.findings.isEmpty)
    }

    @Test("what may be a log or a rotated one is neither rotated nor removed, and said")
    func doubtful() async throws {
        var access = LogAccess(
            .directory(Written(TemporaryDirectory.current + "/logs", at: FileEstate.line(2)), include: ["*"]))
        access.rotation = LogAccess.Rotation(location: FileEstate.line(3))
        access.rotation?.size = ByteCount(1)
        access.rotation?.compression = .none
        access.rotation?.keep.count = Written(0, at: FileEstate.line(4))
        let estate = try FileEstate(.logs(access))
        for name in ["server.1", "app.log-20261113T020000Z"] { try estate.write("logs/\(name)", name) }
        let summary = try await estate.harness.run("logs rotate")
        #expect(summary.findings("LG004").map(\.object) == ["\(TemporaryDirectory.current)/logs/server.1"])
        #expect(try estate.listing("/logs") == ["server.1"])
    }

    @Test("the plan of a dry run is done to the letter, and refused when the log is another file by then")
    func plan() async throws {
        let estate = try estate()
        try estate.write("logs/app.log", "0123456789")
        let digest = try #require(try await estate.harness.run("logs rotate", isDryRun: true).plans.first).digest
        estate.clock.advance(by: .seconds(100))
        #expect(try await estate.harness.run("logs rotate", isDryRun: true).plans.first?.digest == digest)
        // Both are there at once, so that they cannot have the same inode.
        try estate.write("logs/other", "0123456789")
        try FileManager.default.removeItem(atPath: estate.directory + "/logs/app.log")
        try FileManager.default.moveItem(
            atPath: estate.directory + "/logs/other", toPath: estate.directory + "/logs/app.log")
        await #expect(throws: EngineError.self) { try await estate.harness.run("logs rotate", planDigest: digest) }
        #expect(try estate.listing("/logs") == ["app.log"])
    }
}

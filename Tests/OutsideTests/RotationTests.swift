import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("rotation under a writer", .temporaryDirectory, .timeLimit(.minutes(2)))
struct RotationTests {
    let now = Timestamp(microseconds: 1_795_226_400_000_000)

    private func files(in path: String = TemporaryDirectory.current) throws -> LogFiles {
        LogFiles(try SafeDirectory(path), try FileName("app.log"))
    }

    /// All that was written, oldest first.
    private func everything(_ files: LogFiles) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for rotated in try files.rotated().reversed() {
            bytes += try files.directory.open(rotated.fileName).contents(limit: 1 << 30) ?? []
        }
        return bytes + (try files.directory.open(files.log).contents(limit: 1 << 30) ?? [])
    }

    /// Waits until the writer has put another 256 kB into the log.
    private func grow(_ files: LogFiles) async throws {
        let before = (try files.status()?.size ?? ByteCount(0)).bytes
        try await eventually("the log has grown") { (try files.status()?.size.bytes ?? 0) - before > 262_144 }
    }

    @Test(
        "renamed and told by a signal, a busy writer loses no line and repeats none",
        arguments: [LogFiles.Style.dated, .numbered])
    func rename(style: LogFiles.Style) async throws {
        let files = try files()
        let pidFile = TemporaryDirectory.current + "/app.pid"
        let count = try await LogWriter.writing(to: files.shown, pidFile: pidFile) { writer in
            for _ in 0..<5 {
                try await grow(files)
                let identity = try #require(try files.status()).identity
                #expect(try OpenFiles().writers(of: identity).writers.map(\.process) == [writer.process])
                _ = try files.rename(identity, style: style, at: now)
                try await WriterNotice.signal(SIGHUP, pidFile: pidFile).send(with: programs)
                try await eventually("the writer has let go") {
                    try OpenFiles().writers(of: identity).writers.isEmpty
                }
            }
        }
        #expect(try files.rotated().count == 5)
        #expect(LogWriter.numbers(in: try everything(files)) == Array(0..<count))
    }

    @Test("a child that is being started is not taken for a writer of what we have open")
    func startedChild() async throws {
        let directory = try SafeDirectory(TemporaryDirectory.current)
        let name = try FileName("open.log")
        let file = try directory.open(name, flags: O_WRONLY | O_CREAT | O_EXCL)
        let identity = try #require(try directory.status(of: name)).identity
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 { _ = try await programs.run(ChildProgram("true")) }
                }
            }
            group.addTask {
                for _ in 0..<400 {
                    let found = try OpenFiles().writers(of: identity).writers.map(\.process)
                    #expect(found == [getpid()])
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        withExtendedLifetime(file) {}
    }

    @Test("copied and cut in blocks, a busy writer loses no byte and repeats none")
    func cutting() async throws {
        let files = try files()
        var gaps: [CopyTruncate.Gap] = []
        let count = try await LogWriter.writing(to: files.shown, pidFile: TemporaryDirectory.current + "/pid") { _ in
            for _ in 0..<5 {
                try await grow(files)
                let identity = try #require(try files.status()).identity
                let outcome = try CopyTruncate(files).run(identity, style: .numbered, at: now)
                gaps.append(outcome.gap)
                #expect(outcome.copied > ByteCount(200_000))
                #expect(outcome.writingAtOffset.isEmpty)
                #expect(try files.status()?.identity == identity)
            }
        }
        #expect(try files.rotated().count == 5)
        // The test's directory is on ext4 or XFS; elsewhere the next test says what holds.
        if gaps.allSatisfy({ $0 == .none }) {
            #expect(LogWriter.numbers(in: try everything(files)) == Array(0..<count))
        }
    }

    @Test("copied and emptied, a busy writer loses no more than is said", .enabled(if: SystemUser.isRoot))
    func emptying() async throws {
        // tmpfs cannot cut blocks, as little as btrfs or a network mount.
        let place = "/dev/shm/" + (TemporaryDirectory.current.split(separator: "/").last ?? "mainstay-test")
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: place) } }
        let files = try files(in: place)
        var said: Int64 = 0
        let count = try await LogWriter.writing(to: files.shown, pidFile: place + "/pid") { _ in
            for _ in 0..<8 {
                try await grow(files)
                let identity = try #require(try files.status()).identity
                let outcome = try CopyTruncate(files).run(identity, style: .numbered, at: now)
                guard case .atMost(let bytes) = outcome.gap else {
                    Issue.record("the gap was not measured: \(outcome.gap)")
                    return
                }
                said += bytes.bytes
            }
        }
        let numbers = LogWriter.numbers(in: try everything(files))
        // A line may be divided where the log was emptied in the middle of a read; its bytes are all there.
        let whole = Set(numbers.compactMap { $0 })
        let lost = Int64(count - whole.count) * Int64(LogWriter.line.utf8.count)
        #expect(whole.count == numbers.compactMap { $0 }.count)
        #expect(lost <= said)
        #expect(said < 64 << 20)
    }

    @Test("a copy that was interrupted before the cut is dropped, one after it is kept")
    func interruptedCopy() throws {
        let files = try files()
        let hidden = try FileName(".app.log.mainstay-copy")
        try files.directory.write(files.log, Array("one\ntwo\nthree\n".utf8))
        try files.directory.write(hidden, Array("one\ntwo\n".utf8))
        let rotation = CopyTruncate(files)
        #expect(try rotation.isInterrupted())
        #expect(try rotation.finishInterrupted(style: .dated, at: now) == nil)
        #expect(try !rotation.isInterrupted())
        try files.directory.write(hidden, Array("zero\n".utf8))
        let name = try #require(try rotation.finishInterrupted(style: .dated, at: now))
        #expect(try files.directory.open(name.fileName).contents(limit: 99) == Array("zero\n".utf8))
        #expect(try files.directory.open(files.log).contents(limit: 99) == Array("one\ntwo\nthree\n".utf8))
    }

    @Test("a log that is another file by now is not touched")
    func replaced() throws {
        let files = try files()
        try files.directory.write(files.log, [1])
        let old = try #require(try files.status()).identity
        try files.directory.write(files.log, [2])
        #expect(throws: FileError.changed(path: files.shown)) { try files.rename(old, style: .dated, at: now) }
        #expect(throws: FileError.changed(path: files.shown)) {
            try CopyTruncate(files).run(old, style: .dated, at: now)
        }
        #expect(try files.rotated().isEmpty)
    }

    @Test(
        "a pid file that names no single process signals nobody",
        arguments: ["", "0", "1", "-1", "x", "12 34", "99999999999"])
    func pidFiles(content: String) async throws {
        let path = TemporaryDirectory.current + "/pid"
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: NoticeError.self) {
            try await WriterNotice.signal(SIGTERM, pidFile: path).send(with: programs)
        }
        #expect(error?.code == "log.notice-malformed")
    }
}

@Suite("rotated files", .temporaryDirectory)
struct RotatedFileTests {
    let now = Timestamp(microseconds: 1_795_226_400_000_000)

    private func files() throws -> LogFiles {
        LogFiles(try SafeDirectory(TemporaryDirectory.current), try FileName("app.log"))
    }

    @Test(
        "a rotated file is known by its name",
        arguments: [
            "app.log.1", "app.log.27.gz", "app.log-20261121T020000Z", "app.log-20261121T020000Z.zst",
            "app.log-20261121", "app.log-20261121.gz",
        ])
    func names(text: String) throws {
        let log = try FileName("app.log")
        let name = try #require(RotatedName(try FileName(text), of: log))
        #expect(try name.fileName.description == text)
        #expect(name.hasTime == text.contains("T"))
    }

    @Test(
        "another file beside the log is not taken for a rotated one",
        arguments: [
            "app.log", "app.log.", "app.log.0", "app.log.01", "app.log.x", "app.log.1.bz2", "app.log-", "app.log-2026",
            "app.log-20261399", "app.log-20261121T02000Z", "other.log.1", "app.log.-1", "app.log.1.gz.gz", "app.logs.1",
        ])
    func notRotated(text: String) throws {
        #expect(RotatedName(try FileName(text), of: try FileName("app.log")) == nil)
    }

    @Test("numbers move up to the first hole, compressed or not, and nothing is replaced")
    func shifting() throws {
        let files = try files()
        for (name, content) in [("app.log", 0), ("app.log.1", 1), ("app.log.2.gz", 2), ("app.log.4", 4)] {
            try files.directory.write(FileName(name), [UInt8(content)])
        }
        let identity = try #require(try files.status()).identity
        _ = try files.rename(identity, style: .numbered, at: now)
        #expect(
            try files.rotated().map(\.fileName.description) == ["app.log.1", "app.log.2", "app.log.3.gz", "app.log.4"])
        let contents = try files.rotated().map { try files.directory.open($0.fileName).contents(limit: 9) }
        #expect(contents == [[0], [1], [2], [4]])
    }

    @Test("two rotations in one second get two names")
    func sameSecond() throws {
        let files = try files()
        for _ in 0..<3 {
            try files.directory.write(files.log, [1])
            _ = try files.rename(try #require(try files.status()).identity, style: .dated, at: now)
        }
        let names = try files.rotated().map(\.fileName.description)
        #expect(names == ["02", "01", "00"].map { "app.log-20261121T0200\($0)Z" })
    }

    @Test("what is over the count or the age is surplus, the newest never by count")
    func surplus() throws {
        let files = try files()
        for day in 10...19 { try files.directory.write(FileName("app.log-202611\(day)T000000Z"), [1]) }
        let rotated = try files.rotated()
        func days(_ count: Int?, _ oldest: String?) -> [String] {
            LogFiles.surplus(rotated, count: count, before: oldest.flatMap { Timestamp(iso8601: "\($0)T00:00:00Z") })
                .map { String($0.fileName.description.dropFirst(14).prefix(2)) }
        }
        #expect(days(nil, nil).isEmpty)
        #expect(days(8, nil) == ["11", "10"])
        #expect(days(nil, "2026-11-12") == ["11", "10"])
        #expect(days(9, "2026-11-13") == ["12", "11", "10"])
        #expect(days(0, nil).count == 10)
    }

    @Test(
        "a compressed file reads back the same, keeps its time, mode and name, and the original is gone",
        arguments: LogCompression.allCases)
    func compression(kind: LogCompression) async throws {
        let files = try files()
        let name = try FileName(bytes: Array("odd \u{1b} name".utf8) + [0xFF])
        var generator = SeededGenerator(seed: 3)
        let content = (0..<400_000).map { _ in UInt8.random(in: 65...90, using: &generator) }
        try files.directory.write(name, content, mode: 0o640)
        let old = try #require(try files.directory.status(of: name))
        let outcome = try await LogCompressor(programs).compress(name, in: files.directory, seen: old, with: kind)
        #expect(outcome.name.bytes == name.bytes + kind.ending.utf8)
        #expect(outcome.compressed < outcome.original)
        #expect(try files.directory.status(of: name) == nil)
        let new = try #require(try files.directory.status(of: outcome.name))
        #expect(new.mode == 0o640)
        #expect(new.modified == old.modified)
        var back: [UInt8] = []
        let file = try files.directory.open(outcome.name)
        _ = try await programs.run(ChildProgram(kind.program, ["-dc"], input: .descriptor(file.number))) { back += $0 }
        #expect(back == content)
    }

    @Test(
        "when the program is missing, fails or writes something else the original stays and nothing is left beside it",
        arguments: ["", "exit 1", "head -c 10", "test \"$1\" = -dc && exec cat; exec head -c 5"])
    func failingCompression(script: String) async throws {
        let directory = try SafeDirectory(TemporaryDirectory.current)
        let path = TemporaryDirectory.current + "/bin"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if !script.isEmpty {
            try Data("#!/bin/sh\nPATH=/usr/bin:/bin\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path + "/gzip"))
            chmod(path + "/gzip", 0o755)
        }
        let own = Programs(environment: ["PATH": path])
        let name = try FileName("app.log.1")
        try directory.write(name, Array("some lines\nof a log\n".utf8))
        let seen = try #require(try directory.status(of: name))
        await #expect(throws: (any Error).self) {
            try await LogCompressor(own).compress(name, in: directory, seen: seen, with: .gzip)
        }
        var names: [String] = []
        try directory.forEachName { names.append($0.description) }
        #expect(names.sorted() == ["app.log.1", "bin"])
        #expect(try directory.status(of: name) == seen)
    }

    @Test("a run that ended between the two files is finished; another file of that name is left alone")
    func interruptedCompression() async throws {
        let files = try files()
        let name = try FileName("app.log.1")
        try files.directory.write(name, Array("log".utf8))
        let seen = try #require(try files.directory.status(of: name))
        _ = try await programs.run(
            .shell("gzip -kn app.log.1 && echo other | gzip > other.gz").placed(in: TemporaryDirectory.current)
        ).checked()
        let outcome = try await LogCompressor(programs).compress(name, in: files.directory, seen: seen, with: .gzip)
        #expect(outcome.name.description == "app.log.1.gz")
        #expect(try files.directory.status(of: name) == nil)
        let other = try FileName("other")
        try files.directory.write(other, Array("mine".utf8))
        let mine = try #require(try files.directory.status(of: other))
        await #expect(throws: FileError.exists(path: TemporaryDirectory.current + "/other.gz")) {
            try await LogCompressor(programs).compress(other, in: files.directory, seen: mine, with: .gzip)
        }
        #expect(try files.directory.status(of: other) == mine)
    }

    @Test("a file that is written to meanwhile is not compressed away")
    func writtenMeanwhile() async throws {
        let directory = try SafeDirectory(TemporaryDirectory.current)
        let name = try FileName("app.log.1")
        try directory.write(name, Array("log".utf8))
        let seen = try #require(try directory.status(of: name))
        try directory.open(name, flags: O_WRONLY | O_APPEND).write(Array("more".utf8))
        await #expect(throws: FileError.changed(path: directory.shown(name))) {
            try await LogCompressor(programs).compress(name, in: directory, seen: seen, with: .gzip)
        }
        #expect(try directory.open(name).contents(limit: 99) == Array("logmore".utf8))
    }
}

extension ChildProgram {
    func placed(in directory: String) -> ChildProgram {
        var program = self
        program.workingDirectory = directory
        return program
    }
}

import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Testing

@testable import Outside

/// A log is read line by line, each once, whatever becomes of its name.
@Suite("a growing log", .temporaryDirectory)
struct GrowingLogTests {
    private let path = TemporaryDirectory.current + "/app.log"

    private func write(_ text: String, to path: String? = nil) throws {
        let file = try Descriptor.open(path ?? self.path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        try file.write(Array(text.utf8))
    }

    /// The lines since the mark, and the new one.
    private func read(
        after mark: GrowingLog.Mark?, most: ByteCount = ByteCount(1_000_000)
    ) throws -> (lines: [String], news: GrowingLog.News) {
        var lines: [String] = []
        let news = try GrowingLog(path: path).read(after: mark, most: most) {
            lines.append(String(decoding: $0, as: UTF8.self))
        }
        return (lines, news)
    }

    /// With a line that was there before.
    private func begin() throws -> GrowingLog.Mark {
        try write("old\n")
        let first = try read(after: nil)
        #expect(first.lines.isEmpty && first.news.isFirst)
        return first.news.mark
    }

    @Test("hands each line over once, when it is whole, whatever its end")
    func lines() throws {
        var mark = try begin()
        try write("one\r\ntwo\nthr")
        let second = try read(after: mark)
        #expect(second.lines == ["one", "two"])
        mark = second.news.mark
        #expect(try read(after: mark).lines.isEmpty)
        try write("ee\n\n")
        #expect(try read(after: mark).lines == ["three", ""])
    }

    @Test("what was written to the old file before it was renamed comes first, its last line without an end too")
    func rotated() throws {
        let mark = try begin()
        try write("before\ncut")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try write("after\n")
        let next = try read(after: mark)
        #expect(next.lines == ["before", "cut", "after"])
        #expect(!next.news.isEndLost)
        #expect(try read(after: next.news.mark).lines.isEmpty)
    }

    @Test("where the old file is gone that is said, and the new one is read whole")
    func gone() throws {
        let mark = try begin()
        try write("lost\n")
        // Kept open, so that its number is not given to the next.
        let old = try Descriptor.open(path)
        try FileManager.default.removeItem(atPath: path)
        try write("after\n")
        let next = try read(after: mark)
        #expect(next.lines == ["after"])
        #expect(next.news.isEndLost)
        withExtendedLifetime(old) {}
    }

    @Test("one that was cut to nothing is read from its beginning")
    func truncated() throws {
        try write(String(repeating: "x", count: 100))
        let mark = try begin()
        #expect(truncate(path, 0) == 0)
        try write("new\n")
        #expect(try read(after: mark).lines == ["new"])
    }

    @Test("of too much only the end is read, and what was not is counted")
    func bounded() throws {
        let mark = try begin()
        for number in 0..<1_000 { try write("line \(number)\n") }
        let next = try read(after: mark, most: ByteCount(1_000))
        #expect(next.lines.last == "line 999")
        #expect(next.lines.count < 120)
        #expect(next.news.skipped.bytes == next.news.status.size.bytes - mark.offset - 1_000)
    }

    @Test("a line without end comes in pieces, and does not fill the memory")
    func endless() throws {
        let mark = try begin()
        try write(String(repeating: "a", count: 200_000))
        let next = try read(after: mark)
        #expect(next.lines.map(\.utf8.count) == [65_536, 65_536, 65_536])
        try write("b\n")
        #expect(try read(after: next.news.mark).lines.map(\.utf8.count) == [200_000 - 3 * 65_536 + 1])
    }

    @Test("what is no file is refused, and what is not there says so")
    func refused() throws {
        #expect(throws: FileError.self) { try read(after: nil) }
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: FileError.notFile(path: path)) { try read(after: nil) }
    }

    @Test("read at any moments, through any rotations, every line comes once and in its order")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var mark = try begin()
        var written: [String] = []
        var seen: [String] = []
        var wasRead = true
        for round in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let line = "\(round) " + String(repeating: "é", count: Int.random(in: 0..<40, using: &random))
                try write(line + "\n")
                written.append(line)
                wasRead = false
            // A second rotation before anybody looks would need the names of both.
            case 6 where wasRead:
                try FileManager.default.moveItem(atPath: path, toPath: "\(path).\(round)")
                try write("")
                wasRead = false
            default:
                let next = try read(after: mark)
                seen += next.lines
                mark = next.news.mark
                wasRead = true
            }
        }
        seen += try read(after: mark).lines
        #expect(seen == written, "seed \(seed)")
    }
}

import Maintenance
import Outside
import Testing

@Suite("lines")
struct LineSplitterTests {
    private func lines(of chunks: [[UInt8]], limit: Int = 1_000) -> [(text: [UInt8], isCut: Bool)] {
        var splitter = LineSplitter(limit: limit)
        var result: [(text: [UInt8], isCut: Bool)] = []
        for chunk in chunks { splitter.feed(chunk) { result.append((Array($0.bytes), $0.isCut)) } }
        if let last = splitter.finish() { result.append((Array(last.bytes), last.isCut)) }
        return result
    }

    @Test("however a stream is cut into chunks, the lines are those of the whole", arguments: 0..<200 as Range<UInt64>)
    func chunking(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes: [UInt8] = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
            [UInt8(10), 10, 65, 13, 0, 255].randomElement(using: &generator) ?? 0
        }
        var chunks: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = Int.random(in: 0...7, using: &generator)
            chunks.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        var expected = bytes.split(separator: UInt8(10), omittingEmptySubsequences: false).map { Array($0) }
        if expected.last?.isEmpty == true { expected.removeLast() }
        #expect(lines(of: chunks).map(\.text) == expected)
    }

    @Test("a line over the limit comes once, cut, and the next is whole again")
    func limit() {
        let chunks = ["abc", "def", "gh\nij\nklmnopq\n", "rstuvwx"].map { Array($0.utf8) }
        let result = lines(of: chunks, limit: 4)
        #expect(result.map { String(decoding: $0.text, as: UTF8.self) } == ["abcd", "ij", "klmn", "rstu"])
        #expect(result.map(\.isCut) == [true, false, true, true])
    }

    @Test("the lines of a program come as they are, also the last without its end")
    func ofProgram() async throws {
        var texts: [String] = []
        let outcome = try await programs.run(.shell("printf 'one\\n\\ntwo\\377\\nthree'")) { texts.append($0.text) }
        #expect(outcome.isSuccess)
        #expect(texts == ["one", "", "two\u{fffd}", "three"])
    }
}

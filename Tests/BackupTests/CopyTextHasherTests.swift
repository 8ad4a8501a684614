import Maintenance
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("digesting what pg_dump writes")
struct CopyTextHasherTests {
    private static let end = Array("\\.\n\n\n".utf8)

    @Test("gives the digest of the rows, wherever the blocks are cut", arguments: 1...40 as ClosedRange<UInt64>)
    func blocks(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let rows = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
            let length =
                Int.random(in: 0...5, using: &generator) == 0 ? Int.random(in: 0...3_000, using: &generator) : 2
            // Backslashes and points often, so that rows look like the end.
            return (0..<length).map { _ in Array(#"\.ab"#.utf8).randomElement(using: &generator)! } + [10]
        }.filter { $0 != Array("\\.\n".utf8) }
        var expected = RowDigest(scheme: .xxh3)
        for row in rows { row.withUnsafeBytes { RowHash.xxh3.add($0, to: &expected) } }
        let text = Array(rows.joined()) + Self.end
        var hasher = CopyTextHasher()
        var rest = text[...]
        while !rest.isEmpty {
            let isEarly = hasher.isComplete && !rest.allSatisfy { $0 == 10 }
            #expect(!isEarly)
            let count = Int.random(in: 1...(Bool.random(using: &generator) ? 3 : 4_000), using: &generator)
            Array(rest.prefix(count)).withUnsafeBytes { hasher.add($0) }
            rest = rest.dropFirst(count)
        }
        let (digest, isComplete) = (hasher.digest, hasher.isComplete)
        #expect(digest == expected)
        #expect(isComplete)
    }

    @Test(
        "is not whole without its end, or with something after it",
        arguments: ["", "1\n", "1\n2", "\\.", "1\n\\.x\n", "1\n\\.\n\nmore\n"])
    func incomplete(text: String) {
        var hasher = CopyTextHasher()
        Array(text.utf8).withUnsafeBytes { hasher.add($0) }
        let isComplete = hasher.isComplete
        #expect(!isComplete)
    }
}

import Maintenance
import MaintenanceTesting
import Outside
import Testing

@testable import Store

@Suite("facts as they are stored")
struct StoredFactsTests {
    @Test("the quick way writes what the encoder writes", arguments: 1...200 as ClosedRange<UInt64>)
    func areTheSame(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var facts: Facts = [:]
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            let isStrange = Int.random(in: 0..<10, using: &generator) == 0
            facts[text(isStrange ? 0x10000 : 0x80, &generator)] = value(&generator)
        }
        #expect(facts.storedText == StoredJSON(facts).text, "seed \(seed)")
    }

    @Test("what it writes is read back", arguments: 1...50 as ClosedRange<UInt64>)
    func areReadBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let facts: Facts = ["text": .text(text(0x3000, &generator)), "number": 7, "flag": true, "nothing": .null]
        #expect(StoredJSON<Facts>(storeValue: .text(facts.storedText))?.value == facts, "seed \(seed)")
    }

    private func value(_ generator: inout SeededGenerator) -> Scalar {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: .integer(.random(in: .min ... .max, using: &generator))
        case 1: .boolean(.random(using: &generator))
        case 2: .null
        case 3: .number(.random(in: -1e9...1e9, using: &generator))
        default: .text(text(0x3000, &generator))
        }
    }

    /// Control characters, quotes and slashes among them.
    private func text(_ limit: UInt32, _ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            let bound = Bool.random(using: &generator) ? 0x60 : limit
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<bound, using: &generator)) { text.append(scalar) }
        }
        return String(text)
    }
}

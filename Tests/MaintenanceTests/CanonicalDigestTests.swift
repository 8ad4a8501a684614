import Crypto
import Foundation
import Maintenance
import Testing

@Suite("the canonical digest")
struct CanonicalDigestTests {
    @Test("is SHA-256 over kind, length and bytes of every value, however long", arguments: [0, 5, 65_536, 200_000])
    func isAsDefined(length: Int) {
        let text = String(repeating: "ä", count: length)
        var digest = CanonicalDigest()
        digest.add("mainstay")
        digest.add([text, ""])
        digest.add(["b": true, "a": 12, "c": .null, "d": .text("x"), "e": 0.5])
        var expected = "s8:mainstayl1:2s\(2 * length):\(text)s0:"
        expected += "f1:5s1:ai2:12s1:bb1:\u{1}s1:c00:s1:ds1:xs1:en19:\((0.5).bitPattern)"
        let hash = SHA256.hash(data: Data(expected.utf8)).map { String(format: "%02x", $0) }.joined()
        #expect(digest.hexadecimal == hash)
        // Asking changes nothing.
        #expect(digest.hexadecimal == hash)
    }
}

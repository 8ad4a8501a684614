import Maintenance

/// A program that says itself, by an address with a secret in it, when it begins and when it is done.
package struct HeartbeatAccess: Sendable, Equatable {
    /// What stands in the address, at least `shortestKey` characters; whoever has it can speak for the program.
    package var key: ConfiguredText
    /// How often it should be done.
    package var every: Duration
    /// How much later than that is still no reason to call somebody, and how long it may take once it has begun.
    package var grace: Duration = .seconds(3_600)

    package init(key: ConfiguredText, every: Duration) {
        self.key = key
        self.every = every
    }

    /// 128 bits and more, as base 64 or hexadecimal digits; a UUID has 36.
    package static let shortestKey = 22
    private static let longestKey = 200

    /// Whether it can be a part of an address that needs no escaping and cannot be guessed.
    package static func isUsable(key: String) -> Bool {
        (shortestKey...longestKey).contains(key.utf8.count)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

import Maintenance
import Synchronization

/// Makes ids that sort by the time they were made: 18 characters of Crockford's base 32 in lower case, the first ten
/// the milliseconds since 1970, the rest random (as ULID, with 40 random bits instead of 80, since ids are typed by
/// people and stand in a connection's `application_name`).
///
/// Ids of one maker always increase, also within a millisecond and when the clock is set back.
package final class Identifiers: Sendable {
    private struct State {
        var millisecond: UInt64 = 0
        var random: UInt64 = 0
        var source: any RandomNumberGenerator & Sendable
    }

    private let state: Mutex<State>
    private let clock: WallClock

    /// A seeded source makes the same ids under the same clock; for tests.
    package init(clock: WallClock, source: some RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.clock = clock
        state = Mutex(State(source: source))
    }

    package func next() -> String {
        let now = UInt64(max(0, clock.now().microseconds / 1_000))
        return state.withLock { state in
            if now > state.millisecond {
                state.millisecond = now
                // The top bit stays free for the ids that follow within this millisecond.
                state.random = state.source.next() >> 25
            } else {
                state.random += 1
                if state.random >> 40 != 0 {
                    state.millisecond += 1
                    state.random = 0
                }
            }
            return Self.base32(state.millisecond, digits: 10) + Self.base32(state.random, digits: 8)
        }
    }

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private static func base32(_ number: UInt64, digits: Int) -> String {
        let bytes = (0..<digits).reversed().map { alphabet[Int(number >> (5 * UInt64($0)) & 31)] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A small seeded generator for tests and samples that must be repeatable (Steele, Lea, Flood: SplitMix, 2014). Not for
/// anything that must not be guessed.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// One segment of write-ahead log by its place: 24 hexadecimal digits of timeline, upper and lower part of the number
/// (PostgreSQL manual, "WAL Internals").
package struct WALSegment: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var timeline: UInt32
    /// Counted from the beginning of all time, in segments.
    package var number: UInt64
    /// Of a segment, in bytes: `wal_segment_size`.
    package var size: UInt64

    /// PostgreSQL's own default.
    package static let usualSize: UInt64 = 16 * 1_048_576

    package init(timeline: UInt32, number: UInt64, size: UInt64 = Self.usualSize) {
        self.timeline = timeline
        self.number = number
        self.size = size
    }

    /// Nil for any other text.
    package init?(_ name: String, size: UInt64 = Self.usualSize) {
        let digits = Array(name.utf8)
        guard digits.count == 24,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }),
            let timeline = UInt32(String(decoding: digits[0..<8], as: UTF8.self), radix: 16),
            let upper = UInt64(String(decoding: digits[8..<16], as: UTF8.self), radix: 16),
            let lower = UInt64(String(decoding: digits[16..<24], as: UTF8.self), radix: 16),
            lower < Self.perUpper(size)
        else { return nil }
        self.init(timeline: timeline, number: upper * Self.perUpper(size) + lower, size: size)
    }

    private static func perUpper(_ size: UInt64) -> UInt64 { 0x1_0000_0000 / size }

    /// Its first byte.
    package var start: LogPosition { LogPosition(number * size) }
    /// The first byte behind it.
    package var end: LogPosition { LogPosition((number + 1) * size) }
    package var next: WALSegment { WALSegment(timeline: timeline, number: number + 1, size: size) }

    package var description: String {
        let perUpper = Self.perUpper(size)
        return timeline.hexadecimal + UInt32(truncatingIfNeeded: number / perUpper).hexadecimal
            + UInt32(truncatingIfNeeded: number % perUpper).hexadecimal
    }

    package static func < (left: WALSegment, right: WALSegment) -> Bool {
        (left.timeline, left.number) < (right.timeline, right.number)
    }
}

/// A place in the write-ahead log, PostgreSQL's `pg_lsn`: `0/3000028`.
package struct LogPosition: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// Nil for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let upper = UInt32(parts[0], radix: 16), let lower = UInt32(parts[1], radix: 16)
        else { return nil }
        value = UInt64(upper) << 32 | UInt64(lower)
    }

    package var description: String {
        String(value >> 32, radix: 16, uppercase: true) + "/"
            + String(value & 0xFFFF_FFFF, radix: 16, uppercase: true)
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool { left.value < right.value }
}

extension UInt32 {
    /// Eight digits.
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}

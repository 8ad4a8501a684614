/// An instant in UTC microseconds since 1970, as the store keeps it.
package struct Timestamp: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }
    package init(seconds: Double) { microseconds = Int64((seconds * 1_000_000).rounded()) }

    package var seconds: Double { Double(microseconds) / 1_000_000 }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
    package static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds + right.microseconds)
    }
    package static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds - right.microseconds)
    }
    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let timestamp = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not an ISO 8601 UTC time"))
        }
        self = timestamp
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso8601)
    }

    /// `2026-11-21 02:00 UTC`.
    package var description: String {
        let civil = CivilTime(self)
        return "\(civil.date) \(civil.hour.padded(2)):\(civil.minute.padded(2)) UTC"
    }

    /// `2026-11-21T02:00:00.000000Z` (RFC 3339, microseconds always written, so that text sorts as time).
    package var iso8601: String {
        let civil = CivilTime(self)
        return "\(civil.date)T\(civil.time).\(civil.microsecond.padded(6))Z"
    }

    /// Reads what `iso8601` writes; the fraction may be missing, and be longer than microseconds. Nil for whatever is no
    /// day of the calendar or no time of a day: a number of any length comes from strangers.
    package init?(iso8601 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[19] == (bytes.count == 20 ? UInt8(ascii: "Z") : UInt8(ascii: ".")),
            bytes.last == UInt8(ascii: "Z")
        else { return nil }
        for (place, allowed) in [(4, "-"), (7, "-"), (10, "T "), (13, ":"), (16, ":")] {
            guard allowed.utf8.contains(bytes[place]) else { return nil }
        }
        func number(_ range: Range<Int>, _ valid: ClosedRange<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return valid.contains(value) ? value : nil
        }
        guard let year = number(0..<4, 0...9_999), let month = number(5..<7, 1...12), let day = number(8..<10, 1...31),
            let hour = number(11..<13, 0...23), let minute = number(14..<16, 0...59),
            let second = number(17..<19, 0...59)
        else { return nil }
        let days = CivilTime.daysSince1970(year: year, month: month, day: day)
        guard CivilTime.date(daysSince1970: days) == (year, month, day) else { return nil }
        var micro = 0
        if bytes.count > 20 {
            let digits = bytes[20..<(bytes.count - 1)]
            guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
                return nil
            }
            for byte in (digits + Array(repeating: UInt8(ascii: "0"), count: 6)).prefix(6) {
                micro = micro * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
        microseconds = Int64(seconds * 1_000_000 + micro)
    }
}

/// The UTC calendar fields of an instant (proleptic Gregorian).
package struct CivilTime: Hashable, Sendable {
    package var year, month, day, hour, minute, second, microsecond: Int

    package init(_ timestamp: Timestamp) {
        let (days, rest) = timestamp.microseconds.flooredDivision(by: 86_400_000_000)
        (year, month, day) = Self.date(daysSince1970: Int(days))
        microsecond = Int(rest % 1_000_000)
        let seconds = Int(rest / 1_000_000)
        (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }

    /// `2026-11-21`.
    package var date: String { "\(year.padded(4))-\(month.padded(2))-\(day.padded(2))" }
    /// `02:00:00`.
    package var time: String { "\(hour.padded(2)):\(minute.padded(2)):\(second.padded(2))" }

    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil.
    package static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The inverse, civil_from_days.
    package static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int {
    /// Decimal, filled with zeros on the left.
    package func padded(_ width: Int) -> String {
        let digits = String(magnitude)
        return (self < 0 ? "-" : "") + String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

import Maintenance

/// A compiled time zone, as zoneinfo has it: TZif of version 2 or later (RFC 9636, section 3).
struct ZoneFile {
    /// Why bytes are no zone: one clause.
    struct Broken: Error {
        var reason: String
    }

    private var bytes: [UInt8]
    private var position = 0

    /// Throws `Broken`.
    static func read(_ bytes: [UInt8], name: String) throws(Broken) -> Zone {
        var file = ZoneFile(bytes: bytes)
        return try file.zone(name)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private struct Header {
        var version: UInt8
        var utcIndicators, standardIndicators, leapSeconds, times, types, characters: Int

        /// Of the block that follows, with times of this many bytes.
        func size(_ width: Int) -> Int {
            times * (width + 1) + types * 6 + characters + leapSeconds * (width + 4) + standardIndicators
                + utcIndicators
        }
    }

    private mutating func zone(_ name: String) throws(Broken) -> Zone {
        guard bytes.starts(with: Array("TZif".utf8)) else { throw Broken(reason: "is no compiled time zone") }
        let old = try header()
        guard old.version >= UInt8(ascii: "2") else { throw Broken(reason: "is of version 1, which ends in 2037") }
        _ = try take(old.size(4))
        let header = try header()
        guard header.leapSeconds == 0 else { throw Broken(reason: "counts leap seconds, which UTC time here does not") }
        guard header.types > 0 else { throw Broken(reason: "has no types of local time") }
        var times: [Int] = []
        for _ in 0..<header.times { times.append(Int(try integer(8))) }
        guard zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else { throw Broken(reason: "is out of order") }
        let indexes = try take(header.times).map { Int($0) }
        guard indexes.allSatisfy({ $0 < header.types }) else { throw Broken(reason: "names a type it does not have") }
        var raw: [(offset: Int, letters: Int)] = []
        for _ in 0..<header.types {
            let offset = Int(Int32(truncatingIfNeeded: try integer(4)))
            guard offset.magnitude <= 26 * 3_600 else { throw Broken(reason: "has an offset of over 26 hours") }
            raw.append((offset, Int(try take(2)[1])))
        }
        let letters = try take(header.characters)
        _ = try take(header.standardIndicators + header.utcIndicators)
        let types = raw.map { type in
            let text = letters.dropFirst(type.letters).prefix { $0 != 0 }
            return Zone.Period(offset: type.offset, abbreviation: String(decoding: text, as: UTF8.self).printable)
        }
        var changes = zip(times, indexes).map { (at: $0, period: types[$1]) }
        guard try take(1) == [UInt8(ascii: "\n")], bytes.last == UInt8(ascii: "\n"), position < bytes.count else {
            throw Broken(reason: "has no footer")
        }
        let footer = String(decoding: bytes[position..<(bytes.count - 1)], as: UTF8.self)
        guard !footer.isEmpty else { return Zone(name: name, changes: changes, first: types[0]) }
        guard let rule = ZoneFooter(footer) else {
            throw Broken(reason: "has the footer '\(footer.printable)', which is no rule of POSIX")
        }
        let last = changes.last?.at
        let firstYear = last.map { Month(containing: max($0, -4_000_000_000).floored(by: 86_400)).year } ?? 1900
        // Beyond these years everything repeats, so the period before and after the border are equal.
        for year in firstYear...(firstYear + 403) where rule.summer != nil {
            changes += rule.changes(of: year).filter { change in last.map { change.at > $0 } ?? true }
        }
        let first = changes.isEmpty ? rule.standard : types[0]
        let border = CivilTime.daysSince1970(year: firstYear + 2, month: 7, day: 1) * 86_400
        return Zone(name: name, changes: changes, first: first, repeatsFrom: rule.summer == nil ? nil : border)
    }

    private mutating func header() throws(Broken) -> Header {
        let head = try take(20)
        guard head.starts(with: Array("TZif".utf8)) else { throw Broken(reason: "is no compiled time zone") }
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try integer(4))) }
        guard counts.allSatisfy({ (0...100_000).contains($0) }) else { throw Broken(reason: "has impossible counts") }
        return Header(
            version: head[4], utcIndicators: counts[0], standardIndicators: counts[1], leapSeconds: counts[2],
            times: counts[3], types: counts[4], characters: counts[5])
    }

    /// Big-endian; of four bytes without a sign, of eight with one.
    private mutating func integer(_ width: Int) throws(Broken) -> Int64 {
        Int64(truncatingIfNeeded: try take(width).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private mutating func take(_ count: Int) throws(Broken) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw Broken(reason: "ends too early") }
        defer { position += count }
        return ArraySlice(Array(bytes[position..<(position + count)]))
    }
}

/// Writes numbers as bytes, small ones in few: LEB128, the variable-length integers of DWARF and Protocol Buffers.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(byte: UInt8) { bytes.append(byte) }

    mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Small whether it is a little above zero or a little below.
    mutating func write(signed value: Int64) { write(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    /// What differs from the number before it: a byte where nothing does. Its bytes are turned round, since what differs
    /// least is at the front of a floating-point number.
    mutating func write(_ value: Float, after last: Float) {
        write(UInt64((value.bitPattern ^ last.bitPattern).byteSwapped))
    }
}

/// Reads what `ByteWriter` wrote. What was cut short or is too long throws `SampleCorruption`.
struct ByteReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    mutating func byte() throws(SampleCorruption) -> UInt8 {
        guard place < bytes.count else { throw SampleCorruption() }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func number() throws(SampleCorruption) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || shift == 63 && byte <= 1 else { throw SampleCorruption() }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// A number of things that are still to come, each of at least `least` bytes, so that nothing is made room for that
    /// cannot be there.
    mutating func count(ofAtLeast least: Int) throws(SampleCorruption) -> Int {
        let value = try number()
        guard value <= UInt64(bytes.count - place) / UInt64(max(1, least)) else { throw SampleCorruption() }
        return Int(value)
    }

    mutating func signed() throws(SampleCorruption) -> Int64 {
        let value = try number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func float(after last: Float) throws(SampleCorruption) -> Float {
        let value = try number()
        guard let bits = UInt32(exactly: value) else { throw SampleCorruption() }
        return Float(bitPattern: bits.byteSwapped ^ last.bitPattern)
    }
}

extension StringProtocol {
    /// As one segment of a path or one value of a query: all but letters, digits and `-._~` as `%XX` (RFC 3986, 2.3).
    package var urlComponent: String { percentEncoded(keeping: "-._~") }

    /// Letters and digits stay, and the characters of `marks`; every other byte becomes `%XX`.
    package func percentEncoded(keeping marks: StaticString) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let kept = marks.withUTF8Buffer(Array.init)
        var bytes: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                bytes.append(byte)
            case _ where kept.contains(byte): bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

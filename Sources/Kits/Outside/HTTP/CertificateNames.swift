/// The two names of an X.509 certificate, read from its DER bytes (RFC 5280, section 4.1), which NIOSSL does not give.
struct CertificateNames {
    /// Common names; empty where a name has none.
    var subject = ""
    var issuer = ""
    var isSelfIssued = false

    /// Empty names for bytes that are no certificate.
    init(der bytes: [UInt8]) {
        var certificate = DERReader(bytes[...])
        guard var outer = certificate.next(tag: 0x30).map(DERReader.init),
            var body = outer.next(tag: 0x30).map(DERReader.init)
        else { return }
        // version [0], serialNumber, signature
        _ = body.next(tag: 0xA0)
        guard body.next(tag: 0x02) != nil, body.next(tag: 0x30) != nil, let issuer = body.next(tag: 0x30),
            body.next(tag: 0x30) != nil, let subject = body.next(tag: 0x30)
        else { return }
        self.issuer = Self.commonName(of: issuer)
        self.subject = Self.commonName(of: subject)
        isSelfIssued = issuer == subject
    }

    /// id-at-commonName: 2.5.4.3.
    private static func commonName(of name: ArraySlice<UInt8>) -> String {
        var sets = DERReader(name)
        while let set = sets.next(tag: 0x31) {
            var pairs = DERReader(set)
            while var pair = pairs.next(tag: 0x30).map(DERReader.init) {
                guard pair.next(tag: 0x06) == [0x55, 0x04, 0x03], let value = pair.next() else { continue }
                return String(decoding: value.content, as: UTF8.self)
            }
        }
        return ""
    }
}

/// Steps over the values of a DER encoding (ITU-T X.690); nil where the bytes end or make no sense.
private struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The content of the next value if it has that tag; else nil, and the reader stays.
    mutating func next(tag: UInt8) -> ArraySlice<UInt8>? {
        rest.first == tag ? next()?.content : nil
    }

    mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        var bytes = rest
        guard let tag = bytes.popFirst(), let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first & 0x80 != 0 {
            let size = Int(first & 0x7F)
            guard (1...4).contains(size), bytes.count >= size else { return nil }
            length = bytes.prefix(size).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(size)
        }
        guard bytes.count >= length else { return nil }
        rest = bytes.dropFirst(length)
        return (tag, bytes.prefix(length))
    }
}

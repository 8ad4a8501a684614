/// Reads the target of a request line (RFC 9112, 3.2; RFC 3986, 3.3 and 3.4), strictly: what two programs could read
/// differently is refused.
enum WebTarget {
    /// Nil for anything but an absolute path of ours: another form, a `.` or `..` segment, an empty one in the middle, a
    /// broken escape, bytes that are no UTF-8, a control or a backslash, a slash that was written as an escape.
    static func parse(_ target: String) -> (path: [String], query: [String: String])? {
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            return nil
        }
        let halves = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = halves.first else { return nil }
        var segments: [String] = []
        let parts = first.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            // The end of '/runs/', and '/' itself.
            if part.isEmpty, index == parts.count - 1 { break }
            guard let text = decode(part, plusIsSpace: false), !text.isEmpty, text != ".", text != "..",
                text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
                )
            else { return nil }
            segments.append(text)
        }
        guard halves.count == 2, let last = halves.last else { return (segments, [:]) }
        return pairs(last).map { (segments, $0) }
    }

    /// `a=1&b=x+y`; nil where an escape is broken or it is no UTF-8. At most 1,000 pairs are read.
    static func pairs(_ bytes: some Collection<UInt8>) -> [String: String]? {
        var found: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")).prefix(1_000) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = halves.first.flatMap({ decode($0, plusIsSpace: true) }),
                let value = halves.count == 2 ? halves.last.flatMap({ decode($0, plusIsSpace: true) }) : ""
            else { return nil }
            found[name] = value
        }
        return found
    }

    /// The names that stand several times in the query of a target that can be read.
    static func repeated(in target: String) -> Set<String> {
        let halves = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let query = halves.last else { return [] }
        var (seen, twice): (Set<String>, Set<String>) = ([], [])
        for pair in query.split(separator: UInt8(ascii: "&")).prefix(1_000) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            guard let name = decode(name, plusIsSpace: true) else { continue }
            if !seen.insert(name).inserted { twice.insert(name) }
        }
        return twice
    }

    private static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

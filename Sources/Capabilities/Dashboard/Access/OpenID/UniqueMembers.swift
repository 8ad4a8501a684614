import Command
import Foundation

extension JSONValue {
    /// Nil too for what two readers could understand differently: where a name stands twice in one object, of which one
    /// reader takes the first and another the last (RFC 7519, 4; RFC 8259, 4), or where the text is no UTF-8.
    init?(unambiguous bytes: Data) {
        let bytes = Array(bytes)
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil, let value = JSONValue(bytes),
            Self.hasUniqueNames(bytes)
        else { return nil }
        self = value
    }

    /// - Parameter bytes: of a JSON text: its grammar is not looked at again.
    private static func hasUniqueNames(_ bytes: [UInt8]) -> Bool {
        var names: [Set<String>] = []
        var place = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "{"): names.append([])
            // Lists have a place of their own, in which no name ever stands.
            case UInt8(ascii: "["): names.append([])
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard names.popLast() != nil else { return false }
            case UInt8(ascii: "\""):
                let end = end(ofText: place, in: bytes)
                var next = end
                while next < bytes.count, bytes[next] <= 0x20 { next += 1 }
                if next < bytes.count, bytes[next] == UInt8(ascii: ":") {
                    // Read as a text, since an escape may stand for any letter.
                    guard !names.isEmpty, let name = JSONValue(Array(bytes[place..<end]))?.text,
                        names[names.count - 1].insert(name).inserted
                    else { return false }
                }
                place = end
                continue
            default: break
            }
            place += 1
        }
        return names.isEmpty
    }

    /// Behind its closing quotation mark.
    private static func end(ofText start: Int, in bytes: [UInt8]) -> Int {
        var place = start + 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place + 1, bytes.count)
    }
}

import Maintenance

/// One name in a directory: bytes, because a file's name need not be text in any encoding.
///
/// Neither empty, `.` nor `..`, and without `/` and NUL, so that it can never lead out of its directory.
package struct FileName: Sendable, Hashable, Comparable {
    package let bytes: [UInt8]

    /// Throws `FileError.invalidName`.
    package init(bytes: [UInt8]) throws(FileError) {
        let isName = !bytes.isEmpty && bytes != [46] && bytes != [46, 46] && bytes.count <= 255
        guard isName, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")) else {
            throw .invalidName(String(decoding: bytes, as: UTF8.self))
        }
        self.bytes = bytes
    }

    package init(_ text: String) throws(FileError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// As text without loss: what is not UTF-8 or would move a cursor stands as `\xNN`, and `\` as `\\`.
    package var encoded: String {
        var result = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = Self.validPrefix(of: rest)
            for character in part.text.unicodeScalars {
                if character == "\\" {
                    result += "\\\\"
                } else if String(character).printable == String(character) {
                    result.unicodeScalars.append(character)
                } else {
                    for byte in String(character).utf8 { result += "\\x" + [byte].hexadecimal }
                }
            }
            rest = rest.dropFirst(part.count)
            if let byte = rest.popFirst() { result += "\\x" + [byte].hexadecimal }
        }
        return result
    }

    /// Reads what `encoded` wrote.
    package init(encoded text: String) throws(FileError) {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "\\") {
                bytes.append(byte)
                rest = rest.dropFirst()
            } else {
                let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
                guard rest.first == UInt8(ascii: "x"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
                else { throw .invalidName(text) }
                bytes.append(value)
                rest = rest.dropFirst(3)
            }
        }
        try self.init(bytes: bytes)
    }

    /// The longest beginning that is UTF-8, and its length in bytes.
    private static func validPrefix(of bytes: ArraySlice<UInt8>) -> (text: String, count: Int) {
        if let text = String(validating: bytes, as: UTF8.self) { return (text, bytes.count) }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var count = 0
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): count += UTF8.width(scalar)
            case .emptyInput, .error: break decoding
            }
        }
        return (String(decoding: bytes.prefix(count), as: UTF8.self), count)
    }

    package static func < (left: FileName, right: FileName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// With an ending behind it, as a rotated file has one.
    package func appending(_ ending: String) throws(FileError) -> FileName {
        try FileName(bytes: bytes + ending.utf8)
    }
}

extension FileName: CustomStringConvertible, Codable {
    package var description: String { encoded }

    package init(from decoder: any Decoder) throws {
        try self.init(encoded: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(encoded)
    }
}

import Alert
import Maintenance

/// A regular expression that a line has to match somewhere, and the text it was written as.
package struct LinePattern: Hashable, Sendable {
    package let text: String
    private let pattern: Pattern

    /// Bytes that each line which matches has among its own, as far as one is known: most lines have not.
    private let needed: [UInt8]

    init(_ text: String) throws(PatternError) {
        self.text = text
        pattern = try Pattern(ConditionText.anywhere(text))
        needed = Self.literal(of: text)
    }

    /// Whether a line, without its end, is meant. What is no UTF-8 is read as if it were.
    package func matches(_ line: ArraySlice<UInt8>) -> Bool {
        if !needed.isEmpty, line.firstRange(of: needed) == nil { return false }
        return pattern.matches(String(decoding: line, as: UTF8.self))
    }

    /// The pattern itself where it is nothing but letters, digits and spaces, which mean themselves.
    private static func literal(of text: String) -> [UInt8] {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: ":"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isPlain ? Array(text.utf8) : []
    }
}

extension Format where Value == LinePattern {
    static var linePattern: Format {
        let words = "a regular expression such as 'ERROR|FATAL'"
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "minLength": 1]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty else {
                    reading.refuse(tree, keyPath, "is not \(words)")
                    return nil
                }
                do throws(PatternError) {
                    return try LinePattern(text)
                } catch {
                    reading.report(
                        "'\(text.printable)' is no regular expression: \(error.problem)", at: tree.location, keyPath,
                        allowed: words)
                    return nil
                }
            },
            write: { .text($0.text) })
    }
}

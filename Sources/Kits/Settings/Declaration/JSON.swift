/// A JSON document to write, its keys in the order given.
indirect enum JSON: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    case text(String)
    case number(Double)
    case boolean(Bool)
    case array([JSON])
    case object([Member])

    struct Member: Sendable, Hashable {
        var key: String
        var value: JSON
    }

    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(integerLiteral value: Int) { self = .number(Double(value)) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }

    /// The object with further members; anything else as it is.
    func adding(_ members: [(String, JSON)]) -> JSON {
        guard case .object(let own) = self else { return self }
        return .object(own + members.map { Member(key: $0.0, value: $0.1) })
    }

    /// Indented by two spaces, RFC 8259.
    func rendered(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return JSON.quoted(text)
        case .number(let number):
            return number == number.rounded() && number.magnitude < 1e15 ? String(Int64(number)) : String(number)
        case .boolean(let flag): return flag ? "true" : "false"
        case .array(let items):
            guard !items.isEmpty else { return "[]" }
            return "[\n\(items.map { inner + $0.rendered(indent: inner) }.joined(separator: ",\n"))\n\(indent)]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map { "\(inner)\(JSON.quoted($0.key)): \($0.value.rendered(indent: inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        }
    }

    /// In double quotes, as JSON and YAML both read it back; everything that is not printable as an escape.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _
            where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028
                || scalar.value == 0x2029 || scalar.value == 0xfeff || (0x202a...0x202e).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

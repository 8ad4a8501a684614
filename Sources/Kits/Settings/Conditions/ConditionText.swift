import Alert
import Maintenance

/// Why a text is no condition.
struct MalformedCondition: Error, Hashable {
    /// A clause: `there is no 'statsu' to compare`.
    var problem: String
    var nearest: String?
    var allowed: String?

    init(_ problem: String, nearest: String? = nil, allowed: String? = nil) {
        self.problem = problem
        self.nearest = nearest
        self.allowed = allowed
    }
}

/// Reads `SUBJECT OPERATOR VALUE`.
struct ConditionText {
    /// What may stand as subject; where `isOpen`, every other name too, as the columns of a query.
    var subjects: [ConditionSubject]
    var isOpen = false

    private static let words = ["contains", "matches", "in", "exists", "absent", "not"]

    func condition(_ text: String) throws(MalformedCondition) -> CheckCondition {
        var rest = text.unicodeScalars[...]
        Self.skipSpace(&rest)
        let name = Self.prefix(&rest) { !$0.properties.isWhitespace && !"=!<>".unicodeScalars.contains($0) }
        let subject = try subject(name)
        Self.skipSpace(&rest)
        var sign = Self.prefix(&rest) { "=!<>".unicodeScalars.contains($0) }
        if sign.isEmpty { sign = Self.prefix(&rest) { !$0.properties.isWhitespace } }
        var isWanted = true
        if sign == "not" {
            isWanted = false
            Self.skipSpace(&rest)
            sign = Self.prefix(&rest) { !$0.properties.isWhitespace }
        }
        Self.skipSpace(&rest)
        let value = String(rest).trimmingWhitespace()
        return CheckCondition(
            subject: subject, comparison: try comparison(sign, isWanted, value, of: subject),
            text: text.trimmingWhitespace())
    }

    private func comparison(
        _ sign: String, _ isWanted: Bool, _ value: String, of subject: CheckCondition.Subject
    ) throws(MalformedCondition) -> CheckCondition.Comparison {
        guard !sign.isEmpty else { throw MalformedCondition("a comparison is missing") }
        let takesNothing = sign == "exists" || sign == "absent"
        guard takesNothing == value.isEmpty else {
            throw MalformedCondition(
                takesNothing ? "'\(sign)' stands alone, without '\(value)'" : "nothing stands behind '\(sign)'")
        }
        switch sign {
        case "exists": return .exists(isWanted: isWanted)
        case "absent" where isWanted: return .exists(isWanted: false)
        case "contains": return .contains(try Self.text(value), isWanted: isWanted)
        case "in":
            var literals: [CheckCondition.Literal] = []
            for part in try Self.parts(value) { literals.append(try literal(part, subject.kind)) }
            return .isOneOf(literals, isWanted: isWanted)
        case "matches":
            let pattern = try Self.pattern(value)
            do throws(PatternError) {
                return .matches(try Pattern(Self.anywhere(pattern)), isWanted: isWanted)
            } catch {
                throw MalformedCondition("'\(value)' is no regular expression: \(error.problem)")
            }
        default:
            guard isWanted, let order = CheckCondition.Order(rawValue: sign) else {
                let signs = CheckCondition.Order.allCases.map(\.rawValue)
                throw MalformedCondition(
                    "'\(sign)' is no comparison",
                    nearest: sign == "=" ? "==" : Maintenance.nearest(to: sign, among: Self.words),
                    allowed: (signs + ["contains", "matches", "in", "not in", "exists", "absent"])
                        .joined(separator: ", "))
            }
            let literal = try literal(value, subject.kind)
            if order != .equal, order != .notEqual {
                guard case .number = literal else {
                    throw MalformedCondition("'\(value)' is no number that '\(sign)' could compare with")
                }
            }
            return .order(order, literal)
        }
    }

    /// The subject alone, as it stands before an operator.
    func subject(_ text: String) throws(MalformedCondition) -> CheckCondition.Subject {
        let name = text.prefix { $0 != "." && $0 != "[" }
        let path = try Self.path(text[name.endIndex...], of: text)
        guard let known = subjects.first(where: { $0.name == name }) else {
            if isOpen, !name.isEmpty, path.isEmpty || path == [.key("length")] {
                return CheckCondition.Subject(name: String(name), path: path, kind: .any)
            }
            throw MalformedCondition(
                text.isEmpty ? "a condition is missing here" : "there is no '\(text)' to compare",
                nearest: Maintenance.nearest(to: String(name), among: subjects.map(\.name)), allowed: subjects.names)
        }
        switch known.kind {
        case .document, .any: break
        case .fields:
            guard path.count == 1, case .key = path[0] else {
                throw MalformedCondition("'\(text)' names no single value", allowed: "\(name).NAME")
            }
        case .list, .text:
            guard path.isEmpty || path == [.key("length")] else {
                throw MalformedCondition("'\(text)' has no parts", allowed: "\(name), \(name).length")
            }
        case .number, .duration, .size, .percent, .boolean:
            guard path.isEmpty else { throw MalformedCondition("'\(name)' has no parts", allowed: String(name)) }
        }
        // Inside, anything may stand; a length is a number.
        let kind: ConditionSubject.Kind =
            path.last == .key("length") ? .number : path.isEmpty ? known.kind : .any
        return CheckCondition.Subject(name: String(name), path: path, kind: kind)
    }

    /// `.items[0].id`, `["a key"]`.
    private static func path(_ text: Substring, of whole: String) throws(MalformedCondition) -> [CheckCondition.Subject
        .Step]
    {
        var steps: [CheckCondition.Subject.Step] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.popFirst() {
            if first == "." {
                let key = prefix(&rest) { $0 != "." && $0 != "[" }
                guard !key.isEmpty else { throw MalformedCondition("'\(whole)' has an empty part") }
                steps.append(.key(key))
            } else {
                let inside = prefix(&rest) { $0 != "]" }
                guard first == "[", rest.popFirst() == "]", let index = Int(inside), index >= 0 else {
                    throw MalformedCondition("'\(whole)' has a part that is neither '.key' nor '[number]'")
                }
                steps.append(.index(index))
            }
        }
        return steps
    }

    /// As the subject wants it: a bare number is no duration, and a word no number.
    private func literal(_ text: String, _ kind: ConditionSubject.Kind) throws(MalformedCondition)
        -> CheckCondition.Literal
    {
        func number(_ value: Double?, _ example: String) throws(MalformedCondition) -> CheckCondition.Literal {
            guard let value, value.isFinite else {
                throw MalformedCondition("'\(text)' cannot be compared here", allowed: example)
            }
            return .number(value)
        }
        switch kind {
        case .number: return try number(Double(text), "a number")
        case .duration: return try number(Duration(text)?.inSeconds, "a duration such as 300ms or 14d")
        case .size: return try number(ByteCount(text).map { Double($0.bytes) }, "a size such as 512K or 2M")
        case .percent: return try number(Percentage(text)?.value, "a percentage such as 90%")
        case .boolean:
            guard let value = ["true": true, "false": false][text] else {
                throw MalformedCondition("'\(text)' cannot be compared here", allowed: "true or false")
            }
            return .boolean(value)
        case .text, .list, .document: return .text(try Self.text(text))
        case .fields, .any:
            if text.first == "\"" || text.first == "'" { return .text(try Self.text(text)) }
            switch text {
            case "null": return .null
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .text(text)
            }
        }
    }

    /// A text as it stands, or in quotes, in which `\n`, `\t`, `\"` and `\\` stand for what they usually do.
    private static func text(_ written: String) throws(MalformedCondition) -> String {
        guard let quote = written.unicodeScalars.first, quote == "\"" || quote == "'" else { return written }
        var result = String.UnicodeScalarView()
        var rest = written.unicodeScalars.dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == quote {
                guard rest.isEmpty else { break }
                return String(result)
            }
            guard scalar == "\\", let escaped = rest.popFirst() else {
                result.append(scalar)
                continue
            }
            switch escaped {
            case "n": result.append("\n")
            case "r": result.append("\r")
            case "t": result.append("\t")
            default: result.append(escaped)
            }
        }
        throw MalformedCondition("\(written) has quotes that do not end where the text does")
    }

    /// In slashes or as it stands; a backslash is the pattern's own.
    private static func pattern(_ written: String) throws(MalformedCondition) -> String {
        guard let quote = written.unicodeScalars.first, "/\"'".unicodeScalars.contains(quote) else { return written }
        let isClosed = written.unicodeScalars.count > 1 && written.unicodeScalars.last == quote
        // The beginning of a path is no quote.
        if quote == "/", !isClosed { return written }
        guard isClosed else {
            throw MalformedCondition("\(written) does not end with '\(quote)'")
        }
        return String(written.unicodeScalars.dropFirst().dropLast())
    }

    /// The pattern of a whole text in which this one matches somewhere: each of its alternatives with anything before and
    /// behind it, but for those that are anchored there.
    static func anywhere(_ pattern: String) -> String {
        var alternatives: [String.UnicodeScalarView] = [.init()]
        var depth = 0
        var isInClass = false
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\":
                alternatives[alternatives.count - 1].append(scalar)
                if let escaped = rest.popFirst() { alternatives[alternatives.count - 1].append(escaped) }
                continue
            case "[" where !isInClass: isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass: depth += 1
            case ")" where !isInClass: depth -= 1
            case "|" where !isInClass && depth == 0:
                alternatives.append(.init())
                continue
            default: break
            }
            alternatives[alternatives.count - 1].append(scalar)
        }
        return alternatives.map { alternative in
            let isEscaped = alternative.dropLast().last == "\\"
            let isAtEnd = alternative.last == "$" && !isEscaped
            let inside = String(alternative.dropFirst(alternative.first == "^" ? 1 : 0).dropLast(isAtEnd ? 1 : 0))
            return "\(alternative.first == "^" ? "" : ".*")(?:\(inside))\(isAtEnd ? "" : ".*")"
        }.joined(separator: "|")
    }

    /// `[200, 204]` or the same without brackets; a comma inside quotes is part of its text.
    private static func parts(_ written: String) throws(MalformedCondition) -> [String] {
        var inside = written.unicodeScalars[...]
        if inside.first == "[" {
            guard inside.last == "]" else { throw MalformedCondition("'\(written)' has no closing ']'") }
            inside = inside.dropFirst().dropLast()
        }
        var parts: [String] = []
        var part = String.UnicodeScalarView()
        var quote: Unicode.Scalar?
        for scalar in inside {
            if scalar == ",", quote == nil {
                parts.append(String(part).trimmingWhitespace())
                part = String.UnicodeScalarView()
                continue
            }
            if scalar == quote { quote = nil } else if quote == nil, scalar == "\"" || scalar == "'" { quote = scalar }
            part.append(scalar)
        }
        parts.append(String(part).trimmingWhitespace())
        guard !parts.contains("") else { throw MalformedCondition("'\(written)' has an empty part") }
        return parts
    }

    private static func prefix(
        _ rest: inout String.UnicodeScalarView.SubSequence, while isMember: (Unicode.Scalar) -> Bool
    ) -> String {
        let found = rest.prefix(while: isMember)
        rest = rest[found.endIndex...]
        return String(found)
    }

    private static func skipSpace(_ rest: inout String.UnicodeScalarView.SubSequence) {
        rest = rest.drop { $0.properties.isWhitespace }
    }
}

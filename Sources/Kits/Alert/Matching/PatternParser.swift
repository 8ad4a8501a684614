import Maintenance

/// Reads a pattern's text: alternatives, groups, classes, repetitions, escapes. What it does not know it refuses.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try alternatives()
        guard index == scalars.count else { throw PatternError(problem: "a ')' closes nothing") }
        return node
    }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .either(nodes)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let atom = try atom()
            nodes.append(try repetition(of: atom))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        guard let scalar = next else { return .empty }
        index += 1
        switch scalar {
        case ".": return .set(.anything)
        case "[": return .set(try characterClass())
        case "\\": return .set(try escape())
        case "(": return try group()
        case "*", "+", "?": throw PatternError(problem: "'\(scalar)' repeats nothing")
        // The whole text is matched anyway, so the two anchors say nothing new at their own end.
        case "^":
            guard isAtBeginning else { throw PatternError(problem: "'^' stands behind something") }
            return .empty
        case "$":
            guard next == nil || next == "|" || next == ")" else {
                throw PatternError(problem: "'$' stands before something")
            }
            return .empty
        default: return .set(ScalarSet(scalar))
        }
    }

    private var isAtBeginning: Bool {
        let before = scalars[..<(index - 1)]
        return before.isEmpty || before.last == "|" || before.last == "("
            || before.suffix(3).elementsEqual(["(", "?", ":"])
    }

    private mutating func group() throws(PatternError) -> PatternNode {
        if take("?") {
            guard take(":") else {
                throw PatternError(problem: "of the groups that begin with '(?' only '(?:' is known")
            }
        }
        depth += 1
        guard depth <= 100 else { throw PatternError(problem: "its groups are nested too deeply") }
        let node = try alternatives()
        guard take(")") else { throw PatternError(problem: "a '(' is not closed") }
        depth -= 1
        return node
    }

    private mutating func repetition(of node: PatternNode) throws(PatternError) -> PatternNode {
        guard let scalar = next else { return node }
        let repeated: PatternNode
        switch scalar {
        case "*": repeated = .repeated(node, least: 0, most: nil)
        case "+": repeated = .repeated(node, least: 1, most: nil)
        case "?": repeated = .repeated(node, least: 0, most: 1)
        case "{":
            guard let (least, most, end) = count() else { return node }
            guard least <= 1_000, most.map({ $0 <= 1_000 && $0 >= least }) ?? true else {
                throw PatternError(problem: "a repetition's numbers are at most 1000, the smaller first")
            }
            index = end - 1
            repeated = .repeated(node, least: least, most: most)
        default: return node
        }
        index += 1
        // Few or many makes no difference to whether the whole text matches.
        _ = take("?")
        if let following = next, "*+?".unicodeScalars.contains(following) {
            throw PatternError(problem: "'\(following)' repeats a repetition")
        }
        return repeated
    }

    /// `{2}`, `{2,}`, `{2,5}`; anything else in braces stands for itself, as in RE2.
    private func count() -> (least: Int, most: Int?, end: Int)? {
        guard let close = scalars[index...].firstIndex(of: "}") else { return nil }
        let parts = scalars[(index + 1)..<close].split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.map { part in Int(String(String.UnicodeScalarView(part))) }
        guard (1...2).contains(parts.count), let least = numbers[0], least >= 0 else { return nil }
        if parts.count == 1 { return (least, least, close + 1) }
        if parts[1].isEmpty { return (least, nil, close + 1) }
        guard let most = numbers[1] else { return nil }
        return (least, most, close + 1)
    }

    /// What stands behind a backslash outside a class.
    private mutating func escape() throws(PatternError) -> ScalarSet {
        guard let scalar = next else { throw PatternError(problem: "it ends with a backslash") }
        index += 1
        if let set = Self.shorthand(scalar) { return set }
        return ScalarSet(try Self.literal(scalar))
    }

    private static let digits: [ClosedRange<UInt32>] = [48...57]
    private static let word: [ClosedRange<UInt32>] = [48...57, 65...90, 95...95, 97...122]
    private static let space: [ClosedRange<UInt32>] = [9...10, 12...13, 32...32]

    private static func shorthand(_ scalar: Unicode.Scalar) -> ScalarSet? {
        switch scalar {
        case "d": ScalarSet(digits)
        case "D": ScalarSet(digits, isInverted: true)
        case "w": ScalarSet(word)
        case "W": ScalarSet(word, isInverted: true)
        case "s": ScalarSet(space)
        case "S": ScalarSet(space, isInverted: true)
        default: nil
        }
    }

    private static func literal(_ scalar: Unicode.Scalar) throws(PatternError) -> Unicode.Scalar {
        switch scalar {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        default:
            // Letters and digits would be something: a class, a boundary, a back reference. Not here, then.
            guard !scalar.properties.isAlphabetic, scalar.properties.numericType == nil else {
                throw PatternError(problem: "'\\\(scalar)' is not known")
            }
            return scalar
        }
    }

    /// Behind the `[`.
    private mutating func characterClass() throws(PatternError) -> ScalarSet {
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let scalar = next, scalar != "]" || isFirst {
            isFirst = false
            index += 1
            var low = scalar
            if scalar == "\\" {
                guard let escaped = next else { break }
                index += 1
                if let set = Self.shorthand(escaped) {
                    guard !set.isInverted else { throw PatternError(problem: "'\\\(escaped)' stands in a class") }
                    ranges += set.ranges
                    continue
                }
                low = try Self.literal(escaped)
            } else if scalar == "[", next == ":" {
                throw PatternError(problem: "named classes such as [:alpha:] are not known")
            }
            var high = low
            if next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" {
                index += 2
                high = scalars[index - 1]
                if high == "\\" {
                    guard let escaped = next else { break }
                    index += 1
                    high = try Self.literal(escaped)
                }
            }
            guard low.value <= high.value else { throw PatternError(problem: "a range of a class runs backwards") }
            ranges.append(low.value...high.value)
        }
        guard take("]") else { throw PatternError(problem: "a '[' is not closed") }
        return ScalarSet(ranges, isInverted: isInverted)
    }
}

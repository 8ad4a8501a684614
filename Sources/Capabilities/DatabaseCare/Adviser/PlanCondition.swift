import Maintenance
import PostgreSQL

/// What an index would be over: a column, or an expression as the server writes it, without its table's alias.
enum IndexKey: Hashable, Sendable {
    case column(String)
    case expression(String)

    /// For a definition.
    var sql: String {
        switch self {
        case .column(let name): name.quotedIdentifier
        case .expression(let text): "(\(text))"
        }
    }

    /// For an index's name: letters that stand in it.
    var word: String {
        let text =
            switch self {
            case .column(let name): name
            case .expression(let text): String(text.prefix { $0 != "(" && $0 != " " })
            }
        let letters = text.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return letters.isEmpty ? "expr" : letters
    }
}

/// One condition of a plan on one relation, as an index could serve it.
struct PlanCondition: Hashable, Sendable {
    var key: IndexKey
    var kind: Kind
    /// The whole of it without the alias, where it compares with nothing that changes from call to call.
    var constant: String?

    enum Kind: Hashable, Sendable {
        case equality, range
        /// By an operator that no B-tree knows: `@>`, `~~`.
        case search(String)
        /// Of the other side of a join.
        case join
        /// IS NULL, IS NOT NULL, a boolean by itself, a comparison with a constant of a view.
        case fixed
    }
}

/// Reads what EXPLAIN writes of conditions: `((o.gone IS NULL) AND (o.customer_id = $1))`. What it cannot read it leaves
/// out; a candidate less is better than a wrong one.
struct ConditionReader: Sendable {
    let alias: String
    /// All aliases of the plan.
    let aliases: Set<String>
    /// Columns of the relation with their types' names.
    let columns: [String: String]
    /// Operators that GIN or GiST can search by.
    var searches: Set<String> = []

    func conditions(_ text: String?) -> [PlanCondition] {
        guard let text else { return [] }
        return Self.conjuncts(text).compactMap(condition)
    }

    /// A list of parts that all have to hold.
    static func conjuncts(_ text: String) -> [String] {
        let words = words(stripped(text))
        guard words.contains("AND"), !words.contains("OR") else { return [stripped(text)] }
        return words.split(separator: "AND").map { stripped($0.joined(separator: " ")) }
    }

    private func condition(_ part: String) -> PlanCondition? {
        var words = Self.words(part)
        if words.first == "NOT", words.count == 2, let key = key(words[1]), isBoolean(key) {
            return PlanCondition(key: key, kind: .fixed, constant: "not \(key.sql)")
        }
        if words.count == 1, let key = key(part), isBoolean(key) {
            return PlanCondition(key: key, kind: .fixed, constant: key.sql)
        }
        if words.suffix(2) == ["IS", "NULL"], let key = key(words.dropLast(2).joined(separator: " ")) {
            return PlanCondition(key: key, kind: .fixed, constant: "\(key.sql) is null")
        }
        if words.suffix(3) == ["IS", "NOT", "NULL"], let key = key(words.dropLast(3).joined(separator: " ")) {
            return PlanCondition(key: key, kind: .fixed, constant: "\(key.sql) is not null")
        }
        if let search = search(words) { return search }
        guard let place = words.firstIndex(where: { Self.operators.contains($0) }) else { return nil }
        var sign = words.remove(at: place)
        var left = words[..<place].joined(separator: " ")
        var right = words[place...].joined(separator: " ")
        if key(left) == nil, key(right) != nil {
            swap(&left, &right)
            sign = Self.mirrored[sign] ?? sign
        }
        guard let key = key(left), !mentions(right, alias), !right.containsBytes("SubPlan") else { return nil }
        if aliases.contains(where: { mentions(right, $0) }) {
            return sign == "=" ? PlanCondition(key: key, kind: .join) : nil
        }
        if sign == "=", Self.isLiteral(right) {
            return PlanCondition(key: key, kind: .fixed, constant: "\(key.sql) = \(right)")
        }
        return PlanCondition(key: key, kind: sign == "=" ? .equality : .range)
    }

    /// `(o.tags @> $1)`; with the key on the right nobody can say which operator would be the mirrored one. Names out of
    /// the way are written `OPERATOR(public.@>)`.
    private func search(_ words: [String]) -> PlanCondition? {
        guard !searches.isEmpty else { return nil }
        for (place, word) in words.enumerated().dropFirst() {
            var sign = word[...]
            if word.hasPrefix("OPERATOR("), word.hasSuffix(")"), let dot = word.firstIndex(of: ".") {
                sign = word[word.index(after: dot)...].dropLast()
            }
            guard searches.contains(String(sign)) else { continue }
            let right = words[(place + 1)...].joined(separator: " ")
            guard let key = key(words[..<place].joined(separator: " ")), !mentions(right, alias),
                !right.containsBytes("SubPlan"), !aliases.contains(where: { mentions(right, $0) })
            else { return nil }
            return PlanCondition(key: key, kind: .search(String(sign)))
        }
        return nil
    }

    private static let operators: Set<String> = ["=", "<", ">", "<=", ">="]
    private static let mirrored = ["<": ">", ">": "<", "<=": ">=", ">=": "<="]

    /// `'open'::text`, `5`: what a view or a function's body holds; statements' own constants are parameters by now.
    private static func isLiteral(_ text: String) -> Bool {
        guard text.hasPrefix("'") else {
            return text.first?.isNumber == true && text.allSatisfy { $0.isNumber || $0 == "." }
        }
        return text.wholeMatch(of: /'([^']|'')*'(::[a-z_ ]+)?/) != nil
    }

    private func isBoolean(_ key: IndexKey) -> Bool {
        guard case .column(let name) = key else { return false }
        return columns[name] == "bool"
    }

    /// A column or expression of this relation alone.
    func key(_ text: String) -> IndexKey? {
        let inner = Self.stripped(text)
        guard mentions(inner, alias), !aliases.contains(where: { $0 != alias && mentions(inner, $0) }) else {
            return nil
        }
        guard !inner.utf8.contains(UInt8(ascii: "$")), !inner.containsBytes("SubPlan") else { return nil }
        let bare = withoutAlias(inner)
        if let column = column(bare) { return .column(column) }
        // A varchar compared as text is the same to an index.
        if bare.hasSuffix(")::text"), let column = column(Self.stripped(String(bare.dropLast(6)))),
            columns[column] == "varchar"
        {
            return .column(column)
        }
        return .expression(bare)
    }

    private func column(_ text: String) -> String? {
        let name =
            text.hasPrefix("\"") && text.hasSuffix("\"") && text.utf8.count > 2
            ? String(text.dropFirst().dropLast()).replacingBytes(of: "\"\"", with: "\"") : text
        return columns[name] == nil ? nil : name
    }

    /// Columns of the relation that a text names.
    func columns(in text: String) -> Set<String> {
        Set(
            columns.keys.filter { name in
                qualified(alias).contains { prefix in
                    Self.names(text, "\(prefix)\(name.quotedIdentifier)") || Self.names(text, "\(prefix)\(name)")
                }
            })
    }

    private func mentions(_ text: String, _ alias: String) -> Bool {
        qualified(alias).contains { Self.begins(text, $0) }
    }

    private func qualified(_ alias: String) -> [String] { ["\(alias).", "\(alias.quotedIdentifier)."] }

    private func withoutAlias(_ text: String) -> String {
        var text = text
        for prefix in qualified(alias).reversed() {
            while let range = Self.place(of: prefix, in: text) { text.removeSubrange(range) }
        }
        return text
    }

    /// Where `o.` stands as a word of its own, and not as the end of `po.`.
    private static func place(of prefix: String, in text: String) -> Range<String.Index>? {
        text.ranges(of: prefix).first { range in
            guard range.lowerBound > text.startIndex else { return true }
            let before = text[text.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_" || before == "." || before == "\"")
        }
    }

    private static func begins(_ text: String, _ prefix: String) -> Bool { place(of: prefix, in: text) != nil }

    /// Whether `o.total` stands there, and not only `o.total_price` or `po.total`.
    private static func names(_ text: String, _ name: String) -> Bool {
        text.ranges(of: name).contains { range in
            let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
            let after = range.upperBound < text.endIndex ? text[range.upperBound] : " "
            return ![before, after].contains { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "\"" }
        }
    }

    /// Without parentheses around all of it.
    static func stripped(_ text: String) -> String {
        var text = text.trimmingWhitespace()
        while text.hasPrefix("("), text.hasSuffix(")") {
            var depth = 0
            var quote: Character?
            let end = text.indices.first { place in
                let letter = text[place]
                if let open = quote {
                    if letter == open { quote = nil }
                    return false
                }
                if letter == "'" || letter == "\"" { quote = letter }
                if letter == "(" { depth += 1 }
                if letter == ")" { depth -= 1 }
                return depth == 0
            }
            guard end == text.index(before: text.endIndex) else { break }
            text = String(text.dropFirst().dropLast()).trimmingWhitespace()
        }
        return text
    }

    /// Split at the spaces outside of parentheses and quotes.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var depth = 0
        var quote: Character?
        for letter in text {
            if let open = quote {
                if letter == open { quote = nil }
            } else {
                if letter == "'" || letter == "\"" { quote = letter }
                if letter == "(" || letter == "[" { depth += 1 }
                if letter == ")" || letter == "]" { depth -= 1 }
                if letter == " ", depth == 0 {
                    if !word.isEmpty { words.append(word) }
                    word = ""
                    continue
                }
            }
            word.append(letter)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}

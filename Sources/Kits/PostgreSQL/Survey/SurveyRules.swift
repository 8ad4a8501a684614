/// Decides from its tokens whether a statement only looks. Where it cannot tell it refuses: a column named like a
/// command has to be quoted, and the message says so.
struct SurveyRules {
    private var tokens: ArraySlice<SQLToken>

    /// - Parameter parameters: how many values are bound; another number of `$n` means that one stands inside a string
    ///   or comment.
    static func check(_ text: String, parameters: Int) throws(SurveyRefusal) {
        var tokens = try SQLLexer.tokens(of: text)[...]
        while tokens.last == .sign(";") { tokens.removeLast() }
        guard !tokens.isEmpty else { throw .empty }
        guard !tokens.contains(.sign(";")) else { throw .several }
        try SurveyRules(tokens: tokens).check()
        let highest = tokens.reduce(0) { highest, token in
            if case .parameter(let number) = token { max(highest, number) } else { highest }
        }
        guard highest == parameters else {
            throw .unreadable("binds \(parameters) values and names '$\(highest)' as its last")
        }
    }

    private func check() throws(SurveyRefusal) {
        try checkFunctions()
        guard let first = tokens.first(where: { $0 != .sign("(") }) else { throw .empty }
        guard case .word(let word) = first else { throw .statement(first.name ?? "?") }
        switch word {
        case "select", "with", "values", "table": try checkQuery()
        case "show" where tokens.first == first:
            break
        case "explain" where tokens.first == first: try checkExplain()
        case "copy" where tokens.first == first: try checkCopy()
        default: throw .statement(word)
        }
    }

    /// Every unquoted word that makes a query write, lock or create, wherever it stands.
    private func checkQuery() throws(SurveyRefusal) {
        for index in tokens.indices {
            guard case .word(let word) = tokens[index] else { continue }
            let before = index > tokens.startIndex ? tokens[index - 1] : nil
            // `t.into` and `x as into` are names.
            if before == .sign(".") || before == .word("as") { continue }
            let after = index + 1 < tokens.endIndex ? tokens[index + 1] : nil
            switch (word, after) {
            case ("into", _): throw .changes("INTO")
            case ("for", .word("update")), ("for", .word("share")), ("for", .word("no")), ("for", .word("key")):
                throw .changes("a row lock (FOR UPDATE or FOR SHARE)")
            case ("delete", .word("from")): throw .changes("DELETE")
            case ("update", .word(let next)) where !Self.endsColumn.contains(next): throw .changes("UPDATE")
            case ("update", .quoted): throw .changes("UPDATE")
            default: break
            }
        }
    }

    /// Words after a column named `update`; no table can be named so.
    private static let endsColumn: Set<String> = [
        "from", "as", "and", "or", "is", "in", "not", "then", "when", "else", "end", "union", "except", "intersect",
        "where", "group", "having", "order", "limit", "offset", "asc", "desc", "on", "using", "collate",
    ]

    /// `pg_reload_conf (`, `"pg_catalog"."pg_reload_conf"(`.
    private func checkFunctions() throws(SurveyRefusal) {
        for (token, next) in zip(tokens, tokens.dropFirst()) {
            if next == .sign("("), let name = token.name, SideEffects.isKnown(name) { throw .function(name) }
        }
    }

    /// What is explained is planned and not run, so it may be a change; but CREATE TABLE AS, EXECUTE and the like are
    /// not worth the doubt.
    private func checkExplain() throws(SurveyRefusal) {
        var rest = tokens.dropFirst()
        if rest.first == .sign("("), rest.dropFirst().first.map({ !Self.isQueryStart($0) }) == true {
            let end = try Self.closing(rest)
            for token in rest[..<end] where Self.analyze.contains(token.name?.lowercased() ?? "") {
                throw .changes("EXPLAIN ANALYZE, which runs the statement")
            }
            rest = rest[(end + 1)...]
        } else {
            while case .word(let option)? = rest.first, option == "verbose" || Self.analyze.contains(option) {
                guard option == "verbose" else { throw .changes("EXPLAIN ANALYZE, which runs the statement") }
                rest = rest.dropFirst()
            }
        }
        guard let first = rest.first(where: { $0 != .sign("(") }) else { throw .empty }
        guard Self.isQueryStart(first) || Self.explainable.contains(first) else {
            throw .statement("explain \(first.name ?? "?")")
        }
        if Self.isQueryStart(first), rest.contains(.word("into")) { throw .changes("INTO") }
    }

    private static let analyze: Set<String> = ["analyze", "analyse"]
    private static let explainable: Set<SQLToken> = [
        .word("insert"), .word("update"), .word("delete"), .word("merge"),
    ]

    private static func isQueryStart(_ token: SQLToken) -> Bool {
        [.word("select"), .word("with"), .word("values"), .word("table"), .sign("(")].contains(token)
    }

    /// `COPY table [(columns)] TO STDOUT …` or `COPY (query) TO STDOUT …`.
    private func checkCopy() throws(SurveyRefusal) {
        var rest = tokens.dropFirst()
        if rest.first == .sign("(") {
            let end = try Self.closing(rest)
            let query = rest[(rest.startIndex + 1)..<end]
            guard let first = query.first(where: { $0 != .sign("(") }) else { throw .empty }
            guard Self.isQueryStart(first) else { throw .statement("copy (\(first.name ?? "?")") }
            try SurveyRules(tokens: query).checkQuery()
            rest = rest[(end + 1)...]
        } else {
            while let token = rest.first, token.name != nil || token == .sign(".") {
                if token.isWord("to") || token.isWord("from") { break }
                rest = rest.dropFirst()
            }
            if rest.first == .sign("(") { rest = rest[(try Self.closing(rest) + 1)...] }
        }
        guard rest.first == .word("to"), rest.dropFirst().first == .word("stdout") else { throw .notToStandardOutput }
    }

    /// The index of the parenthesis that closes the first one.
    private static func closing(_ tokens: ArraySlice<SQLToken>) throws(SurveyRefusal) -> Int {
        var depth = 0
        for index in tokens.indices {
            if tokens[index] == .sign("(") { depth += 1 }
            if tokens[index] == .sign(")") { depth -= 1 }
            if depth == 0 { return index }
        }
        throw .unreadable("has a parenthesis that is not closed")
    }
}

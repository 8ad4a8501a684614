import Maintenance

/// Puts tokens together by the grammar of POSIX (Shell Command Language, 2.10), with bash's `[[`, `((`, `select`,
/// `function` and arrays.
struct ShellParser {
    private var lexer: ShellLexer
    private var token = ShellLexer.Token.newline
    private var commands: [ShellCommand] = []
    private var isCompound = false
    /// Whether the next command reads what the one before it writes.
    private var isFed = false
    private var depth = 0
    private(set) var comments: [(text: String, line: Int)] = []
    /// Commands whose here-documents have not begun yet: the command, its redirection, which of the texts.
    private var documents: [(command: Int, redirection: Int, number: Int)] = []
    private var documentCount = 0

    private static let closers: Set = ["then", "do", "done", "fi", "else", "elif", "esac", "}"]

    init(_ text: String, line: Int) { lexer = ShellLexer(text, line: line) }

    /// The next line with a command in it; nil at the end.
    mutating func line() throws(ShellProblem) -> ShellLine? {
        commands = []
        isCompound = false
        isFed = false
        depth = 0
        documents = []
        let known = comments.count
        while token == .newline || isComment { try advance() }
        guard token != .end else { return nil }
        let (begin, first) = (lexer.start, lexer.startLine)
        let above = comments[known...]
        repeat { try conditional() } while try takeSeparator() && !isAtEnd
        let source = lexer.text(from: begin, to: lexer.start).trimmingWhitespace()
        let ending = comments.count - (isComment ? 1 : 0)
        while isComment { try advance() }
        guard isAtEnd else { throw unexpected() }
        let (end, last) = (lexer.start, lexer.startLine)
        if token == .newline { try advance() }
        for (command, redirection, number) in documents where lexer.bodies.indices.contains(number) {
            commands[command].redirections[redirection].body = lexer.bodies[number]
        }
        let isAdjacent = above.last.map { $0.line == first - 1 } ?? false
        return ShellLine(
            text: Self.joined(lexer.text(from: begin, to: end)), source: source, line: first, endLine: last,
            commands: commands,
            isCompound: isCompound,
            comments: (isAdjacent ? Self.connected(above) : [])
                + comments[ending...].prefix { $0.line <= last }.map(\.text))
    }

    /// Goes on behind a broken line; false at the end.
    mutating func recover() -> Bool {
        token = .newline
        return lexer.skipLine()
    }

    /// The comments that stand line by line above each other, from the last one up.
    private static func connected(_ comments: ArraySlice<(text: String, line: Int)>) -> [String] {
        var texts: [String] = []
        var next: Int?
        for comment in comments.reversed() {
            guard next.map({ $0 == comment.line + 1 }) ?? true else { break }
            texts.insert(comment.text, at: 0)
            next = comment.line
        }
        return texts
    }

    /// On one line, as people quote it.
    private static func joined(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.replacingBytes(of: "\\\n", with: " ").utf8 {
            let isBlank = " \t\n\r".utf8.contains(byte)
            if isBlank, result.last == UInt8(ascii: " ") { continue }
            result.append(isBlank ? UInt8(ascii: " ") : byte)
        }
        return String(decoding: result, as: UTF8.self).trimmingWhitespace()
    }

    // MARK: Tokens

    private var isComment: Bool { if case .comment = token { true } else { false } }
    private var isAtEnd: Bool { token == .newline || token == .end }

    private mutating func advance() throws(ShellProblem) {
        token = try lexer.next()
        if case .comment(let text) = token { comments.append((text, lexer.startLine)) }
    }

    private func isSign(_ sign: String) -> Bool { token == .sign(sign) }

    /// The unquoted word here, if it is one of these.
    private func isWord(_ words: Set<String>) -> Bool {
        guard case .word(let word) = token else { return false }
        return words.contains(word.raw)
    }

    private mutating func skipBreaks() throws(ShellProblem) {
        while token == .newline || isComment { try advance() }
    }

    private mutating func takeSeparator() throws(ShellProblem) -> Bool {
        if isSign("&"), !commands.isEmpty { commands[commands.count - 1].isInBackground = true }
        guard isSign(";") || isSign("&") else { return false }
        try advance()
        return !isComment
    }

    private func unexpected() -> ShellProblem {
        let text =
            switch token {
            case .word(let word): "'\(word.raw.printable)'"
            case .sign(let sign), .redirection(let sign): "'\(sign)'"
            case .newline, .comment: "the end of the line"
            case .end: "the end"
            }
        return ShellProblem("\(text) stands where a shell expects something else", line: lexer.startLine)
    }

    private mutating func expect(_ word: String, _ opened: (word: String, line: Int)) throws(ShellProblem) {
        guard isWord([word]) else {
            if token == .end { throw ShellProblem("'\(opened.word)' is not ended by '\(word)'", line: opened.line) }
            throw unexpected()
        }
        try advance()
    }

    // MARK: Grammar

    /// Lists of lines, up to one of these words.
    private mutating func list(until ends: Set<String>, _ opened: (word: String, line: Int)) throws(ShellProblem) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 100 else { throw ShellProblem("the script is nested too deeply", line: lexer.startLine) }
        var isEmpty = true
        while true {
            try skipBreaks()
            if isWord(ends) || ends.contains(")") && isSign(")") || ends.contains(";;") && isCaseEnd {
                if isEmpty, !ends.contains("esac") {
                    throw ShellProblem("nothing stands behind '\(opened.word)'", line: opened.line)
                }
                return
            }
            guard token != .end else {
                throw ShellProblem("'\(opened.word)' is not ended", line: opened.line)
            }
            try conditional()
            isEmpty = false
            if !(try takeSeparator()), !isAtEnd, !isComment, !isSign(")"), !isCaseEnd { throw unexpected() }
        }
    }

    private var isCaseEnd: Bool { isSign(";;") || isSign(";&") || isSign(";;&") }

    /// Pipelines joined by `&&` and `||`.
    private mutating func conditional() throws(ShellProblem) {
        try pipeline()
        while isSign("&&") || isSign("||") {
            try skipJoint()
            try pipeline()
        }
    }

    /// Goes on behind `|` and its like, where the next command may stand on a later line.
    private mutating func skipJoint() throws(ShellProblem) {
        guard case .sign(let sign) = token else { return }
        let here = lexer.startLine
        try advance()
        try skipBreaks()
        if token == .end { throw ShellProblem("nothing stands behind '\(sign)'", line: here) }
    }

    private mutating func pipeline() throws(ShellProblem) {
        isFed = false
        if isWord(["!"]) { try advance() }
        try command()
        while isSign("|") || isSign("|&") {
            try skipJoint()
            isFed = true
            try command()
        }
        isFed = false
    }

    private mutating func command() throws(ShellProblem) {
        let here = lexer.startLine
        if isSign("(") {
            isCompound = true
            try advance()
            if isSign("(") { return try arithmetic(here) }
            try list(until: [")"], ("(", here))
            try advance()
            return try redirections()
        }
        guard case .word(let word) = token else {
            if case .redirection = token { return try simple() }
            throw unexpected()
        }
        guard try !compound(word.raw, here) else { return try redirections() }
        if Self.closers.contains(word.raw) {
            throw ShellProblem("'\(word.raw)' ends nothing that was begun", line: here)
        }
        try simple()
    }

    /// - Returns: whether it was one.
    private mutating func compound(_ word: String, _ here: Int) throws(ShellProblem) -> Bool {
        let opened = (word: word, line: here)
        switch word {
        case "if":
            try advance()
            try list(until: ["then"], opened)
            try expect("then", opened)
            try list(until: ["elif", "else", "fi"], opened)
            while isWord(["elif"]) {
                try advance()
                try list(until: ["then"], opened)
                try expect("then", opened)
                try list(until: ["elif", "else", "fi"], opened)
            }
            if isWord(["else"]) {
                try advance()
                try list(until: ["fi"], opened)
            }
            try expect("fi", opened)
        case "while", "until":
            try advance()
            try list(until: ["do"], opened)
            try body(opened)
        case "for", "select":
            try advance()
            if isSign("(") {
                try advance()
                try arithmetic(here)
            } else {
                guard case .word = token else { throw unexpected() }
                try advance()
                try skipBreaks()
                if isWord(["in"]) {
                    try advance()
                    while case .word = token { try advance() }
                }
            }
            if isSign(";") { try advance() }
            try skipBreaks()
            try body(opened)
        case "case": try cases(opened)
        case "{":
            try advance()
            try list(until: ["}"], opened)
            try expect("}", opened)
        case "[[":
            while !isWord(["]]"]) {
                guard !isAtEnd else { throw ShellProblem("'[[' is not ended by ']]'", line: here) }
                try advance()
            }
            try advance()
        case "function":
            try advance()
            guard case .word = token else { throw unexpected() }
            try advance()
            if isSign("(") {
                try advance()
                guard isSign(")") else { throw unexpected() }
                try advance()
            }
            try skipBreaks()
            try command()
        default: return false
        }
        isCompound = true
        return true
    }

    private mutating func body(_ opened: (word: String, line: Int)) throws(ShellProblem) {
        try expect("do", opened)
        try list(until: ["done"], opened)
        try expect("done", opened)
    }

    private mutating func cases(_ opened: (word: String, line: Int)) throws(ShellProblem) {
        try advance()
        guard case .word = token else { throw unexpected() }
        try advance()
        try skipBreaks()
        try expect("in", opened)
        while true {
            try skipBreaks()
            if isWord(["esac"]) { return try advance() }
            if isSign("(") { try advance() }
            while case .word = token {
                try advance()
                if isSign("|") { try advance() }
            }
            guard isSign(")") else {
                if token == .end { throw ShellProblem("'case' is not ended by 'esac'", line: opened.line) }
                throw unexpected()
            }
            try advance()
            try list(until: ["esac", ";;"], opened)
            if isCaseEnd { try advance() }
        }
    }

    /// What stands between `((` and `))` is no list of words.
    private mutating func arithmetic(_ here: Int) throws(ShellProblem) {
        var open = 2
        while open > 0 {
            try advance()
            if isSign("(") { open += 1 }
            if isSign(")") { open -= 1 }
            if token == .end { throw ShellProblem("'((' is not closed", line: here) }
        }
        try advance()
    }

    // MARK: Simple commands

    private mutating func simple() throws(ShellProblem) {
        var command = ShellCommand(line: lexer.startLine)
        command.isFed = isFed
        let number = commands.count
        commands.append(command)
        while true {
            switch token {
            case .word(let word):
                if commands[number].words.isEmpty, word.isAssignment {
                    commands[number].assignments.append(word)
                    try advance()
                    if word.raw.hasSuffix("="), isSign("(") { try array() }
                } else {
                    commands[number].words.append(word)
                    try advance()
                    if commands[number].words.count == 1, isSign("(") { return try function(number) }
                }
            case .redirection: try redirections()
            default: return
            }
        }
    }

    private mutating func array() throws(ShellProblem) {
        let here = lexer.startLine
        repeat {
            try advance()
            guard token != .end else { throw ShellProblem("'(' is not closed", line: here) }
        } while !isSign(")")
        try advance()
    }

    private mutating func function(_ number: Int) throws(ShellProblem) {
        try advance()
        guard isSign(")"), commands[number].assignments.isEmpty else { throw unexpected() }
        commands.remove(at: number)
        isCompound = true
        try advance()
        try skipBreaks()
        try command()
    }

    private mutating func redirections() throws(ShellProblem) {
        while case .redirection(let sign) = token {
            let here = lexer.startLine
            guard case .word(let target) = try lexer.next() else {
                throw ShellProblem("no file stands behind '\(sign)'", line: here)
            }
            if commands.isEmpty { commands.append(ShellCommand(line: here)) }
            let number = commands.count - 1
            commands[number].redirections.append(ShellRedirection(sign: sign, target: target))
            if sign.hasSuffix("<<") || sign.hasSuffix("<<-") {
                lexer.expect(hereDocument: target.text, dropsTabs: sign.hasSuffix("-"))
                documents.append((number, commands[number].redirections.count - 1, documentCount))
                documentCount += 1
            }
            try advance()
        }
    }
}

extension ShellWord {
    /// `NAME=value`, `NAME+=value`, `NAME[1]=value`.
    var isAssignment: Bool {
        guard let sign = raw.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
        var name = raw[..<sign]
        if name.hasSuffix("+") { name = name.dropLast() }
        if name.hasSuffix("]"), let bracket = name.firstIndex(of: "[") { name = name[..<bracket] }
        guard let first = name.utf8.first, !(first >= 0x30 && first <= 0x39) else { return false }
        return name.utf8.allSatisfy { $0 == 0x5f || $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a }
    }
}

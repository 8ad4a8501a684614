import Maintenance

/// Takes a script apart into words and signs, as POSIX says (Shell Command Language, 2.2 and 2.3) and bash does beyond it.
struct ShellLexer {
    enum Token: Equatable {
        case word(ShellWord)
        /// `|`, `&&`, `;`, `(`
        case sign(String)
        case redirection(String)
        case newline
        case comment(String)
        case end
    }

    let bytes: [UInt8]
    private(set) var position = 0
    private(set) var line: Int
    /// How many substitutions are open around this place.
    private var depth = 0
    /// Here-documents whose text begins behind the next line break.
    private var expected: [(delimiter: String, dropsTabs: Bool)] = []
    /// Their texts, in order.
    private(set) var bodies: [String] = []
    /// Where the token that was read last began.
    private(set) var start = 0
    private(set) var startLine: Int

    init(_ text: String, line: Int) {
        bytes = Array(text.utf8)
        self.line = line
        startLine = line
    }

    /// Goes on behind the end of this line; false where there is no other.
    mutating func skipLine() -> Bool {
        expected = []
        while let byte, byte != UInt8(ascii: "\n") { position += 1 }
        guard byte != nil else { return false }
        step()
        return true
    }

    func text(from: Int, to end: Int) -> String { String(decoding: bytes[from..<end], as: UTF8.self) }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isAhead(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func step() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    // MARK: Tokens

    mutating func next() throws(ShellProblem) -> Token {
        skipBlanks()
        start = position
        startLine = line
        guard let byte else {
            guard let missing = expected.first else { return .end }
            throw ShellProblem("the here-document '\(missing.delimiter.printable)' is not ended", line: line)
        }
        if byte == UInt8(ascii: "\n") {
            step()
            try takeBodies()
            return .newline
        }
        if byte == UInt8(ascii: "#") {
            while let byte = self.byte, byte != UInt8(ascii: "\n") { position += 1 }
            return .comment(text(from: start + 1, to: position).trimmingWhitespace())
        }
        if let sign = redirection() { return .redirection(sign) }
        for sign in ["&&", "||", ";;&", ";;", ";&", "|&", "&", "|", ";", "(", ")"] where isAhead(sign) {
            position += sign.utf8.count
            return .sign(sign)
        }
        let (begin, first) = (start, startLine)
        // Tokens of commands that are to be put in are read on the way.
        defer { (start, startLine) = (begin, first) }
        return .word(try word())
    }

    /// Blanks, and line breaks behind a backslash.
    private mutating func skipBlanks() {
        while let byte {
            if isAhead("\\\n") {
                position += 2
                line += 1
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") {
                position += 1
            } else {
                return
            }
        }
    }

    /// `2>&1`'s sign, `&>>`; not a placeholder.
    private mutating func redirection() -> String? {
        let digits = bytes[position...].prefix { $0 >= 0x30 && $0 <= 0x39 }.count
        let begin = position
        position += digits
        for sign in ["&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">"] where isAhead(sign) {
            if digits > 0, sign.hasPrefix("&") { break }
            if sign == "<" || sign == ">", isAhead("<(") || isAhead(">(") || placeholder() != nil { break }
            position += sign.utf8.count
            return text(from: begin, to: position)
        }
        position = begin
        return nil
    }

    /// The length of `<version>` here.
    private func placeholder() -> Int? {
        guard byte == UInt8(ascii: "<") else { return nil }
        let inside = bytes[(position + 1)...].prefix {
            $0 >= 0x61 && $0 <= 0x7a || $0 >= 0x41 && $0 <= 0x5a || $0 >= 0x30 && $0 <= 0x39 || "-_. ".utf8.contains($0)
        }
        guard let first = inside.first, let last = inside.last, first != UInt8(ascii: " "), last != UInt8(ascii: " "),
            first > 0x39, position + 1 + inside.count < bytes.count,
            bytes[position + 1 + inside.count] == UInt8(ascii: ">")
        else { return nil }
        return inside.count + 2
    }

    mutating func expect(hereDocument delimiter: String, dropsTabs: Bool) {
        expected.append((delimiter, dropsTabs))
    }

    private mutating func takeBodies() throws(ShellProblem) {
        for (delimiter, dropsTabs) in expected {
            let first = line
            var body: [String] = []
            while true {
                guard byte != nil else {
                    throw ShellProblem("the here-document '\(delimiter.printable)' is not ended", line: first)
                }
                let begin = position
                while let byte, byte != UInt8(ascii: "\n") { position += 1 }
                var text = text(from: begin, to: position)
                if byte != nil { step() }
                if dropsTabs { text = String(text.drop { $0 == "\t" }) }
                if text == delimiter { break }
                body.append(text)
            }
            bodies.append(body.joined(separator: "\n"))
        }
        expected = []
    }

    // MARK: Words

    private mutating func word() throws(ShellProblem) -> ShellWord {
        var word = ShellWord(line: line)
        let begin = position
        while let byte, !" \t\n\r|&;()".utf8.contains(byte) {
            if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
                if isAhead("<(") || isAhead(">(") {
                    try expand(into: &word) { (lexer) throws(ShellProblem) in try lexer.skipCommands(behind: 2) }
                } else if let length = placeholder() {
                    word.placeholders.append(text(from: position, to: position + length))
                    word.text += text(from: position, to: position + length)
                    position += length
                } else {
                    break
                }
            } else {
                try piece(of: &word)
            }
        }
        word.raw = text(from: begin, to: position)
        return word
    }

    private mutating func piece(of word: inout ShellWord) throws(ShellProblem) {
        let first = line
        switch bytes[position] {
        case UInt8(ascii: "\\"):
            position += 1
            guard byte != nil else {
                word.text += "\\"
                return
            }
            if byte == UInt8(ascii: "\n") {
                step()
                return
            }
            word.isQuoted = true
            let begin = position
            position += 1
            while let byte, byte & 0xc0 == 0x80 { position += 1 }
            word.text += text(from: begin, to: position)
        case UInt8(ascii: "'"):
            word.isQuoted = true
            position += 1
            let begin = position
            while byte != UInt8(ascii: "'") {
                guard byte != nil else { throw ShellProblem("the quote ' is not closed", line: first) }
                step()
            }
            word.text += text(from: begin, to: position)
            position += 1
        case UInt8(ascii: "\""):
            word.isQuoted = true
            position += 1
            while byte != UInt8(ascii: "\"") {
                guard let byte else { throw ShellProblem("the quote \" is not closed", line: first) }
                if byte == UInt8(ascii: "\\"), position + 1 < bytes.count, "$`\"\\\n".utf8.contains(bytes[position + 1])
                {
                    position += 1
                    if bytes[position] != UInt8(ascii: "\n") {
                        word.text += text(from: position, to: position + 1)
                    }
                    step()
                } else if byte == UInt8(ascii: "$") || byte == UInt8(ascii: "`") {
                    try expansion(in: &word)
                } else {
                    let begin = position
                    repeat { step() } while self.byte.map { !"\"\\$`".utf8.contains($0) } ?? false
                    word.text += text(from: begin, to: position)
                }
            }
            position += 1
        case UInt8(ascii: "$"), UInt8(ascii: "`"): try expansion(in: &word)
        default:
            let begin = position
            repeat { position += 1 } while byte.map { !" \t\n\r|&;()<>\\'\"$`".utf8.contains($0) } ?? false
            word.text += text(from: begin, to: position)
        }
    }

    private mutating func expansion(in word: inout ShellWord) throws(ShellProblem) {
        if isAhead("$'") {
            let first = line
            position += 2
            let begin = position
            while byte != UInt8(ascii: "'") {
                guard let byte else { throw ShellProblem("the quote $' is not closed", line: first) }
                if byte == UInt8(ascii: "\\"), position + 1 < bytes.count { step() }
                step()
            }
            word.isQuoted = true
            word.text += text(from: begin, to: position)
            position += 1
            return
        }
        try expand(into: &word) { (lexer) throws(ShellProblem) in try lexer.skipExpansion() }
    }

    private mutating func expand(
        into word: inout ShellWord, _ skip: (inout ShellLexer) throws(ShellProblem) -> Void
    ) throws(ShellProblem) {
        guard depth < 100 else { throw ShellProblem("substitutions are nested too deeply", line: line) }
        depth += 1
        defer { depth -= 1 }
        let begin = position
        try skip(&self)
        if position > begin + 1 { word.isExpanded = true }
        word.text += text(from: begin, to: position)
    }

    private mutating func skipExpansion() throws(ShellProblem) {
        let first = line
        if isAhead("`") {
            position += 1
            while byte != UInt8(ascii: "`") {
                guard let byte else { throw ShellProblem("the quote ` is not closed", line: first) }
                if byte == UInt8(ascii: "\\"), position + 1 < bytes.count { step() }
                step()
            }
            position += 1
        } else if isAhead("$((") {
            try skip(behind: 3, to: "))", as: "'$((' is not closed")
        } else if isAhead("$(") {
            try skipCommands(behind: 2)
        } else if isAhead("${") {
            try skip(behind: 2, to: "}", as: "'${' is not closed")
        } else {
            position += 1
            if let byte, "@*#?-$!".utf8.contains(byte) {
                position += 1
            } else {
                while let byte,
                    byte == 0x5f || byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a
                {
                    position += 1
                }
            }
        }
    }

    private mutating func skip(behind length: Int, to end: String, as problem: String) throws(ShellProblem) {
        let first = line
        position += length
        var ignored = ShellWord(line: line)
        while !isAhead(end) {
            guard let byte else { throw ShellProblem(problem, line: first) }
            if "'\"$`\\".utf8.contains(byte) {
                try piece(of: &ignored)
            } else {
                step()
            }
        }
        position += end.utf8.count
    }

    /// Commands in parentheses, to the one that closes them.
    private mutating func skipCommands(behind length: Int) throws(ShellProblem) {
        let first = line
        position += length
        var open = 1
        while open > 0 {
            switch try next() {
            case .sign("("): open += 1
            case .sign(")"): open -= 1
            case .end: throw ShellProblem("'$(' is not closed", line: first)
            default: break
            }
        }
    }
}

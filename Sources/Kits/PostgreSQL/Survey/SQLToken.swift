/// A word, literal or sign of a statement, as PostgreSQL's own lexer would cut it (src/backend/parser/scan.l), as far as
/// is needed to tell what kind of statement it is and which functions it calls.
enum SQLToken: Hashable {
    /// A bare word, folded to lowercase: keyword, name or type.
    case word(String)
    /// A name in double quotes, unquoted.
    case quoted(String)
    /// A string of any kind, a bit string, or a number.
    case literal
    case parameter(Int)
    /// One character of an operator, or one of `( ) [ ] , ; : .`.
    case sign(Character)

    /// What a function of this name is called by; nil if no name.
    var name: String? {
        switch self {
        case .word(let name), .quoted(let name): name
        case .literal, .parameter, .sign: nil
        }
    }

    func isWord(_ word: String) -> Bool { self == .word(word) }
}

/// Cuts a statement into tokens. It reads strings as a server with `standard_conforming_strings = on` does, which
/// `SurveySession` sets.
struct SQLLexer {
    private let bytes: [UInt8]
    private var position = 0
    private var tokens: [SQLToken] = []

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// Comments and white space are dropped.
    static func tokens(of text: String) throws(SurveyRefusal) -> [SQLToken] {
        var lexer = SQLLexer(text)
        while try lexer.next() {}
        return lexer.tokens
    }

    private func peek(_ offset: Int = 0) -> UInt8 { position + offset < bytes.count ? bytes[position + offset] : 0 }

    private mutating func next() throws(SurveyRefusal) -> Bool {
        guard position < bytes.count else { return false }
        let byte = bytes[position]
        switch byte {
        case 0: throw .unreadable("holds a NUL character")
        case UInt8(ascii: " "), 9...13: position += 1
        case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"): skipLine()
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try skipComment()
        case UInt8(ascii: "'"): try string(escapes: false)
        case UInt8(ascii: "\""): try quotedName()
        case UInt8(ascii: "$"): try dollar()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number()
        case let byte where byte.startsWord: try word()
        case UInt8(ascii: "\\"): throw .unreadable("holds a backslash outside a string, as psql's own commands do")
        case 0x21...0x7E:
            tokens.append(.sign(Character(Unicode.Scalar(byte))))
            position += 1
        default: throw .unreadable("holds a control character")
        }
        return true
    }

    private mutating func skipLine() {
        while position < bytes.count, bytes[position] != 10, bytes[position] != 13 { position += 1 }
    }

    /// Comments nest.
    private mutating func skipComment() throws(SurveyRefusal) {
        var depth = 0
        repeat {
            guard position < bytes.count else { throw .unreadable("has a comment without an end") }
            if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0
    }

    /// At the opening quote. A doubled quote stands for one; with `escapes` a backslash hides the next byte.
    private mutating func string(escapes: Bool) throws(SurveyRefusal) {
        position += 1
        while true {
            guard position < bytes.count else { throw .unreadable("has a string without an end") }
            let byte = bytes[position]
            if escapes, byte == UInt8(ascii: "\\") {
                position += 2
            } else if byte != UInt8(ascii: "'") {
                position += 1
            } else if peek(1) == UInt8(ascii: "'") {
                position += 2
            } else {
                position += 1
                break
            }
        }
        tokens.append(.literal)
        if escapes { try refuseContinuation() }
    }

    /// An `E` string goes on in a second pair of quotes after a line break, and its backslashes with it; nobody writes
    /// that, so it is refused and not read.
    private mutating func refuseContinuation() throws(SurveyRefusal) {
        var look = self
        while look.position < look.bytes.count {
            let byte = look.peek()
            if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
                look.position += 1
            } else if byte == UInt8(ascii: "-"), look.peek(1) == UInt8(ascii: "-") {
                look.skipLine()
            } else {
                if byte == UInt8(ascii: "'") { throw .unreadable("has an E'…' string that goes on in a second one") }
                return
            }
        }
    }

    private mutating func quotedName() throws(SurveyRefusal) {
        position += 1
        var name: [UInt8] = []
        while true {
            guard position < bytes.count else { throw .unreadable("has a quoted name without an end") }
            let byte = bytes[position]
            if byte != UInt8(ascii: "\"") {
                name.append(byte)
                position += 1
            } else if peek(1) == UInt8(ascii: "\"") {
                name.append(byte)
                position += 2
            } else {
                position += 1
                break
            }
        }
        tokens.append(.quoted(String(decoding: name, as: UTF8.self)))
    }

    /// `$1`, or a dollar-quoted string `$tag$ … $tag$`.
    private mutating func dollar() throws(SurveyRefusal) {
        if peek(1).isDigit {
            position += 1
            var number = 0
            while peek().isDigit, number < 100_000 {
                number = number * 10 + Int(peek() - UInt8(ascii: "0"))
                position += 1
            }
            tokens.append(.parameter(number))
            return
        }
        var end = position + 1
        while end < bytes.count, bytes[end].isTagPart { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else { throw .unreadable("has a stray dollar sign") }
        let tag = bytes[position...end]
        var start = end + 1
        while start + tag.count <= bytes.count {
            if bytes[start..<start + tag.count].elementsEqual(tag) {
                position = start + tag.count
                tokens.append(.literal)
                return
            }
            start += 1
        }
        throw .unreadable("has a dollar-quoted string without an end")
    }

    private mutating func number() {
        while peek().isDigit || (peek() == UInt8(ascii: ".") && peek(1) != UInt8(ascii: ".")) { position += 1 }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let signed = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            if peek(signed ? 2 : 1).isDigit {
                position += signed ? 2 : 1
                while peek().isDigit { position += 1 }
            }
        }
        tokens.append(.literal)
    }

    private mutating func word() throws(SurveyRefusal) {
        let start = position
        while position < bytes.count,
            bytes[position].startsWord || bytes[position].isDigit || peek() == UInt8(ascii: "$")
        {
            position += 1
        }
        let word = bytes[start..<position].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        switch (word, peek(), peek(1)) {
        case ([UInt8(ascii: "e")], UInt8(ascii: "'"), _): try string(escapes: true)
        case ([UInt8(ascii: "b")], UInt8(ascii: "'"), _), ([UInt8(ascii: "x")], UInt8(ascii: "'"), _),
            ([UInt8(ascii: "n")], UInt8(ascii: "'"), _):
            try string(escapes: false)
        case ([UInt8(ascii: "u")], UInt8(ascii: "&"), UInt8(ascii: "\"")),
            ([UInt8(ascii: "u")], UInt8(ascii: "&"), UInt8(ascii: "'")):
            // Its escapes could spell any name, with any escape character.
            throw .unreadable("has a U&\"…\" name or string, which can hide what it calls")
        default: tokens.append(.word(String(decoding: word, as: UTF8.self)))
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var startsWord: Bool {
        (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) || self == UInt8(ascii: "_") || self >= 0x80
    }
    fileprivate var isTagPart: Bool { startsWord || isDigit }
}

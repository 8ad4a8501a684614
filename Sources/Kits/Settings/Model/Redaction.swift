import Maintenance

/// Takes secrets out of text that is going to be shown. Where it cannot tell, it hides too much and never too little.
///
/// It reads scalars and not characters: to libpq an `@` that an accent follows ends the password all the same.
enum Redaction {
    private typealias Scalars = Substring.UnicodeScalarView

    static let mark = "•••"

    static func piece(_ piece: ConfiguredText.Piece) -> String {
        switch piece {
        case .literal(let text): text.isEmpty ? "" : mark
        case .variable(let name, nil): "${\(name)}"
        case .variable(let name, .some): "${\(name):-\(mark)}"
        }
    }

    /// `scheme://user:•••@host/…?password=•••`. The password is what stands between the first `:` after the scheme and
    /// the last `@` before the query, since people write `/` and `@` in passwords without escaping them.
    static func url(_ text: String) -> String {
        let whole = Substring(variables(text)).unicodeScalars
        let authority = whole.firstRange(of: "://".unicodeScalars)?.upperBound ?? whole.startIndex
        let query = whole[authority...].firstIndex(of: "?") ?? whole.endIndex
        var result = String(whole[..<query])
        if let at = whole[authority..<query].lastIndex(of: "@") {
            if let colon = colonOutsideVariables(whole[authority..<at]) {
                let password = whole[whole.index(after: colon)..<at]
                if !isReference(password) { result = String(whole[...colon]) + mark + String(whole[at..<query]) }
            } else if String(whole[..<authority]).lowercased().hasPrefix("http"), !isReference(whole[authority..<at]) {
                // `https://TOKEN@host/` is how some services take a token.
                result = String(whole[..<authority]) + mark + String(whole[at..<query])
            }
        }
        let parameters = whole[query...].split(separator: "&", omittingEmptySubsequences: false).map { parameter in
            guard let equals = parameter.firstIndex(of: "="), isSecret(parameter[..<equals]) else {
                return String(parameter)
            }
            let value = parameter[parameter.index(after: equals)...]
            return isReference(value) ? String(parameter) : String(parameter[...equals]) + mark
        }
        return result + parameters.joined(separator: "&")
    }

    /// Text of which nothing is known, such as a value in the wrong place: URLs without passwords, and nothing of what
    /// speaks of a secret and gives a value for it.
    static func text(_ text: String) -> String {
        if text.containsBytes("://") { return url(text) }
        return isSecret(text) && text.unicodeScalars.contains { $0 == ":" || $0 == "=" } ? mark : text
    }

    /// `host=db password=•••`, values quoted as libpq reads them.
    static func keywords(_ text: String) -> String { keywordParts(text).map(\.shown).joined() }

    /// Each `name=value` with the white space before it.
    static func keywordParts(_ text: String) -> [(shown: String, isHidden: Bool)] {
        var parts: [(shown: String, isHidden: Bool)] = []
        var rest = Substring(variables(text)).unicodeScalars
        func take(_ isTaken: (Unicode.Scalar) -> Bool) -> Substring {
            let taken = rest.prefix(while: isTaken)
            rest = rest[taken.endIndex...]
            return Substring(taken)
        }
        while !rest.isEmpty {
            let space = take(\.isSpace)
            let name = take { $0 != "=" && !$0.isSpace }
            let equals = rest.prefix(while: \.isSpace)
            guard rest[equals.endIndex...].first == "=" else {
                // A value without its name can be the rest of a badly quoted password.
                let isHidden = !name.isEmpty && !isReference(name.unicodeScalars)
                parts.append((isHidden ? "\(space)\(mark)" : "\(space)\(name)", isHidden))
                continue
            }
            rest = rest[rest.index(after: equals.endIndex)...]
            let gap = take(\.isSpace)
            let value = keywordValue(rest)
            rest = rest[value.endIndex...]
            // What is no keyword can be a password that holds a '=', or a URL.
            guard name.unicodeScalars.allSatisfy(\.isOfName) else {
                parts.append(("\(space)\(mark)", true))
                continue
            }
            let isHidden = isSecret(name) && !isReference(value)
            parts.append(("\(space)\(name)\(String(equals))=\(gap)\(isHidden ? mark : String(value))", isHidden))
        }
        return parts
    }

    /// A libpq value: up to white space, or between single quotes with `\` before a quote.
    private static func keywordValue(_ text: Scalars) -> Scalars {
        let quoted = text.first == "'"
        var index = text.startIndex
        if quoted { index = text.index(after: index) }
        while index < text.endIndex {
            let scalar = text[index]
            if scalar == "\\" {
                index = text.index(after: index)
                guard index < text.endIndex else { break }
            } else if quoted ? scalar == "'" : scalar.isSpace {
                if quoted { index = text.index(after: index) }
                break
            }
            index = text.index(after: index)
        }
        return text[..<index]
    }

    /// `${SHOP_PASSWORD:-s3cret}` becomes `${SHOP_PASSWORD:-•••}` where the variable's name says what it is.
    private static func variables(_ text: String) -> String {
        var result = ""
        var rest = Substring(text).unicodeScalars
        while let start = rest.firstRange(of: "${".unicodeScalars),
            let end = rest[start.upperBound...].firstIndex(of: "}")
        {
            result += String(rest[..<start.upperBound])
            let inside = rest[start.upperBound..<end]
            if let separator = inside.firstRange(of: ":-".unicodeScalars), isSecret(inside[..<separator.lowerBound]) {
                result += String(inside[..<separator.upperBound]) + mark
            } else {
                result += String(inside)
            }
            rest = rest[end...]
        }
        return result + String(rest)
    }

    /// The first colon that is not inside `${NAME:-…}`.
    private static func colonOutsideVariables(_ text: Scalars) -> String.Index? {
        var isInside = false
        for index in text.indices {
            if text[index...].starts(with: "${".unicodeScalars) { isInside = true }
            if text[index] == "}" { isInside = false }
            if text[index] == ":", !isInside { return index }
        }
        return nil
    }

    /// One variable and nothing else, without a literal to fall back to.
    private static func isReference(_ text: Scalars) -> Bool {
        text.starts(with: "${".unicodeScalars) && text.last == "}"
            && text.dropFirst(2).dropLast().allSatisfy(\.isOfName)
    }

    private static func isSecret(_ name: Scalars) -> Bool { isSecret(String(name)) }

    static func isSecret(_ name: some StringProtocol) -> Bool {
        let lowered = name.lowercased()
        // libpq's `sslkey` is the path of a file.
        guard lowered != "sslkey" else { return false }
        let words = ["password", "passwd", "passphrase", "secret", "token", "key", "credential", "signature"]
        return words.contains { lowered.containsBytes($0) }
    }
}

extension Unicode.Scalar {
    fileprivate var isSpace: Bool { properties.isWhitespace }

    fileprivate var isOfName: Bool { self == "_" || properties.isAlphabetic || properties.numericType != nil }
}

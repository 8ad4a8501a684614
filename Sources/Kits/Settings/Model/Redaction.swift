import Maintenance

/// Takes secrets out of text that is going to be shown. Where it cannot tell, it hides too much and never too little.
enum Redaction {
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
        var result = variables(text)
        let authority = result.firstRange(of: "://")?.upperBound ?? result.startIndex
        let query = result[authority...].firstIndex(of: "?") ?? result.endIndex
        var parameters = String(result[query...])
        result = String(result[..<query])
        if let at = result[authority...].lastIndex(of: "@"),
            let colon = colonOutsideVariables(result[authority..<at])
        {
            let password = result[result.index(after: colon)..<at]
            if !isReference(password) { result.replaceSubrange(result.index(after: colon)..<at, with: mark) }
        } else if let at = result[authority...].lastIndex(of: "@"), result.lowercased().hasPrefix("http"),
            !isReference(result[authority..<at])
        {
            // `https://TOKEN@host/` is how some services take a token.
            result.replaceSubrange(authority..<at, with: mark)
        }
        parameters = parameters.split(separator: "&", omittingEmptySubsequences: false).map { parameter in
            guard let equals = parameter.firstIndex(of: "="), isSecret(parameter[..<equals]) else {
                return String(parameter)
            }
            let value = parameter[parameter.index(after: equals)...]
            return isReference(value) ? String(parameter) : "\(parameter[...equals])\(mark)"
        }.joined(separator: "&")
        return result + parameters
    }

    /// Text of which nothing is known, such as a value in the wrong place: URLs without passwords, and nothing of what
    /// speaks of a secret and gives a value for it.
    static func text(_ text: String) -> String {
        if text.contains("://") { return url(text) }
        return isSecret(text) && text.contains { $0 == ":" || $0 == "=" } ? mark : text
    }

    /// `host=db password=•••`, values quoted as libpq reads them.
    static func keywords(_ text: String) -> String { keywordParts(text).map(\.shown).joined() }

    /// Each `name=value` with the white space before it.
    static func keywordParts(_ text: String) -> [(shown: String, isHidden: Bool)] {
        var parts: [(shown: String, isHidden: Bool)] = []
        var rest = variables(text)[...]
        func take(_ isTaken: (Character) -> Bool) -> Substring {
            let taken = rest.prefix(while: isTaken)
            rest = rest.dropFirst(taken.count)
            return taken
        }
        while !rest.isEmpty {
            let space = take(\.isWhitespace)
            let name = take { $0 != "=" && !$0.isWhitespace }
            let equals = rest.prefix(while: \.isWhitespace)
            guard rest.dropFirst(equals.count).first == "=" else {
                // A value without its name can be the rest of a badly quoted password.
                let isHidden = !name.isEmpty && !isReference(name)
                parts.append((isHidden ? "\(space)\(mark)" : "\(space)\(name)", isHidden))
                continue
            }
            rest = rest.dropFirst(equals.count + 1)
            let gap = take(\.isWhitespace)
            let value = keywordValue(rest)
            rest = rest.dropFirst(value.count)
            // What is no keyword can be a password that holds a '=', or a URL.
            let isKeyword = name.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
            guard isKeyword else {
                parts.append(("\(space)\(mark)", true))
                continue
            }
            let isHidden = isSecret(name) && !isReference(value)
            parts.append(("\(space)\(name)\(equals)=\(gap)\(isHidden ? mark : String(value))", isHidden))
        }
        return parts
    }

    /// A libpq value: up to white space, or between single quotes with `\` before a quote.
    private static func keywordValue(_ text: Substring) -> Substring {
        let quoted = text.first == "'"
        var index = text.startIndex
        if quoted { index = text.index(after: index) }
        while index < text.endIndex {
            let character = text[index]
            if character == "\\" {
                index = text.index(after: index)
                guard index < text.endIndex else { break }
            } else if quoted ? character == "'" : character.isWhitespace {
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
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            result += rest[..<start.upperBound]
            let inside = rest[start.upperBound..<end]
            if let separator = inside.firstRange(of: ":-"), isSecret(inside[..<separator.lowerBound]) {
                result += "\(inside[..<separator.upperBound])\(mark)"
            } else {
                result += inside
            }
            rest = rest[end...]
        }
        return result + rest
    }

    /// The first colon that is not inside `${NAME:-…}`.
    private static func colonOutsideVariables(_ text: Substring) -> Substring.Index? {
        var isInside = false
        for index in text.indices {
            if text[index...].hasPrefix("${") { isInside = true }
            if text[index] == "}" { isInside = false }
            if text[index] == ":", !isInside { return index }
        }
        return nil
    }

    /// One variable and nothing else, without a literal to fall back to.
    private static func isReference(_ text: Substring) -> Bool {
        text.hasPrefix("${") && text.hasSuffix("}")
            && text.dropFirst(2).dropLast().allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    }

    static func isSecret(_ name: some StringProtocol) -> Bool {
        let lowered = name.lowercased()
        // libpq's `sslkey` is the path of a file.
        guard lowered != "sslkey" else { return false }
        let words = ["password", "passwd", "passphrase", "secret", "token", "key", "credential", "signature"]
        return words.contains { lowered.contains($0) }
    }
}

import Maintenance

/// Requests to one origin, one after the other, in which a later one may need what an earlier one got: log in, then call.
package struct SuiteAccess: Sendable, Equatable {
    /// Scheme, host and port, and what every path begins with.
    package var url: ConfiguredText
    package var steps: [Step]
    /// For each request.
    package var timeout: Duration = .seconds(30)
    package var certificateAuthorityFile: String?
    /// Whether cookies that a step was given are sent by the following ones.
    package var keepsCookies = false

    package init(url: ConfiguredText, steps: [Step]) {
        self.url = url
        self.steps = steps
    }

    package struct Step: Sendable, Equatable {
        package var name: String
        package var method = HTTPAccess.Method.get
        /// Behind the suite's URL; kept values stand in it as `{{NAME}}`.
        package var path: String
        package var headers: [String: ConfiguredText] = [:]
        package var content: ConfiguredText?
        package var expected = ConditionSet()
        /// What later steps may use, by name.
        package var keep: [String: CheckCondition.Subject] = [:]
        /// Also after a step that failed: for what has to be cleared away.
        package var isAlways = false

        package init(name: String, path: String) {
            self.name = name
            self.path = path
        }
    }
}

/// Text with `{{NAME}}` in it.
package struct KeptText: Sendable, Hashable {
    package enum Piece: Sendable, Hashable {
        case literal(String)
        case kept(String)
    }

    package let pieces: [Piece]

    /// What is no `{{NAME}}` stays as it is.
    package init(_ text: String) {
        var pieces: [Piece] = []
        var literal = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "{", rest.first == "{", let name = Self.name(rest.dropFirst()) {
                if !literal.isEmpty { pieces.append(.literal(String(literal))) }
                literal = String.UnicodeScalarView()
                pieces.append(.kept(name))
                rest = rest.dropFirst(1 + name.unicodeScalars.count + 2)
            } else {
                literal.append(scalar)
            }
        }
        if !literal.isEmpty { pieces.append(.literal(String(literal))) }
        self.pieces = pieces
    }

    package var names: [String] {
        pieces.compactMap { piece in
            if case .kept(let name) = piece { name } else { nil }
        }
    }

    /// With each kept value in its place, written as that place needs it. Throws the first name without a value.
    package func filled(_ values: [String: String], _ written: (String) -> String = { $0 }) throws(KeptValueMissing)
        -> String
    {
        var text = ""
        for piece in pieces {
            switch piece {
            case .literal(let literal): text += literal
            case .kept(let name):
                guard let value = values[name] else { throw KeptValueMissing(name: name) }
                text += written(value)
            }
        }
        return text
    }

    private static func name(_ rest: String.UnicodeScalarView.SubSequence) -> String? {
        let name = rest.prefix {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains($0))
        }
        let end = rest[name.endIndex...]
        return !name.isEmpty && end.first == "}" && end.dropFirst().first == "}" ? String(name) : nil
    }
}

/// A step needs a value that no step before it got.
package struct KeptValueMissing: MaintenanceError, Hashable {
    package var name: String

    package var code: String { "suite.value-missing" }
    package var problem: String { "no step before it got '\(name.printable)'" }
}

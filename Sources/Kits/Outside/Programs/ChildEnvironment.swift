/// The environment variables a child program gets: a short list of ours, and those that are set here.
///
/// Nothing else is inherited, so that a password in our own environment does not reach every program we start.
package struct ChildEnvironment: Sendable, ExpressibleByDictionaryLiteral {
    /// What a program needs to find its files and to speak the right language. `LC_` stands for all of them.
    package static let usual: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_", "TZ", "TMPDIR",
    ]

    package var inherited: Set<String>
    package var values: [String: Value]

    package init(_ values: [String: Value], inheriting inherited: Set<String> = Self.usual) {
        self.values = values
        self.inherited = inherited
    }

    package init(dictionaryLiteral elements: (String, Value)...) {
        self.init(Dictionary(elements) { $1 })
    }

    package enum Value: Sendable, ExpressibleByStringInterpolation {
        case plain(String)
        case secret(Secret)

        package init(stringLiteral value: String) { self = .plain(value) }
    }

    /// What the child sees: the inherited ones out of `ours`, the child's user, and over them the explicit values.
    func resolved(from ours: [String: String], user: SystemUser?) -> [String: String] {
        var result = ours.filter { name, _ in
            inherited.contains(name) || (name.hasPrefix("LC_") && inherited.contains("LC_"))
        }
        if let user {
            result["HOME"] = user.home
            result["USER"] = user.name
            result["LOGNAME"] = user.name
        }
        for (name, value) in values {
            switch value {
            case .plain(let text): result[name] = text
            case .secret(let secret): result[name] = secret.reveal()
            }
        }
        return result
    }
}

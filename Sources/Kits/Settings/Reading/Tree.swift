import Maintenance

/// A configuration file as it was written, with the place of every key and value.
struct Tree: Sendable {
    var value: Value
    var location: SourceLocation

    enum Value: Sendable {
        /// `isPlain` where it stands without quotes and may mean a number, a truth value or nothing.
        case scalar(String, isPlain: Bool)
        case list([Tree])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var location: SourceLocation
        var value: Tree
    }

    /// Nothing was written: `key:`, `key: ~`, `key: null`.
    var isEmpty: Bool {
        guard case .scalar(let text, isPlain: true) = value else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    var entries: [Entry]? {
        guard case .mapping(let entries) = value else { return nil }
        return entries
    }

    subscript(key: String) -> Tree? { entries?.first { $0.key == key }?.value }

    /// The value as an error shows it.
    var found: String {
        switch value {
        case _ where isEmpty: "nothing"
        case .scalar(let text, _): Tree.quoted(text)
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    /// In single quotes, at most 80 characters, without what may be a secret.
    static func quoted(_ text: String) -> String {
        let shown = Redaction.text(text)
        return shown.count > 80 ? "'\(shown.prefix(79))…'" : "'\(shown)'"
    }
}

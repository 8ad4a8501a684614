import Maintenance

/// How one kind of value is read, written and described: declared once, so that the reader, `config show`, the editors'
/// schema and the reference page cannot disagree.
struct Format<Value: Sendable>: Sendable {
    var shape: Shape
    /// Nil where a problem was reported. The text is the key's path.
    var read: @Sendable (Tree, String, Reading) -> Value?
    /// What `read` gives the same value for, with secrets hidden.
    var write: @Sendable (Value) -> Output

    /// Judges further, or makes a value of another type from it.
    func map<New: Sendable>(
        _ read: @escaping @Sendable (Value, Tree, String, Reading) -> New?,
        writing write: @escaping @Sendable (New) -> Value
    ) -> Format<New> {
        Format<New>(
            shape: shape,
            read: { tree, keyPath, reading in
                self.read(tree, keyPath, reading).flatMap { read($0, tree, keyPath, reading) }
            },
            write: { self.write(write($0)) })
    }

    /// Described by what is said about a top-level key.
    func described(as key: String) -> Format {
        var copy = self
        copy.shape = .same(as: key, shape)
        return copy
    }

    /// With the place it was written at.
    var written: Format<Written<Value>> {
        map({ value, tree, _, _ in Written(value, at: tree.location) }, writing: { $0.value })
    }
}

/// What a format writes.
indirect enum Output: Sendable, Equatable {
    /// A number, a truth value, or a word that needs no quotes.
    case plain(String)
    case text(String)
    case list([Output])
    case mapping([Field])

    struct Field: Sendable, Equatable {
        var key: String
        var value: Output
        /// As it is when nobody writes it.
        var isStandard = false
    }

    /// One line, for a default in the schema and the reference page.
    var inline: String {
        switch self {
        case .plain(let text): text
        case .text(let text): text
        case .list(let items): "[\(items.map(\.inline).joined(separator: ", "))]"
        case .mapping(let fields): "{\(fields.map { "\($0.key): \($0.value.inline)" }.joined(separator: ", "))}"
        }
    }
}

/// What may stand somewhere, as data: what the schema and the reference page are made from.
indirect enum Shape: Sendable {
    /// One scalar: in words, and as JSON Schema.
    case scalar(words: String, schema: JSON)
    case list(Shape, minimum: Int)
    /// Names people choose, each with the same kind of value.
    case names(Shape, noun: String)
    case section(SectionShape)
    /// A mapping whose `key` says which of the sections it is.
    case variants(key: String, [(name: String, section: SectionShape)])
    case either([Shape])
    /// What another top-level key also has.
    case same(as: String, Shape)

    var words: String {
        switch self {
        case .scalar(let words, _): words
        case .list(let shape, _): "a list of: \(shape.words)"
        case .names(let shape, let noun): "a mapping from \(noun) to: \(shape.words)"
        case .section: "a mapping"
        case .variants(let key, let variants):
            "a mapping whose '\(key)' is one of \(variants.map(\.name).joined(separator: ", "))"
        case .either(let shapes): shapes.map(\.words).joined(separator: ", or ")
        case .same(let key, _): "as the top-level '\(key)'"
        }
    }
}

struct SectionShape: Sendable {
    var keys: [KeyShape]
    var rules: [SectionRule]
}

struct KeyShape: Sendable {
    var name: String
    var summary: String
    var isRequired: Bool
    /// As it would be written.
    var standard: Output?
    var shape: Shape
}

/// What has to hold between the keys of one section.
enum SectionRule: Sendable {
    case exactlyOne([String])
    case atLeastOne([String])
    /// The first only together with the second.
    case needs(String, String)
}

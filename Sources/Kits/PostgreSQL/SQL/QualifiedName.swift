import Maintenance

/// A schema and a name in it, as the catalog holds them: unquoted, case kept, any character but NUL.
package struct QualifiedName: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package var schema: String
    package var name: String

    package init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// For a statement: `"public"."Order ""x"""`.
    package var quoted: String { "\(schema.quotedIdentifier).\(name.quotedIdentifier)" }

    /// For people, safe in a terminal: `public.orders`, and in quotes only what PostgreSQL itself would not read back
    /// bare.
    package var description: String { "\(schema.displayedIdentifier).\(name.displayedIdentifier)" }

    /// By bytes: PostgreSQL tells `é` in one character from `é` in two, where `String` does not.
    package static func == (left: QualifiedName, right: QualifiedName) -> Bool {
        left.schema.hasSameBytes(as: right.schema) && left.name.hasSameBytes(as: right.name)
    }

    /// By bytes, so that the order is the same in every locale and on every machine.
    package static func < (left: QualifiedName, right: QualifiedName) -> Bool {
        left.schema.hasSameBytes(as: right.schema)
            ? left.name.precedesByBytes(right.name) : left.schema.precedesByBytes(right.schema)
    }
}

extension String {
    /// Equality as PostgreSQL's C collation sees it; `==` takes canonically equivalent strings for equal.
    package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// The order of PostgreSQL's C collation in a UTF-8 database.
    package func precedesByBytes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

extension String {
    /// A name for people: bare where a plain lowercase word, else quoted, with nothing a terminal would obey.
    package var displayedIdentifier: String {
        let isPlain =
            !isEmpty
            && utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            } && utf8.first.map { $0 > UInt8(ascii: "9") } == true
        return isPlain ? self : quotedIdentifier.printable
    }
}

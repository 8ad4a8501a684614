/// One line of what `pg_restore --list` prints: `3021; 1262 16384 DATABASE - shop owner`. Names in it have their line
/// breaks replaced and are of no use; the numbers are exact.
struct ArchiveEntry: Hashable, Sendable {
    /// The number of the entry in the dump.
    var number: Int
    /// The object's catalog and its number there; 0 where it has none.
    var catalog: UInt32
    var object: UInt32
    /// `TABLE DATA public orders owner`: kind, schema or `-`, name, owner.
    var rest: String

    /// Nil for comments and everything else.
    init?(_ line: String) {
        // By bytes: a space and an accent that begins a name are one character.
        let words = line.utf8.split(separator: UInt8(ascii: " "), maxSplits: 3).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 4, words[0].hasSuffix(";"), let number = Int(words[0].dropLast()),
            let catalog = UInt32(words[1]), let object = UInt32(words[2])
        else { return nil }
        self.number = number
        self.catalog = catalog
        self.object = object
        rest = words[3]
    }

    /// Whether it is the database itself, or belongs to it.
    var isAboutDatabase: Bool {
        let beginnings = [
            "DATABASE - ", "DATABASE PROPERTIES - ", "ACL - DATABASE ", "COMMENT - DATABASE ",
            "SECURITY LABEL - DATABASE ",
        ]
        return beginnings.contains { rest.utf8.starts(with: $0.utf8) }
    }
}

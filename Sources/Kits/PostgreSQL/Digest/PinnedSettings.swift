import Maintenance

/// The settings that decide how a value is written as text. With all of them pinned, COPY text is byte for byte the same
/// on PostgreSQL 15, 16 and 18; each of them changes it when left out (but lc_monetary, which was not at hand to try).
package enum PinnedSettings {
    private static let values = [
        ("client_encoding", "UTF8"), ("timezone", "UTC"), ("datestyle", "ISO, MDY"), ("intervalstyle", "postgres"),
        ("extra_float_digits", "3"), ("bytea_output", "hex"), ("lc_monetary", "C"), ("quote_all_identifiers", "off"),
        ("search_path", ""),
    ]

    /// What is going to be written as text.
    package enum Purpose: Sendable {
        case rows
        /// Definitions of objects, with every name in quotes: which words need them differs between versions.
        case definitions
    }

    /// Statements for the open transaction. Row security is off: a table it would filter is an error.
    static func statements(for purpose: Purpose) -> String {
        var all = values + [("row_security", "off"), ("standard_conforming_strings", "on")]
        if purpose == .definitions { all.append(("quote_all_identifiers", "on")) }
        return all.map { "set local \($0.0) = '\($0.1)'" }.joined(separator: "; ")
    }

    /// For pg_dump's environment, `PGOPTIONS`: it pins only some of them itself and lets the database's and the role's
    /// settings decide the rest. Give it `--encoding=UTF8` too.
    package static var programOptions: String {
        values.filter { $0.0 != "client_encoding" && $0.0 != "search_path" }
            .map { "-c \($0.0)=\($0.1.replacing(" ", with: "\\ "))" }.joined(separator: " ")
    }
}

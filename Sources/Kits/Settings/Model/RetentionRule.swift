import Maintenance

/// How long the rows of one table are kept, by the time in one of its columns: what is older may go.
package struct RetentionRule: Sendable, Equatable {
    /// As the catalog has it: unquoted, case kept.
    package var schema: String
    package var table: String
    /// Of type `timestamp`, `timestamptz` or `date`; a time without a zone is read as UTC.
    package var column: String
    package var keep: Period
    /// Whether rows go into an archive that is read back, before they go.
    package var isArchived = true
    /// Tables, as `schema.table`, whose rows may go or change with them because a foreign key says so.
    package var following: [String] = []
    package var location: SourceLocation

    package init(schema: String, table: String, column: String, keep: Period, location: SourceLocation) {
        self.schema = schema
        self.table = table
        self.column = column
        self.keep = keep
        self.location = location
    }

    /// `public.error_logs`
    package var name: String { "\(schema).\(table)" }

    /// The schema and the table of `schema.table`; of a table alone, the schema `public`.
    package static func parts(_ name: String) -> (schema: String, table: String) {
        let halves = name.split(separator: ".", maxSplits: 1).map(String.init)
        return halves.count == 2 ? (halves[0], halves[1]) : ("public", name)
    }
}

extension Resource {
    /// Those of a database; none of anything else.
    package var retention: [RetentionRule] {
        if case .postgresql(let access) = access { access.retention } else { [] }
    }
}

import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("quotes that carry an accent", .cluster)
struct AccentedQuoteTests {
    /// For Swift `"` and the accent are one character, and no quote.
    private let hostile = "x\"\u{301}'\u{301}\\\u{301}; drop table y; --"

    @Test("a name, a literal and an element of an array come back as they were")
    func isQuoted() async throws {
        let hostile = hostile
        try await TestDatabase.current.connect { connection in
            try await connection.execute("create table \(identifier: hostile) (a text default \(literal: hostile))")
            try await connection.execute("insert into \(identifier: hostile) default values")
            let row = try await connection.query(
                "select a, relname::text as name, (\([hostile])::text[])[1] as element from \(identifier: hostile), pg_class "
                    + "where relname = \(hostile)"
            ).only
            for column in ["a", "name", "element"] {
                #expect(Array(try row[column, as: String.self].utf8) == Array(hostile.utf8))
            }
        }
        #expect("a'\u{301}".shellQuoted.utf8.elementsEqual("'a'\\''\u{301}'".utf8))
    }
}

import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("SQL")
struct SQLTests {
    @Test("values become parameters, names are quoted, statements are spliced")
    func interpolates() {
        let condition: SQL = "id = \(42) and name = \("it's")"
        let table = QualifiedName(schema: "my schema", name: "Order \"x\"")
        let sql: SQL = "select \(identifier: "a\"b") from \(relation: table) where \(condition) and ok = \(true)"
        #expect(
            sql.text
                == #"select "a""b" from "my schema"."Order ""x""" where id = $1 and name = $2 and ok = $3"#)
        #expect(sql.parameters.map(\.text) == ["42", "it's", "true"])
        #expect(
            sql.literalText
                == #"select "a""b" from "my schema"."Order ""x""" where id = 42 and name = 'it''s' and ok = true"#)
    }

    @Test("a value never melts into what stands beside it")
    func keepsValuesApart() {
        let one = 1
        let text = "x"
        #expect(("select a\(one)" as SQL).text == "select a $1")
        #expect(("select \(one)5" as SQL).text == "select $1 5")
        #expect(("select 'a'\(text)" as SQL).literalText == "select 'a' 'x'")
        #expect(("select \"a\"\(identifier: text)" as SQL).text == "select \"a\" \"x\"")
        #expect(("select 2-\(-1)" as SQL).literalText == "select 2-'-1'")
    }

    @Test("a missing value is NULL")
    func bindsNull() {
        let nothing: String? = nil
        let sql: SQL = "select \(nothing)"
        #expect(sql.parameters == [.null])
        #expect(sql.literalText == "select NULL")
    }

    @Test("names that differ only in their bytes are different names")
    func comparesNamesByBytes() {
        let composed = QualifiedName(schema: "public", name: "caf\u{e9}")
        let decomposed = QualifiedName(schema: "public", name: "cafe\u{301}")
        #expect(composed != decomposed)
        #expect((composed < decomposed) != (decomposed < composed))
    }

    @Test(
        "a name is shown bare where it can be read back bare",
        arguments: [
            ("orders", "orders"), ("Order", "\"Order\""), ("1st", "\"1st\""), ("a\u{1b}[2J", "\"a\\u{1b}[2J\""),
        ])
    func showsNames(name: String, shown: String) {
        #expect(QualifiedName(schema: "s", name: name).description == "s.\(shown)")
    }
}

@Suite("SQL on a server", .cluster)
struct SQLServerTests {
    static let hostileTexts = [
        "", "it's", "back\\slash", "\\'; drop table x; --", "\"; drop table x; --", "new\nline", "tab\t",
        "\u{1b}[31mred",
        "漢字 😀", "$$", "$1", "%s", "<script>alert(1)</script>", "E'x'", "{a,b}", "NULL", "caf\u{e9} cafe\u{301}",
    ]

    @Test("every text arrives as it was, bound and as a literal", arguments: hostileTexts)
    func roundTripsText(text: String) async throws {
        try await TestDatabase.current.connect { connection in
            for setting in ["on", "off"] {
                try await connection.execute("set standard_conforming_strings = \(literal: setting)")
                for sql in ["select \(text)::text as t", "select \(literal: text)::text as t"] as [SQL] {
                    let found = try await connection.query(sql).only["t", as: String.self]
                    #expect(found.hasSameBytes(as: text))
                }
                let list = try await connection.query("select \([text, text])::text[] as t").only[
                    "t", as: [String].self]
                #expect(list.map { Array($0.utf8) } == [Array(text.utf8), Array(text.utf8)])
            }
        }
    }

    @Test("every name works as schema, table and column", arguments: hostileTexts.filter { !$0.isEmpty })
    func quotesNames(name: String) async throws {
        try await TestDatabase.current.connect { connection in
            let table = QualifiedName(schema: name, name: name)
            try await connection.execute("create schema \(identifier: name)")
            try await connection.execute("create table \(relation: table) (\(identifier: name) int)")
            try await connection.execute("insert into \(relation: table) (\(identifiers: [name])) values (\(7))")
            let row = try await connection.query("select * from \(relation: table)").only
            #expect(try row[name, as: Int.self] == 7)
            let found = try await connection.query("select \(table)::regclass::oid > 0 as found").only
            #expect(try found["found", as: Bool.self])
        }
    }

    @Test("numbers, times and bytes survive the way there and back")
    func roundTripsValues() async throws {
        try await TestDatabase.current.connect { connection in
            let row = try await connection.query(
                """
                select \(Int64.min)::bigint as small, \(Double.leastNonzeroMagnitude)::float8 as tiny,
                    \(-Double.infinity)::float8 as infinite, \(Bytes([0, 255, 39, 92]))::bytea as bytes,
                    \(Timestamp(microseconds: 1_795_219_200_123_456))::timestamptz as at,
                    \(Duration.milliseconds(90_500))::interval = interval '90.5 seconds' as span,
                    array[1, 2]::bigint[] as numbers, null::text as nothing
                """
            ).only
            #expect(try row["small", as: Int64.self] == .min)
            #expect(try row["tiny", as: Double.self] == .leastNonzeroMagnitude)
            #expect(try row["infinite", as: Double.self] == -.infinity)
            #expect(try row["bytes", as: Bytes.self] == Bytes([0, 255, 39, 92]))
            #expect(try row["at", as: Timestamp.self].microseconds == 1_795_219_200_123_456)
            #expect(try row["span", as: Bool.self])
            #expect(try row["numbers", as: [Int64].self] == [1, 2])
            #expect(try row["nothing", as: String?.self] == nil)
        }
    }

    @Test("a wrong name, a wrong type and an unexpected NULL say what is there instead")
    func refusesWrongColumns() async throws {
        try await TestDatabase.current.connect { connection in
            let row = try await connection.query("select 'abc' as word, null::int as nothing").only
            #expect(throws: PostgreSQLError.noSuchColumn("wrod", has: ["word", "nothing"])) {
                try row["wrod", as: String.self]
            }
            let error = #expect(throws: PostgreSQLError.self) { try row["word", as: Int.self] }
            #expect(error?.problem == "column 'word' is 'abc' of type text, and Int was wanted")
            #expect(throws: PostgreSQLError.wrongType(column: "nothing", wanted: "Int", found: "NULL")) {
                try row["nothing", as: Int.self]
            }
            await #expect(throws: PostgreSQLError.nulCharacter) { try await connection.query("select \("a\0b")") }
        }
    }
}

import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite("what is read off a plan's conditions")
struct ConditionTests {
    private let reader = ConditionReader(
        alias: "o", aliases: ["o", "c", "po", "Odd \"one\""],
        columns: [
            "id": "int4", "customer": "int4", "email": "varchar", "total": "int4", "total_price": "int4",
            "gone": "timestamptz",
            "flag": "bool", "Mixed": "text",
        ])

    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var says: [String]

        init(_ text: String, _ says: String...) {
            self.text = text
            self.says = says
        }

        var testDescription: String { text }
    }

    static let cases: [Case] = [
        Case("(o.customer = $1)", "equality \"customer\""),
        Case("($1 = o.customer)", "equality \"customer\""),
        Case("($1 > o.total)", "range \"total\""),
        Case(
            "((o.gone IS NULL) AND (NOT o.flag) AND (o.customer = $1) AND (o.total >= $2))",
            "fixed \"gone\" is null", "fixed not \"flag\"", "equality \"customer\"", "range \"total\""),
        Case("(o.flag AND (o.id = ANY ($1)))", "fixed \"flag\"", "equality \"id\""),
        Case("((o.email)::text = $3)", "equality \"email\""),
        Case("(lower((o.email)::text) = $1)", "equality (lower((email)::text))"),
        Case("(o.\"Mixed\" = $1)", "equality \"Mixed\""),
        Case("(c.id = o.customer)", "join \"customer\""),
        Case("(o.customer = c.id)", "join \"customer\""),
        Case("(o.total = 5)", "fixed \"total\" = 5"),
        Case("(o.\"Mixed\" = 'it''s (AND) OR'::text)", "fixed \"Mixed\" = 'it''s (AND) OR'::text"),
        // Nothing a B-tree of this table could serve.
        Case("((o.customer = $1) OR (o.total = $2))"),
        Case("(o.total = o.total_price)"),
        Case("(po.customer = $1)"),
        Case("(o.total <> $1)"),
        Case("(o.email ~~ $1)"),
        Case("(o.id = (SubPlan 1))"),
        Case("(hashed SubPlan 1)"),
    ]

    @Test("each is an equality, a range, a join or fixed; what cannot be served is left out", arguments: cases)
    func reads(one: Case) {
        let said = reader.conditions(one.text).map { condition in
            switch condition.kind {
            case .fixed: "fixed \(condition.constant ?? "")"
            case .equality: "equality \(condition.key.sql)"
            case .range: "range \(condition.key.sql)"
            case .join: "join \(condition.key.sql)"
            case .search(let sign): "\(sign) \(condition.key.sql)"
            }
        }
        #expect(said == one.says)
    }

    @Test(
        "what GIN or GiST can search by is read where they can be tried, with the key on the left",
        arguments: [
            Case("(o.\"Mixed\" ~~ $1)", "~~ \"Mixed\""),
            Case("((o.email)::text ~~* $1)", "~~* \"email\""),
            Case("(o.\"Mixed\" OPERATOR(public.%) $1)", "% \"Mixed\""),
            Case(
                "((o.customer = $1) AND (to_tsvector('simple'::regconfig, o.\"Mixed\") @@ to_tsquery($2)))",
                "equality \"customer\"", "@@ (to_tsvector('simple'::regconfig, \"Mixed\"))"),
            Case("($1 <@ o.\"Mixed\")"), Case("(o.\"Mixed\" @> c.tags)"), Case("(o.\"Mixed\" !~~ $1)"),
        ])
    func searches(one: Case) {
        var able = reader
        able.searches = ["~~", "~~*", "%", "@@", "@>", "<@"]
        let said = able.conditions(one.text).map { condition in
            if case .search(let sign) = condition.kind { return "\(sign) \(condition.key.sql)" }
            return "\(condition.kind) \(condition.key.sql)"
        }
        #expect(said == one.says)
    }

    @Test("an index of the same method and class serves, and a B-tree serves in the place of summaries")
    func servesOthers() {
        let table = QualifiedName(schema: "s", name: "t")
        let trigrams = IndexCandidate(
            table: table, method: .gin,
            keys: [.init(key: .column("a"), operatorClass: "\"public\".\"gin_trgm_ops\"")])
        #expect(trigrams.isServed(by: ["gin (a public.gin_trgm_ops)"]))
        #expect(!trigrams.isServed(by: ["gin (a)", "gist (a public.gist_trgm_ops)", "btree (a)"]))
        let summaries = IndexCandidate(table: table, method: .brin, keys: [.init(key: .column("a"))])
        #expect(summaries.isServed(by: ["btree (a, b)"]))
        #expect(!summaries.isServed(by: ["gin (a)"]))
        // As pg_get_indexdef writes them.
        let words = IndexCandidate(
            table: table, method: .gin, keys: [.init(key: .expression("to_tsvector('simple'::regconfig, \"Mixed\")"))])
        #expect(words.isServed(by: ["gin (to_tsvector('simple'::regconfig, \"Mixed\"))"]))
        #expect(words.isServed(by: ["gin (to_tsvector('simple'::regconfig, \"Mixed\"), tags)"]))
        #expect(
            !words.isServed(by: [
                "gin (to_tsvector('english'::regconfig, \"Mixed\"))",
                "gin (to_tsvector('simple'::regconfig, \"Mixed\")) WHERE (a > 0)", "gin (to_tsvector(", "gin ()",
            ]))
        let joined = IndexCandidate(table: table, keys: [.init(key: .expression("b || ', ('::text"))])
        #expect(joined.isServed(by: ["btree (((b || ', ('::text)), c)"]))
        #expect(!joined.isServed(by: ["btree ((b || ', '::text), c)"]))
        #expect(summaries.body == "using brin (\"a\")")
    }

    @Test("an index that the disk has no room for is not tried, and what failed otherwise is no answer")
    func room() async throws {
        let table = AdviceTable(
            oid: 1, name: .init(schema: "s", name: "t"), rows: 1, bytes: 1 << 60, writesAnHour: 0, columns: [:],
            indexes: [], mayChange: true)
        let reason = try #require(try await IndexTrials.shortage(of: table, in: "/var/tmp"))
        #expect(reason.hasPrefix("'/var/tmp' has "), "\(reason)")
        func failure(_ state: String) -> any Error { PostgreSQLError.other(ServerError(sqlState: state, message: "x")) }
        #expect(failure("42704").refusesDefinition && failure("54000").refusesDefinition)
        #expect(!failure("53100").refusesDefinition && !PostgreSQLError.closed.refusesDefinition)
    }

    @Test("columns are found by whole names")
    func columns() {
        #expect(reader.columns(in: "sum(o.total_price)") == ["total_price"])
        #expect(reader.columns(in: "po.total, o.\"Mixed\", o.id") == ["Mixed", "id"])
    }

    @Test("an index that begins with the same keys serves")
    func serves() {
        let one = IndexCandidate(
            table: .init(schema: "s", name: "t"),
            keys: [.init(key: .column("a")), .init(key: .column("b"), order: "desc")])
        #expect(one.isServed(by: ["btree (a, b DESC)"]))
        #expect(one.isServed(by: ["btree (a, b DESC, c)"]))
        #expect(!one.isServed(by: ["btree (b DESC, a)", "btree (a)", "btree (a, b)", "hash (a)"]))
        #expect(!one.isServed(by: ["btree (a, b DESC) WHERE flag"]))
        #expect(one.name(avoiding: ["t_a_b_idx"]) == "t_a_b_idx2")
    }
}

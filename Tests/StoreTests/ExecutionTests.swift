import Maintenance
import MaintenanceTesting
import Testing

@testable import Store

private enum Word: String, StatementSet {
    case insert = "insert into word (name, text) values (:name, :text)"
    case twice = "select :text as first, :text as second, :name as name"
    case all = "select * from word order by name"
    case widen = "alter table word add column further text"
    case wrong = "insert into word (name, text) values (:name, (select text from word, nowhere))"
}

@Suite("statements", .temporaryDirectory)
struct ExecutionTests {
    private func store() throws -> Store {
        try Store(
            directory: TemporaryDirectory.current + "/state",
            migrations: [Migration("word.1", ["create table word (name text primary key, text text)"])])
    }

    @Test(
        "texts come back to the byte, the empty one is not null, and null is",
        arguments: ["", "a\u{0}b", "\u{0}", "ä\u{301}🙂", String(repeating: "x", count: 100_000), nil])
    func texts(text: String?) async throws {
        let store = try store()
        try await store.write { try $0.run(Word.insert, ["name": "a", "text": text]) }
        let found = try await store.read { try $0.rows(Word.all).map { try $0.get("text", as: String?.self) } }
        #expect(found == [text])
        #expect(found.first??.utf8.count == text?.utf8.count)
    }

    @Test("a parameter that is named twice has one value, and none is left over for the next execution")
    func parameters() async throws {
        let store = try store()
        let row = try await store.read { try $0.first(Word.twice, ["text": "x", "name": 7]) }
        #expect(try row?.get("first") == "x" && row?.get("second") == "x" && row?.get("name") == 7)
        await #expect(throws: StoreError.self) { try await store.read { try $0.first(Word.twice, ["text": "x"]) } }
        await #expect(throws: StoreError.self) {
            try await store.read { try $0.first(Word.twice, ["text": "x", "name": 7, "more": 1]) }
        }
        #expect(throws: StoreError.self) { try FilledStatement(Word.insert, inOrder: [.text("a")]) }
        let filled = try FilledStatement(Word.insert, inOrder: [.text("b"), .null])
        #expect(try await store.write { try $0.run(filled) } == 1)
    }

    @Test("columns are those of the present schema, also of a statement that was prepared before it changed")
    func schema() async throws {
        let store = try store()
        try await store.write { try $0.run(Word.insert, ["name": "a", "text": "x"]) }
        #expect(try await store.write { try $0.reader.rows(Word.all).first?.columns.count } == 2)
        try await store.write { try $0.run(Word.widen) }
        #expect(try await store.write { try $0.reader.rows(Word.all).first?.columns.count } == 3)
        #expect(try await store.read { try $0.rows(Word.all).first?.columns.count } == 3)
    }

    @Test("what the library refuses is told in its words, and the next statement is not held up by it")
    func refuses() async throws {
        let store = try store()
        let row = ["name": "a", "text": "x"]
        try await store.write { try $0.run(Word.insert, row) }
        let error = await #expect(throws: StoreError.self) { try await store.write { try $0.run(Word.insert, row) } }
        #expect(error?.problem.contains("UNIQUE constraint failed: word.name") == true, "\(error?.problem ?? "")")
        await #expect(throws: StoreError.self) { try await store.write { try $0.run(Word.wrong, ["name": "b"]) } }
        try await store.write { try $0.run(Word.insert, ["name": "b", "text": "y"]) }
        #expect(try await store.read { try $0.rows(Word.all).count } == 2)
    }
}

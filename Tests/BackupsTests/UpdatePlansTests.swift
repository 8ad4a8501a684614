import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Page
import Testing

@testable import Backup
@testable import Backups

@Suite("dr update-plans", .temporaryDirectory)
struct UpdatePlansTests {
    private let shelf = MadeShelf { _ in }
    private var path: String { "\(shelf.state)/reports/recovery-plan.md" }

    private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func update() async throws -> RunSummary { try await shelf.harness().run("dr update-plans") }

    @Test("the same facts are written once, and what changes is shown line by line")
    func writes() async throws {
        try shelf.add(age: 1, .proved)
        let first = try await update()
        #expect(first.changes.map(\.state) == [.proved], "\(first.changes.compactMap(\.error?.problem))")
        let plan = try text()
        #expect(plan.contains("mainstay backup restore --environment live --resource main --to environment"))
        #expect(FileManager.default.fileExists(atPath: "\(shelf.state)/reports/recovery-plan.html"))
        #expect(try await update().changes.isEmpty)
        #expect(try text() == plan)
        let newer = try shelf.add(age: 0.1, .proved)
        let second = try await update()
        let rows = try #require(second.listing("What changes in \(path)")).rows.map { "\($0[0])\($0[1])" }
        #expect(rows.contains { $0.hasPrefix("+") && $0.contains(newer.description) }, "\(rows)")
        #expect(rows.contains { $0.hasPrefix("-") }, "\(rows)")
    }

    @Test("what people wrote stays, also where its place is gone")
    func keeps() async throws {
        try shelf.add(age: 1, .proved)
        _ = try await update()
        let hint = "Telephone numbers and where else these people are reached."
        let edited =
            try text().replacing(hint, with: "Ann: 555-0100\n\n- at night: *Bob*")
            + "<!-- yours: the old site -->\ncall the landlord\n<!-- end of yours -->\n"
        try edited.write(toFile: path, atomically: true, encoding: .utf8)
        try shelf.add(age: 0.1, .proved)
        #expect(try await update().changes.map(\.state) == [.proved])
        let plan = try text()
        #expect(plan.contains("<!-- yours: contacts -->\nAnn: 555-0100\n\n- at night: *Bob*\n<!-- end of yours -->"))
        #expect(plan.contains("<!-- yours: the old site -->\ncall the landlord\n<!-- end of yours -->"))
        #expect(try await update().changes.isEmpty)
    }

    @Test("lines may end as other systems end them, and a sign that joins the one before it is kept")
    func foreignLines() async throws {
        try shelf.add(age: 1, .proved)
        _ = try await update()
        let hint = "Telephone numbers and where else these people are reached."
        let edited = try text().replacingBytes(of: hint, with: "Ann: 555-0100\n\u{301}Bob").replacingBytes(
            of: "\n", with: "\r\n")
        try edited.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await update().changes.map(\.state) == [.proved])
        let plan = try text()
        #expect(
            plan.containsBytes("<!-- yours: contacts -->\nAnn: 555-0100\n\u{301}Bob\n<!-- end of yours -->"), "\(plan)")
        #expect(!plan.containsBytes("\r"))
    }

    @Test("a page, and a file that is no text or too long, are left alone where they are not from here")
    func leavesOthers() async throws {
        try shelf.add(age: 1, .proved)
        let page = path.replacing(".md", with: ".html")
        try FileManager.default.createDirectory(
            atPath: "\(shelf.state)/reports", withIntermediateDirectories: true)
        var foreign = Array("\(PlanText.mark) -->\n<!-- yours: a -->\nBj?rn\n<!-- end of yours -->\n".utf8)
        foreign[try #require(foreign.firstIndex(of: UInt8(ascii: "?")))] = 0xF6
        let long = Array(PlanText.mark.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 16 * 1_048_576 + 1)
        let files: [(path: String, bytes: [UInt8])] = [
            (page, Array("<h1>Our own page</h1>".utf8)), (path, foreign), (path, long),
        ]
        for (path, bytes) in files {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let refused = try await update()
            #expect(refused.step.state == .failed, "\(path), \(bytes.count)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
            try FileManager.default.removeItem(atPath: path)
        }
        #expect(try await update().changes.map(\.state) == [.proved])
        try shelf.add(age: 0.1, .proved)
        #expect(try await update().changes.map(\.state) == [.proved])
    }

    @Test(
        "where something would be lost, nothing is written",
        arguments: [
            "# Our own plan\n", "\(PlanText.mark) -->\n<!-- yours: contacts -->\nAnn\n",
            "\(PlanText.mark) -->\n<!-- yours: a -->\nx\n<!-- yours: b -->\ny\n<!-- end of yours -->\n",
            "\(PlanText.mark) -->\n<!-- yours: a -->\nx\n<!-- end of yours -->\n<!-- yours: a -->\ny\n<!-- end of yours -->\n",
        ])
    func refuses(old: String) async throws {
        let directory = "\(shelf.state)/reports"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try old.write(toFile: path, atomically: true, encoding: .utf8)
        let refused = try await update()
        #expect(refused.step.state == .failed)
        #expect(try text() == old)
    }

    @Test("a name in the configuration or a backup means nothing to Markdown or HTML")
    func hostile() {
        let plan = PlanText(
            title: "<b>x</b>", sections: [.init(title: "a|b", blocks: [.table(["h"], [["| <script>"]])])])
        #expect(!plan.markdown(KeptText()).contains("<script>"))
        #expect(!plan.html(KeptText()).text.contains("<script>"))
    }
}

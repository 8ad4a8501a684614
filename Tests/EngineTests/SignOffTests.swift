import Foundation
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@testable import Engine

@Suite("signing items of checklists", .temporaryDirectory)
struct SignOffTests {
    let estate: ChecklistEstate

    init() throws { estate = try ChecklistEstate() }

    @Test("a signature says who, when and what, in the audit trail and nowhere else")
    func signs() async throws {
        let signOff = try await estate.sign("keys", note: " on the hook ", by: .annByDeploy)
        #expect(signOff.by == .annByDeploy && signOff.note == "on the hook" && signOff.result == .done)
        let standing = try await estate.standing("keys")
        #expect(standing.state == .green && standing.reason == "ann as deploy: on the hook")
        #expect(standing.signOff == signOff && standing.countsUntil == signOff.at + .seconds(86_400))
        let entry = try #require(try await estate.harness.log.audit(AuditFilter(kinds: [.signed])).first)
        #expect(entry.subject == "checklist house/keys" && entry.target == ChecklistEstate.whole)
        #expect(entry.head == signOff.entry && entry.actor == .annByDeploy)
        #expect(try await estate.harness.log.verifyAudit().isSound)
    }

    @Test("a newer signature takes the place of the older, also with a no, which needs a note")
    func newerCounts() async throws {
        try await estate.sign("keys")
        estate.clock.advance(by: .seconds(1))
        await expect("checklist.note-missing") { try await estate.sign("keys", .notDone, note: " \n ") }
        #expect(try await estate.standing("keys").state == .green)
        try await estate.sign("keys", .notDone, note: "one is missing", by: .bob)
        let red = try await estate.standing("keys")
        #expect(red.state == .red && red.reason == "bob says it is not done: one is missing")
        estate.clock.advance(by: .seconds(86_400))
        #expect(try await estate.standing("keys").state == .unknown, "a no counts no longer than a yes")
        try await estate.sign("keys")
        #expect(try await estate.standing("keys").state == .green)
    }

    @Test("nobody signs what evidence answers; a remark is allowed and answers nothing")
    func boundItems() async throws {
        for item in ["care", "calm", "answering", "quiet"] {
            for result in SignOff.Result.allCases {
                await expect("checklist.answered-by-evidence") {
                    try await estate.sign(item, result, note: "trust me")
                }
            }
            let answers = estate.answers(.bob)
            _ = try await answers.remark(
                on: try answers.book.item(item, of: ChecklistEstate.list), of: ChecklistEstate.list,
                in: ChecklistEstate.place, note: "looked at it", attachment: nil)
            let standing = try await estate.standing(item)
            #expect(standing.state == .unknown && standing.remarks.map(\.note) == ["looked at it"])
        }
        // Not even where the trail has such an entry, from when the item was a person's.
        _ = try await estate.harness.log.sign(
            "house", "care", in: ChecklistEstate.place, .done, detail: SignOff.detail(.done, "Cared for", nil, nil))
        let standing = try await estate.standing("care")
        #expect(standing.state == .unknown && standing.signOff == nil)
    }

    @Test("a signature under another text is none, and one of another environment or item neither")
    func belongsToItsItem() async throws {
        try await estate.sign("keys")
        var list = ChecklistEstate.list
        list.items[4].text = "The safe is locked"
        let standing = try await estate.standing("keys", list)
        #expect(standing.state == .unknown && standing.reason.contains("signed something else"), "\(standing.reason)")
        list = ChecklistEstate.list
        list.items[4].name = "keyss"
        #expect(try await estate.standing("keyss", list).state == .unknown)
        await expect("checklist.not-kept") {
            try await estate.answers().standing(ChecklistEstate.list, in: "elsewhere")
        }
    }

    @Test("hostile notes, names and files are kept as they are", arguments: HostileText.all)
    func hostile(text: String) async throws {
        let path = "\(TemporaryDirectory.current)/\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let signOff = try await estate.sign(
            "keys", note: "x\(text)x", file: path, by: .person("x\(text)", sudo: text))
        let standing = try await estate.standing("keys")
        #expect(standing.signOff?.note == "x\(text)x" && standing.signOff?.entry == signOff.entry)
        #expect(standing.state == .green && standing.signOff?.attachment?.size.bytes == Int64(text.utf8.count))
        #expect(try await estate.harness.log.verifyAudit().isSound)
    }

    @Test("a note that is too long, a file that is too large, none, or no file at all is refused, and nothing signed")
    func refuses() async throws {
        await expect("checklist.note-too-long") {
            try await estate.sign("keys", note: String(repeating: "é", count: 2_001))
        }
        let large = "\(TemporaryDirectory.current)/large"
        try Data(count: 16 * 1_048_576 + 1).write(to: URL(fileURLWithPath: large))
        await expect("checklist.attachment-too-large") { try await estate.sign("keys", file: large) }
        await expect("file.missing") { try await estate.sign("keys", file: "\(large).gone") }
        for path in [TemporaryDirectory.current, "/dev/null"] {
            await #expect(throws: (any Error).self) { try await estate.sign("keys", file: path) }
        }
        #expect(try await estate.harness.log.audit(AuditFilter()).isEmpty)
    }

    @Test("an attachment that is altered, gone or unreadable afterwards is found")
    func alteredAttachment() async throws {
        let path = "\(TemporaryDirectory.current)/photo.png"
        try "a photo".write(toFile: path, atomically: true, encoding: .utf8)
        let signOff = try await estate.sign("keys", file: path)
        let attachment = try #require(signOff.attachment)
        #expect(attachment.name == "photo.png" && attachment.sha256.count == 64)
        // What becomes of the original is nobody's concern.
        try FileManager.default.removeItem(atPath: path)
        #expect(try await estate.standing("keys").state == .green)
        let copy = "\(estate.harness.stateDirectory)/attachments/\(attachment.sha256)"
        for content in ["a phot0", "", "a photo, and more"] {
            try content.write(toFile: copy, atomically: false, encoding: .utf8)
            let altered = try await estate.standing("keys")
            #expect(altered.state == .red && altered.reason.contains("is not the one that was signed"))
        }
        try "a photo".write(toFile: copy, atomically: false, encoding: .utf8)
        #expect(try await estate.standing("keys").state == .green)
        try FileManager.default.removeItem(atPath: copy)
        #expect(try await estate.standing("keys").state == .unknown)
        try FileManager.default.createSymbolicLink(atPath: copy, withDestinationPath: "/etc/hostname")
        #expect(try await estate.standing("keys").state != .green)
        try FileManager.default.removeItem(atPath: "\(estate.harness.stateDirectory)/attachments")
        let gone = try await estate.standing("keys")
        #expect(gone.state == .unknown && gone.reason.contains("'photo.png', is gone"), "\(gone.reason)")
    }

    @Test("two people who sign at once both stand in the trail, and the later entry counts")
    func atOnce() async throws {
        let people = (1...8).map { Requester.person("person\($0)") }
        let signed = try await withThrowingTaskGroup(of: SignOff.self) { group in
            for (index, person) in people.enumerated() {
                group.addTask { [estate] in
                    try await estate.sign("keys", index % 2 == 0 ? .done : .notDone, note: "n", by: person)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(signed.map(\.entry.number)) == Set(1...8))
        #expect(try await estate.harness.log.verifyAudit().isSound)
        let last = try #require(signed.max { $0.entry.number < $1.entry.number })
        let standing = try await estate.standing("keys")
        #expect(standing.signOff == last && standing.state == (last.result == .done ? .green : .red))
    }

    @Test("names may be cut short where that means one thing, and a wrong one gets the nearest")
    func names() throws {
        let book = estate.answers().book
        let list = ChecklistEstate.list
        #expect(try book.list("hou").name == "house")
        #expect(try book.item("an", of: list).name == "answering")
        #expect {
            try book.item("ca", of: list)
        } throws: { ($0 as? ChecklistError)?.problem == "'ca' means several items of 'house': care, calm" }
        #expect {
            try book.list("hose")
        } throws: { ($0 as? ChecklistError)?.hint == "Did you mean 'house'?" }
        for hostile in ["", "\u{1b}[2J", "a\u{301}"] {
            #expect { try book.list(hostile) } throws: {
                ($0 as? ChecklistError)?.description.contains("\u{1b}") == false
            }
        }
    }
}

import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@testable import Backup

@Suite("records and scratch space", .temporaryDirectory)
struct RecordShelfTests {
    private var directory: String { "\(TemporaryDirectory.current)/records" }

    private func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
    }

    private func put(_ data: Data, _ name: String) throws {
        try data.write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }

    @Test("a record whose writer is killed at any point is the old one or the new one, and never none")
    func killed() throws {
        let shelf = RecordShelf(directory: directory)
        try shelf.write(["state": "old"], as: "one", key: key)
        let (old, oldSignature) = (try bytes("one.json"), try bytes("one.signature.json"))
        try shelf.write(["state": "new"], as: "one", key: key)
        let (new, newSignature) = (try bytes("one.json"), try bytes("one.signature.json"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
        func state() throws -> String? { try shelf.read([String: String].self, "one", key: key)?["state"] }
        // The states that the three writes leave behind, one after the other.
        for (record, signature, next, expected) in [
            (old, oldSignature, new, "old"), (old, newSignature, new, "new"), (new, newSignature, new, "new"),
        ] {
            try put(record, "one.json")
            try put(signature, "one.signature.json")
            try put(next, "one.json.next")
            #expect(try state() == expected)
        }
        // What nobody signed is not believed, wherever it lies.
        try put(Data("{}".utf8), "one.json")
        try put(Data("{\"state\": \"forged\"}".utf8), "one.json.next")
        #expect(throws: PhysicalRecordError.self) { try state() }
    }

    @Test("what a killed drill brought back goes with the next one, and what a living one did stays")
    func scratch() async throws {
        let parent = "\(TemporaryDirectory.current)/work"
        let living = try await ScratchSpace.make(in: parent, "drill-run")
        try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(living.path)/secret"))
        let dead = "\(parent)/fetched-offsite-1.scratch"
        try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: true)
        try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(dead)/secret"))
        try Data().write(to: URL(fileURLWithPath: "\(dead).lock"))
        let next = try await ScratchSpace.make(in: parent, "drill-run")
        #expect(!FileManager.default.fileExists(atPath: dead))
        #expect(FileManager.default.fileExists(atPath: "\(living.path)/secret"))
        try await living.remove()
        try await next.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
    }
}

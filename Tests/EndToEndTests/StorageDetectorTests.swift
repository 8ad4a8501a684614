import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// What goes wrong inside a repository, made for real: each is found, and named as what it is.
@Suite("damaged repositories", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct StorageDetectorTests {
    private let estate = StorageEstate()

    /// A fault, by what is done to the repository.
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What finds it, and the words it is named with.
        var command: [String] = ["backup", "cross-region", "--parts=1"]
        var named: String
        var make: @Sendable (StorageEstate) async throws -> Void

        init(
            _ description: String, _ command: [String]? = nil, named: String,
            _ make: @escaping @Sendable (StorageEstate) async throws -> Void
        ) {
            testDescription = description
            if let command { self.command = command }
            self.named = named
            self.make = make
        }
    }

    static let faults = [
        Fault("a pack is gone", named: "is damaged") { try $0.files("data").largest.remove() },
        Fault("a pack is cut off", named: "is damaged") { try $0.files("data").largest.cut() },
        Fault("a bit in a pack flips", named: "is damaged") { try $0.files("data").largest.flip() },
        Fault("a pack is empty", named: "is damaged") { try $0.files("data").largest.empty() },
        Fault("two packs change places", named: "is damaged") { estate in
            let packs = try estate.files("data")
            try packs.largest.swap(with: packs[0])
        },
        Fault("the index is gone", named: "is damaged") { try $0.files("index").largest.remove() },
        Fault("a bit in the index flips", named: "is damaged") { try $0.files("index").largest.flip() },
        Fault("the index is cut off", named: "is damaged") { try $0.files("index").largest.cut() },
        Fault("the snapshot is gone", named: "holds no copy of backup") { try $0.files("snapshots").largest.remove() },
        Fault("the snapshot is cut off", named: "is damaged") { try $0.files("snapshots").largest.cut() },
        Fault("the configuration is gone", named: "is gone: there was one") {
            try StoredFile("\($0.repository)/config").remove()
        },
        Fault("the configuration is damaged", named: "is damaged") { try StoredFile("\($0.repository)/config").flip() },
        Fault("every key is gone", named: "opens no key") { try $0.files("keys").largest.remove() },
        Fault("the password is another one", named: "opens no key") { try $0.configure(password: "another") },
        Fault("everything is gone", named: "is gone: there was one") {
            try FileManager.default.removeItem(atPath: $0.repository)
        },
        Fault("an empty directory stands there, as without its mount", named: "is gone: there was one") {
            try FileManager.default.removeItem(atPath: $0.repository)
            try FileManager.default.createDirectory(atPath: $0.repository, withIntermediateDirectories: false)
        },
        Fault("a new repository stands there", ["backup", "copy"], named: "another repository stands") {
            try FileManager.default.removeItem(atPath: $0.repository)
            let made = try await $0.restic("init")
            #expect(made.exitCode == 0)
        },
        Fault("snapshots of somebody else lie in it", ["backup", "copy"], named: "was not made by Mainstay") {
            let stored = try await $0.restic("backup", $0.program.directory + "/mainstay.yaml")
            #expect(stored.exitCode == 0)
        },
        Fault("it is of a team with another key", ["backup", "copy"], named: "signed with the key") { estate in
            let id = try estate.backups()[0]
            let tags = "mainstay,backup=\(id),environment=test,resource=main,key=0123456789abcdef"
            let tagged = try await estate.restic("tag", "--set", tags)
            #expect(tagged.exitCode == 0)
        },
        Fault("a copy lacks a file", named: "is missing") {
            try await $0.replace { try FileManager.default.removeItem(atPath: "\($0)/roles.sql") }
        },
        Fault("a copy has a file too many", named: "does not belong to it") {
            try await $0.replace { try "x".write(toFile: "\($0)/more", atomically: true, encoding: .utf8) }
        },
        Fault("somebody changed the manifest of a copy", named: "does not fit its signature") {
            try await $0.replace { try StoredFile("\($0)/manifest.json").append("\n") }
        },
        Fault(
            "somebody changed a row of a copy", ["backup", "verify", "--from", "offsite"], named: "has other content"
        ) {
            try await $0.replace { path in
                let files = try FileManager.default.contentsOfDirectory(atPath: "\(path)/database").filter {
                    $0 != "toc.dat"
                }
                try StoredFile("\(path)/database/\(try #require(files.sorted().first))").flip()
            }
        },
    ]

    @Test("is found and named, and nothing that was there is removed", arguments: faults)
    func finds(fault: Fault) async throws {
        try await estate.prepare(
            "create table t as select n, random()::text || random()::text from generate_series(1, 60000) n")
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        try await fault.make(estate)
        let before = try estate.allFiles()
        let found = try await estate.program.shell("mainstay " + fault.command.joined(separator: " "))
        let said = found.errors + found.output
        #expect(found.exitCode != 0, "\(said)")
        #expect(said.contains(fault.named), "\(said)")
        let locks = "\(estate.repository)/locks/"
        #expect(before.filter { !$0.hasPrefix(locks) }.allSatisfy { FileManager.default.fileExists(atPath: $0) })
        #expect(try estate.backups().count == 1)
    }

    @Test("twenty clean runs raise no alarm")
    func isQuiet() async throws {
        try await estate.prepare()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        for _ in 0..<20 {
            let compared = try await estate.run("backup", "cross-region", "--parts=3")
            #expect(
                compared.exitCode == 0 && !compared.output.contains("BK006"), "\(compared.errors)\(compared.output)")
        }
    }

    @Test("a backup that was damaged is not copied")
    func damagedBackup() async throws {
        try await estate.prepare()
        let data = try FileManager.default.contentsOfDirectory(
            atPath: "\(estate.folder)/\(try estate.backups()[0])/database")
        let file = try #require(data.first { $0.hasSuffix(".dat.zst") })
        try StoredFile("\(estate.folder)/\(try estate.backups()[0])/database/\(file)").flip()
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 1, "\(copied.errors)")
        #expect(copied.output.contains("cannot be expanded"), "\(copied.output)")
        #expect(try await estate.snapshotCount() == 0)
    }
}

/// A file that a test damages.
struct StoredFile {
    var path: String

    init(_ path: String) { self.path = path }

    private func change(_ body: (inout Data) -> Void) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        body(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }

    func remove() throws { try FileManager.default.removeItem(atPath: path) }
    func cut() throws { try change { $0 = $0.prefix($0.count / 2) } }
    func empty() throws { try change { $0 = Data() } }
    func flip() throws { try change { $0[$0.startIndex + $0.count / 2] ^= 0x10 } }
    func append(_ text: String) throws { try change { $0 += Data(text.utf8) } }

    func swap(with other: StoredFile) throws {
        let own = try Data(contentsOf: URL(fileURLWithPath: path))
        let its = try Data(contentsOf: URL(fileURLWithPath: other.path))
        try change { $0 = its }
        try other.change { $0 = own }
    }
}

extension [StoredFile] {
    var largest: StoredFile {
        get throws { try #require(last) }
    }
}

extension StorageEstate {
    /// The files of a kind in the repository, the largest last.
    func files(_ kind: String) throws -> [StoredFile] {
        try allFiles().filter { $0.hasPrefix("\(repository)/\(kind)/") }
            .map { (path: $0, size: try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int ?? 0) }
            .sorted { ($0.size, $0.path) < ($1.size, $1.path) }.map { StoredFile($0.path) }
    }

    func allFiles() throws -> [String] {
        guard let found = FileManager.default.enumerator(atPath: repository) else { return [] }
        return found.compactMap { $0 as? String }.map { "\(repository)/\($0)" }.filter {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
        }
    }

    /// Puts an altered copy in the place of the one that is there, with the same labels, as somebody with the password
    /// could.
    func replace(_ alter: (String) throws -> Void) async throws {
        let out = "\(TemporaryDirectory.current)/altered"
        #expect(try await restic("restore", "latest", "--target", out).exitCode == 0)
        let id = try backups()[0]
        try alter("\(out)/test/main/\(id)")
        let listed = try await restic("snapshots", "--json", "--no-lock")
        let key = try #require(listed.output.firstMatch(of: /key=([0-9a-f]{16})/)).output.1
        var inside = self
        inside.program.directory = out
        let tags = "mainstay,backup=\(id),environment=test,resource=main,key=\(key)"
        #expect(try await restic("forget", "latest").exitCode == 0)
        let stored = try await program.shell(
            "cd '\(out)' && RESTIC_PASSWORD=\(Self.password) restic --no-cache -r '\(repository)' backup --tag '\(tags)' test/main/\(id)"
        )
        #expect(stored.exitCode == 0, "\(stored.errors)")
    }
}

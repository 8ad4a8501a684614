import Backup
import Foundation
import Maintenance
import MaintenanceTesting
import Outside

/// One damage of a repository, made for real, and what has to be said of it.
struct Damage: Sendable {
    var name: String
    /// The rung that finds it.
    var rung: VerificationLadder.Kind
    /// What its evidence has to name.
    var words: String
    /// Given a repository of its own and what is in it.
    var make: @Sendable (RepositoryCopy) async throws -> Void

    init(
        _ name: String, _ rung: VerificationLadder.Kind, _ words: String,
        _ make: @escaping @Sendable (RepositoryCopy) async throws -> Void
    ) {
        self.name = name
        self.rung = rung
        self.words = words
        self.make = make
    }
}

/// A copy of a repository to be damaged: its files are those of the original until one is written.
struct RepositoryCopy: Sendable {
    let estate: PhysicalEstate
    let path: String
    /// The backup that will be proved, a full one.
    let label: String
    /// Paths of relations below a backup's `pg_data`.
    let relations: [String: String]

    func stored(_ relation: String, fork: String = "") throws -> String {
        guard let file = relations[relation] else { throw CocoaError(.fileNoSuchFile) }
        return "\(path)/backup/shop/\(label)/pg_data/\(file)\(fork)"
    }

    func file(_ name: String) -> String { "\(path)/backup/shop/\(label)/\(name)" }

    var archive: String { "\(path)/archive/shop/15-1" }

    /// The archived segments, the oldest first: names and paths.
    func segments() throws -> [(name: String, path: String)] {
        let directory = "\(archive)/0000000100000000"
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            .filter { $0.utf8.count == 65 }.map { (String($0.prefix(24)), "\(directory)/\($0)") }
    }

    /// Writes a file anew: the original shares its content.
    func rewrite(_ file: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        change(&bytes)
        try FileManager.default.removeItem(atPath: file)
        require(FileManager.default.createFile(atPath: file, contents: Data(bytes)))
        try give(file)
    }

    func flip(_ file: String, at offset: Int) throws {
        try rewrite(file) { $0[min(offset, $0.count - 1)] ^= 0x10 }
    }

    func give(_ file: String) throws {
        if let user = try SystemUser.unprivileged(), chown(file, user.id, user.group) != 0 {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: file) }

    /// Puts content under the name of a segment, with the checksum that fits it, as somebody would who moves files.
    func store(_ bytes: [UInt8], as segment: String) async throws {
        for old in try segments() where old.name == segment { try remove(old.path) }
        let upper = segment.prefix(16)
        let directory = "\(archive)/\(upper)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try give(directory)
        let plain = "\(path)/segment"
        require(FileManager.default.createFile(atPath: plain, contents: Data(bytes)))
        let sum = try await estate.run(["sha1sum", plain]).prefix(40)
        let file = "\(directory)/\(segment)-\(sum)"
        try FileManager.default.moveItem(atPath: plain, toPath: file)
        try give(file)
    }

    func content(_ segment: (name: String, path: String)) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: segment.path)))
    }

    /// A test that could not make its damage would prove nothing.
    private func require(_ done: Bool) { precondition(done, "a file of the test could not be made") }
}

extension Damage {
    static let ofFiles: [Damage] = [
        Damage("a flipped bit in a heap", .checksums, "invalid checksum") {
            try $0.flip(try $0.stored("orders"), at: 9_000)
        },
        Damage("a flipped bit in an index", .checksums, "invalid checksum") {
            try $0.flip(try $0.stored("orders_pkey"), at: 9_000)
        },
        Damage("a flipped bit in TOAST", .checksums, "invalid checksum") {
            try $0.flip(try $0.stored("toast"), at: 9_000)
        },
        Damage("a flipped bit in a visibility map", .checksums, "invalid checksum") {
            try $0.flip(try $0.stored("orders", fork: "_vm"), at: 30)
        },
        Damage("a flipped bit in the control file", .checksums, "global/pg_control") {
            try $0.flip($0.file("pg_data/global/pg_control"), at: 20)
        },
        Damage("a truncated file", .checksums, "checksum") { copy in
            try copy.rewrite(try copy.stored("orders")) { $0.removeLast(8_192) }
        },
        Damage("an empty file", .checksums, "checksum") { copy in
            try copy.rewrite(try copy.stored("orders")) { $0.removeAll() }
        },
        Damage("two swapped files", .checksums, "invalid checksum") { copy in
            let (one, two) = (try copy.stored("orders"), try copy.stored("documents"))
            let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: one)))
            let other = [UInt8](try Data(contentsOf: URL(fileURLWithPath: two)))
            try copy.rewrite(one) { $0 = other }
            try copy.rewrite(two) { $0 = content }
        },
        Damage("a missing file", .checksums, "missing") { try $0.remove(try $0.stored("orders")) },
        Damage("a missing tablespace", .checksums, "pg_tblspc") { try $0.remove($0.file("pg_tblspc")) },
        Damage("a flipped bit in the backup's manifest", .exists, "backup.manifest") {
            try $0.flip($0.file("backup.manifest"), at: 900)
        },
        Damage("no copy of the backup's manifest", .exists, "backup.manifest") {
            try $0.remove($0.file("backup.manifest.copy"))
        },
        Damage("a flipped bit in the list of backups", .exists, "backup.info") {
            try $0.flip("\($0.path)/backup/shop/backup.info", at: 100)
        },
        Damage("no list of the archive", .exists, "archive.info") {
            try $0.remove("\($0.archive)/../archive.info")
            try $0.remove("\($0.archive)/../archive.info.copy")
        },
        Damage("a backup whose files are all gone", .exists, "backup.manifest") { try $0.remove($0.file("")) },
    ]

    static let ofLog: [Damage] = [
        Damage("a missing segment in the middle", .continuity, "WAL segment") { copy in
            try copy.remove(try copy.last(2).path)
        },
        Damage("a missing segment that consistency needs", .continuity, "is missing") { copy in
            try copy.remove(try copy.needed().path)
        },
        Damage("a truncated segment", .checksums, "15-1/0000") { copy in
            try copy.rewrite(try copy.needed().path) { $0.removeLast(1_000_000) }
        },
        Damage("an empty segment", .checksums, "15-1/0000") { copy in
            try copy.rewrite(try copy.needed().path) { $0.removeAll() }
        },
        Damage("a flipped bit in a segment", .checksums, "15-1/0000") { copy in
            try copy.flip(try copy.needed().path, at: 5_000)
        },
        Damage("two swapped segments, each with its checksum", .continuity, "holds the content of") { copy in
            let (one, two) = (try copy.last(3), try copy.last(2))
            let (first, second) = (try copy.content(one), try copy.content(two))
            try await copy.store(second, as: one.name)
            try await copy.store(first, as: two.name)
        },
        Damage("a segment that is there twice", .checksums, "duplicate WAL") { copy in
            let segment = try copy.needed()
            let double = segment.path.dropLast(40) + String(repeating: "a", count: 40)
            try FileManager.default.copyItem(atPath: segment.path, toPath: String(double))
            try copy.give(String(double))
        },
        Damage("a segment of another cluster", .continuity, "is of another cluster") { copy in
            let segment = try copy.last(2)
            var bytes = try copy.content(segment)
            bytes[24] ^= 0xFF
            try await copy.store(bytes, as: segment.name)
        },
        Damage("a segment of another timeline under this one's name", .continuity, "was written on timeline 7") {
            copy in
            let segment = try copy.last(2)
            var bytes = try copy.content(segment)
            bytes[4] = 7
            try await copy.store(bytes, as: segment.name)
        },
        Damage("a segment that is no log at all", .continuity, "does not begin as a WAL segment does") { copy in
            let segment = try copy.last(2)
            try await copy.store([UInt8](repeating: 0, count: 16 * 1_048_576), as: segment.name)
        },
        Damage("a timeline without its history", .continuity, "no history file") { copy in
            let last = try copy.last(1)
            try await copy.store(try copy.content(last), as: "00000002" + last.name.dropFirst(8))
        },
        Damage("a history that nobody can read", .continuity, "history file of timeline 2") { copy in
            let path = "\(copy.archive)/00000002.history"
            try "nonsense\n".write(toFile: path, atomically: true, encoding: .utf8)
            try copy.give(path)
        },
        Damage("a timeline that left before the backup was consistent", .continuity, "timeline 2 began at") { copy in
            let path = "\(copy.archive)/00000002.history"
            let first = try copy.needed()
            guard let segment = WALSegment(first.name) else { throw CocoaError(.fileReadCorruptFile) }
            try "1\t\(segment.start)\tno recovery target specified\n"
                .write(toFile: path, atomically: true, encoding: .utf8)
            try copy.give(path)
        },
    ]
}

extension RepositoryCopy {
    /// A segment, counted from the newest.
    fileprivate func last(_ count: Int) throws -> (name: String, path: String) {
        let all = try segments()
        guard all.count >= count else { throw CocoaError(.fileNoSuchFile) }
        return all[all.count - count]
    }

    /// The segment that makes the backup consistent.
    fileprivate func needed() throws -> (name: String, path: String) {
        let directory = "\(archive)/0000000100000000"
        let mark = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".backup") }
            .sorted()
        guard let name = mark.first?.prefix(24), let found = try segments().first(where: { $0.name == name }) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return found
    }
}

import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// A database with a backup, and a storage for its copies: by default a restic repository in the test's own directory.
struct StorageEstate: Sendable {
    static let password = "correct-horse-battery"

    var program = Program()
    /// As restic names it.
    var repository = "\(TemporaryDirectory.current)/repository"
    var credentials: [String: String] = [:]
    /// Lives as long as the estate.
    var server: StorageServer?

    /// Of the one database.
    var folder: String { "\(program.directory)/state/backups/test/main" }

    /// - Parameter more: further keys of the storage.
    func prepare(
        _ rows: StaticString = "create table t as select n, md5(n::text) from generate_series(1, 5000) n",
        more: String = ""
    ) async throws {
        try await TestDatabase.current.run(rows)
        try configure(more: more)
        try await backUp()
    }

    func backUp() async throws {
        let taken = try await run("backup", "run")
        #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
    }

    func configure(more: String = "", password: String = Self.password, backups: String = "") throws {
        let key = "\(program.directory)/restic.password"
        try password.write(toFile: key, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        try program.configureTestDatabase(
            """
            backups:
              work: "\(TestClusters.directory)"
            \(backups)
              storage:
                offsite:
                  repository: "\(repository)"
                  password: "file:\(key)"
                  \(more)
            """)
    }

    func run(_ arguments: String...) async throws -> Program.Result { try await run(arguments) }

    func run(_ arguments: [String]) async throws -> Program.Result {
        var program = program
        program.environment.merge(credentials) { $1 }
        return try await program.shell("mainstay " + arguments.map(\.shellQuoted).joined(separator: " "))
    }

    /// The names of the backups, the newest first.
    func backups() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("2") && !$0.contains(".") }
            .sorted(by: >)
    }

    /// restic itself, beside Mainstay.
    func restic(_ arguments: String...) async throws -> Program.Result {
        var program = program
        program.environment.merge(credentials) { $1 }
        program.environment["RESTIC_PASSWORD"] = Self.password
        program.environment["RESTIC_REPOSITORY"] = repository
        return try await program.shell("restic --no-cache " + arguments.map(\.shellQuoted).joined(separator: " "))
    }

    func snapshotCount() async throws -> Int {
        let listed = try await restic("snapshots", "--json", "--no-lock")
        return try JSONDecoder().decode([Snapshot].self, from: Data(listed.output.utf8)).count
    }

    private struct Snapshot: Decodable { var id: String }
}

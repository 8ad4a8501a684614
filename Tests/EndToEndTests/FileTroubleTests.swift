import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// File sets whose storage is gone, opens no key, or stops to answer: a finding and an end that needs no person to decide.
@Suite("file sets and storages in trouble", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct FileTroubleTests {
    private var app: String { "\(TemporaryDirectory.current)/app" }

    private var sets: String { "  files: {app: {environment: test, directory: \"\(app)\"}}" }

    private func prepare(_ estate: StorageEstate, more: String = "") throws {
        try FileManager.default.createDirectory(atPath: app, withIntermediateDirectories: true)
        try Data("SECRET=abc".utf8).write(to: URL(fileURLWithPath: "\(app)/.env"))
        try estate.configure(more: more, backups: sets)
    }

    /// Refused before anything is sent: nothing is left that a person would have to decide.
    private func expectRefused(_ estate: StorageEstate, _ words: String) async throws {
        let stored = try await estate.run("backup", "files")
        let said = "\(stored.output)\(stored.errors)".inOneLine
        #expect(stored.exitCode != 0 && stored.exitCode != 6, "\(stored.exitCode): \(said)")
        #expect(said.contains("BK005") && said.contains(words), "\(said)")
        #expect(!said.contains("--decide"), "\(said)")
    }

    @Test("a repository that is gone is a finding; when it is back, the files are stored")
    func gone() async throws {
        let estate = StorageEstate()
        try prepare(estate)
        #expect(try await estate.run("backup", "files").exitCode == 0)
        let aside = "\(estate.repository).aside"
        try FileManager.default.moveItem(atPath: estate.repository, toPath: aside)
        try await expectRefused(estate, "cannot be looked at")
        try FileManager.default.moveItem(atPath: aside, toPath: estate.repository)
        let again = try await estate.run("backup", "files")
        #expect(again.exitCode == 0, "\(again.output)\(again.errors)")
    }

    @Test("a password that opens no key is a finding")
    func password() async throws {
        let estate = StorageEstate()
        try prepare(estate)
        #expect(try await estate.run("backup", "files").exitCode == 0)
        try estate.configure(password: "another-one", backups: sets)
        try await expectRefused(estate, "opens no key")
    }

    @Test("a storage that stops to answer while files are sent leaves the step failed, and the next run stores them")
    func stops() async throws {
        let server = try await SFTPServer.start()
        var estate = StorageEstate()
        estate.repository = server.repository
        estate.server = server.server
        let sessions = try LimitedSessions(server.command)
        try prepare(estate, more: "sftp-command: \"\(sessions.command)\"\n      give-up-after: 6s")
        try sessions.allow(5)
        let stalled = try await estate.run("backup", "files")
        let said = "\(stalled.output)\(stalled.errors)".inOneLine
        #expect(stalled.exitCode != 0 && stalled.exitCode != 6, "\(stalled.exitCode): \(said)")
        #expect(said.contains("took nothing for 6.0 s"), "\(said)")
        #expect(!said.contains("--decide"), "\(said)")
        try sessions.allow(nil)
        let well = try await estate.run("backup", "files")
        #expect(well.exitCode == 0, "\(well.output)\(well.errors)")
        withExtendedLifetime(server) {}
    }
}

/// A way to an SFTP server that from some session on reads and says nothing, until whoever asks is gone.
struct LimitedSessions {
    private let directory = TemporaryDirectory.current

    init(_ command: String) throws {
        let script = """
            n=$(($(cat '\(directory)/sessions') + 1))
            echo $n > '\(directory)/sessions'
            [ $n -lt $(cat '\(directory)/limit') ] || exec cat 3>&1 > /dev/null
            exec \(command)
            """
        try script.write(toFile: "\(directory)/session.sh", atomically: true, encoding: .utf8)
        try allow(nil)
    }

    var command: String { "sh \(directory)/session.sh" }

    /// - Parameter limit: the first session from now on that is answered no more; nil for none.
    func allow(_ limit: Int?) throws {
        try "\(limit ?? 1_000_000)".write(toFile: "\(directory)/limit", atomically: true, encoding: .utf8)
        try "0".write(toFile: "\(directory)/sessions", atomically: true, encoding: .utf8)
    }
}

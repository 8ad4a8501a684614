import Foundation
import MaintenanceTesting
import Outside
import Testing

/// Findings about where copies lie, and about what is missing to print a certificate.
@Suite("findings of backups", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct BackupFindingTests {
    @Test("copies on one disk are not 3-2-1; one behind a server is")
    func threeTwoOne() async throws {
        let near = StorageEstate()
        try await near.prepare()
        for _ in 0..<2 {
            let copied = try await near.run("backup", "copy")
            let said = copied.output.inOneLine
            #expect(copied.exitCode == 0 && said.contains("BK004"), "\(said)\(copied.errors)")
            #expect(said.contains("on one disk"), "\(said)")
        }
        let server = try await SFTPServer.start()
        var far = near
        far.repository = server.repository
        far.server = server.server
        try far.configure(more: "sftp-command: \"\(server.command)\"")
        // The repository we know is another one.
        let copied = try await far.run("backup", "copy", "--new-repository")
        #expect(copied.exitCode == 0, "\(copied.output)\(copied.errors)")
        let seen = try await far.run("backup", "copy")
        #expect(seen.exitCode == 0 && !seen.output.contains("BK004"), "\(seen.output)\(seen.errors)")
        withExtendedLifetime(server) {}
    }

    @Test(
        "where certificates are wanted as PDF and nothing prints them, whoever makes one says so",
        arguments: ["backup run --prove --dry-run", "backup verify --dry-run"])
    func printer(words: String) async throws {
        let program = Program()
        try program.configureTestDatabase("backups: {certificate-pdf: true, work: \"\(TestClusters.directory)\"}")
        #expect(try await program.run("backup", "run").exitCode == 0)
        let few = "\(TemporaryDirectory.current)/bin"
        try FileManager.default.createDirectory(atPath: few, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: "/usr/bin") where name != "weasyprint" {
            try FileManager.default.createSymbolicLink(
                atPath: "\(few)/\(name)", withDestinationPath: "/usr/bin/\(name)")
        }
        var without = program
        without.environment["PATH"] = few
        let missing = try await without.shell("'\(Program.path)' \(words)")
        let said = "\(missing.output)\(missing.errors)".inOneLine
        #expect(said.contains("BK020") && said.contains("weasyprint"), "\(said)")
    }
}

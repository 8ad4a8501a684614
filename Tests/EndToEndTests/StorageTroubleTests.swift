import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Storages that are gone, slow, full, read-only, or refuse us, made with real servers. Never a half copy that is listed,
/// and the next run brings what is missing.
@Suite("storages in trouble", .temporaryDirectory, .cluster, .serialized, .timeLimit(.minutes(5)))
struct StorageTroubleTests {
    private static let large: StaticString =
        "create table t as select n, (select string_agg(md5(n || ' ' || g), '') from generate_series(1, 30) g) from generate_series(1, 40000) n"

    private func sftp(_ server: SFTPServer, more: String = "") throws -> (estate: StorageEstate, keys: String) {
        var estate = StorageEstate()
        estate.repository = server.repository
        estate.server = server.server
        return (estate, "sftp-command: \"\(server.command)\"\(more.isEmpty ? "" : "\n      \(more)")")
    }

    private func objects(_ server: ObjectServer, key: String = "test") -> StorageEstate {
        var estate = StorageEstate()
        estate.repository = server.repository
        estate.server = server.server
        estate.credentials = ["AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "test"]
        return estate
    }

    private let inherited =
        "environment: {AWS_ACCESS_KEY_ID: \"${AWS_ACCESS_KEY_ID}\", AWS_SECRET_ACCESS_KEY: \"${AWS_SECRET_ACCESS_KEY}\"}"

    /// No copy is listed, and none was ever there.
    private func expectNoCopy(_ estate: StorageEstate) async throws {
        let listed = try await estate.run("backup", "list", "--format", "csv")
        #expect(listed.exitCode == 0 && !listed.output.contains("offsite"), "\(listed.output)")
        #expect(try estate.backups().count == 1)
    }

    @Test("copies go to an SFTP server and come back from there")
    func sftpWorks() async throws {
        let (estate, keys) = try sftp(try await SFTPServer.start())
        try await estate.prepare(more: keys)
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        let proved = try await estate.run("backup", "verify", "--from", "offsite")
        #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
    }

    @Test("copies go to an S3 server and come back from there")
    func objectsWork() async throws {
        let estate = objects(try await ObjectServer.start())
        try await estate.prepare(more: inherited)
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        let proved = try await estate.run("backup", "verify", "--from", "offsite")
        #expect(proved.exitCode == 0, "\(proved.errors)\(proved.output)")
    }

    @Test("copies go through rclone")
    func rcloneWorks() async throws {
        var estate = StorageEstate()
        estate.repository = "rclone:place:\(TemporaryDirectory.current)/through"
        try await estate.prepare(more: "environment: {RCLONE_CONFIG_PLACE_TYPE: local}")
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        #expect(FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/through/config"))
    }

    @Test("an S3 server that refuses the key is said so")
    func credentials() async throws {
        let estate = objects(try await ObjectServer.start(isGuarded: true), key: "unknown")
        try await estate.prepare(more: inherited)
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode != 0 && copied.output.contains("refuses our credentials"), "\(copied.output)")
        try await expectNoCopy(estate)
    }

    /// An S3 server that knows whoever comes and serves nobody any more.
    private func refusing(_ status: Int, _ code: String, _ message: String) async throws -> StorageEstate {
        let port = UInt16(try freePort())
        let script = """
            import http.server, sys
            body = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>\(code)</Code><Message>\(message)</Message></Error>'
            class Refusing(http.server.BaseHTTPRequestHandler):
                def answer(self):
                    self.send_response(\(status))
                    self.send_header('Content-Type', 'application/xml')
                    self.send_header('Content-Length', str(len(body)))
                    self.end_headers()
                    if self.command != 'HEAD': self.wfile.write(body)
                do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer
                def log_message(self, *words): pass
            http.server.ThreadingHTTPServer(('127.0.0.1', \(port)), Refusing).serve_forever()
            """
        let file = "\(TemporaryDirectory.current)/refusing.py"
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        let server = try StorageServer(
            "/usr/bin/env", ["python3", file], log: "\(TemporaryDirectory.current)/refusing.log")
        try await eventually("the server listens") { StorageServer.answers(port) }
        var estate = StorageEstate()
        estate.repository = "s3:http://127.0.0.1:\(port)/bucket/copies"
        estate.server = server
        estate.credentials = ["AWS_ACCESS_KEY_ID": "was", "AWS_SECRET_ACCESS_KEY": "good"]
        return estate
    }

    @Test("credentials that have expired are named as that, with what the storage said")
    func expired() async throws {
        let estate = try await refusing(403, "ExpiredToken", "The provided token has expired.")
        try await estate.prepare(more: inherited)
        let copied = try await estate.run("backup", "copy")
        let said = copied.output.inOneLine
        #expect(copied.exitCode != 0 && said.contains("refuses our credentials"), "\(said)\(copied.errors)")
        #expect(said.contains("BK005"), "\(said)")
        try await expectNoCopy(estate)
    }

    @Test("a repository whose password was changed elsewhere is named as that, and with the new one all is there")
    func changedPassword() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        let file = "\(TemporaryDirectory.current)/new.password"
        try "another-one".write(toFile: file, atomically: true, encoding: .utf8)
        let changed = try await estate.restic("key", "passwd", "--new-password-file", file)
        #expect(changed.exitCode == 0, "\(changed.errors)")
        let refused = try await estate.run("backup", "cross-region")
        #expect(refused.exitCode != 0 && refused.output.contains("opens no key"), "\(refused.output)")
        try estate.configure(password: "another-one")
        let well = try await estate.run("backup", "cross-region")
        #expect(well.exitCode == 0, "\(well.errors)\(well.output)")
    }

    @Test("an SFTP server that refuses the key is said so")
    func refusedKey() async throws {
        let server = try await SFTPServer.start()
        let (estate, keys) = try sftp(server)
        try await estate.prepare(
            more: keys.replacing(
                "IdentitiesOnly=yes", with: "IdentitiesOnly=yes -o IdentityAgent=none -o PubkeyAuthentication=no"))
        var copied = try await estate.run("backup", "copy")
        // restic may say that the session ended before the words of ssh have come.
        for _ in 0..<3 where !copied.output.contains("refuses our credentials") {
            copied = try await estate.run("backup", "copy")
        }
        #expect(copied.exitCode != 0 && copied.output.contains("refuses our credentials"), "\(copied.output)")
        try await expectNoCopy(estate)
    }

    @Test("a storage that cannot be reached is said so, and the status says it too")
    func unreachable() async throws {
        let server = try await ObjectServer.start()
        let estate = objects(server)
        try await estate.prepare(more: inherited)
        server.server.signal(SIGKILL)
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 5 && copied.output.contains("cannot be reached"), "\(copied.output)")
        #expect(copied.output.contains("BK005"))
        try await expectNoCopy(estate)
    }

    /// In the repository behind the SFTP server.
    private static func packArrives() async throws {
        let data = "\(TemporaryDirectory.current)/sftp-repository/data"
        try await eventually("a pack arrives") {
            let names = FileManager.default.enumerator(atPath: data)?.compactMap { $0 as? String } ?? []
            return names.contains { $0.utf8.count > 60 }
        }
    }

    @Test("a server that dies in the middle of a copy leaves none, and the next run makes it")
    func diesInTheMiddle() async throws {
        let first = try await SFTPServer.start()
        let (estate, keys) = try sftp(first, more: "upload-limit: 4M")
        try await estate.prepare(Self.large, more: keys)
        try await withThrowingTaskGroup(of: Program.Result.self) { group in
            group.addTask { try await estate.run("backup", "copy") }
            try await Self.packArrives()
            first.server.signal(SIGKILL)
            let copied = try #require(try await group.next())
            #expect(copied.exitCode != 0, "\(copied.output)")
            #expect(copied.output.contains("cannot be reached"), "\(copied.output)\(copied.errors)")
        }
        try await expectNoCopy(estate)
        let second = try await SFTPServer.start()
        let (_, again) = try sftp(second)
        try estate.configure(more: again)
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        withExtendedLifetime(second) {}
    }

    @Test("a server that stands still is given up, and named")
    func standsStill() async throws {
        let server = try await SFTPServer.start()
        let (estate, keys) = try sftp(server, more: "upload-limit: 2M\n      give-up-after: 6s")
        try await estate.prepare(Self.large, more: keys)
        try await withThrowingTaskGroup(of: Program.Result.self) { group in
            group.addTask { try await estate.run("backup", "copy") }
            try await Self.packArrives()
            server.server.signal(SIGSTOP)
            let copied = try #require(try await group.next())
            #expect(
                copied.exitCode != 0 && copied.output.contains("took nothing for 6.0 s"),
                "\(copied.output)\(copied.errors)")
        }
        try await expectNoCopy(estate)
    }

    @Test(
        "a storage that stops to answer in the middle of anything is given up, and named",
        arguments: [("backup copy", 4), ("backup cross-region", 2), ("backup verify --from offsite", 3)])
    func stopsToAnswer(words: String, sessions: Int) async throws {
        let server = try await SFTPServer.start()
        var (estate, keys) = try sftp(server, more: "give-up-after: 6s")
        let limited = try LimitedSessions(server.command)
        keys = keys.replacing(server.command, with: limited.command)
        try await estate.prepare(more: keys)
        if words != "backup copy" { #expect(try await estate.run("backup", "copy").exitCode == 0) }
        try limited.allow(sessions)
        let stalled = try await estate.run(words.split(separator: " ").map(String.init))
        let said = "\(stalled.output)\(stalled.errors)".inOneLine
        #expect(stalled.exitCode != 0, "\(said)")
        #expect(said.contains("took nothing for 6.0 s"), "\(said)")
        try limited.allow(nil)
        let well = try await estate.run(words.split(separator: " ").map(String.init))
        #expect(well.exitCode == 0, "\(well.output)\(well.errors)")
        withExtendedLifetime(server) {}
    }

    @Test("a storage that may only be read is said so")
    func readOnly() async throws {
        let (estate, keys) = try sftp(try await SFTPServer.start(isReadOnly: true))
        try await estate.prepare(more: keys)
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode != 0 && copied.output.contains("cannot be written to"), "\(copied.output)")
        try await expectNoCopy(estate)
    }

    @Test("a storage that is full is said so, what was there stays, and with more room the copy is made")
    func full() async throws {
        let disk = try SmallDisk(bytes: 6 * 1_048_576)
        var estate = StorageEstate()
        estate.repository = "\(disk.path)/repository"
        try await estate.prepare()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        try await TestDatabase.current.run(
            "create table more as select n, (select string_agg(md5(n || ' ' || g), '') from generate_series(1, 30) g) from generate_series(1, 20000) n"
        )
        try await estate.backUp()
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode != 0 && copied.output.contains("is full"), "\(copied.output)")
        #expect(try await estate.snapshotCount() == 1)
        try disk.grow(to: 64 * 1_048_576)
        let again = try await estate.run("backup", "copy")
        #expect(again.exitCode == 0, "\(again.errors)\(again.output)")
        #expect(try await estate.snapshotCount() == 2)
    }

    @Test("the lock of a killed restic of ours is removed; that of a living one is named")
    func locks() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        try await withHeldLock(estate) { restic in
            let held = try await estate.run("backup", "cross-region")
            #expect(held.exitCode != 0 && held.output.contains("is locked: by process"), "\(held.output)")
            restic.signal(SIGKILL)
        }
        try await eventually("the process is gone") {
            let compared = try await estate.run("backup", "cross-region")
            return compared.exitCode == 0
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(estate.repository)/locks")
        #expect(left == [])
    }

    /// A restic that reads for ever, and holds its lock.
    private func withHeldLock(_ estate: StorageEstate, _ body: (StorageServer) async throws -> Void) async throws {
        let pipe = "\(TemporaryDirectory.current)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let restic = try StorageServer(
            "/bin/sh", ["-c", "exec 3<>'\(pipe)'; exec restic --no-cache backup --stdin <'\(pipe)'"],
            environment: ["RESTIC_REPOSITORY": estate.repository, "RESTIC_PASSWORD": StorageEstate.password],
            log: "\(TemporaryDirectory.current)/held.log")
        try await eventually("it has its lock") {
            try !FileManager.default.contentsOfDirectory(atPath: "\(estate.repository)/locks").isEmpty
        }
        try await body(restic)
    }

    @Test("two at once make one copy")
    func twice() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        async let one = estate.run("backup", "copy")
        async let other = estate.run("backup", "copy")
        let results = try await [one, other]
        #expect(results.contains { $0.exitCode == 0 }, "\(results.map(\.output))")
        #expect(try await estate.snapshotCount() == 1)
    }
}

/// A small filesystem in memory; only root can make one.
final class SmallDisk: Sendable {
    let path: String

    init(bytes: Int) throws {
        path = "\(TemporaryDirectory.current)/small"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("none", path, "tmpfs", 0, "size=\(bytes)") == 0 else { throw CocoaError(.fileWriteNoPermission) }
    }

    func grow(to bytes: Int) throws {
        guard mount("none", path, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0 else {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    deinit { umount(path) }
}

import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Disasters that are rehearsed with the built program, and faults that a drill has to find.
@Suite("dr test from end to end", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct DrillTests {
    private static let files = """
          files:
            settings:
              environment: test
              directory: "APP"
        """

    /// Its storage is reached as another machine is: its name is not this host's, and a command of its own leads there.
    private func estate() async throws -> StorageEstate {
        var estate = StorageEstate()
        let server = try await SFTPServer.start()
        estate.server = server.server
        estate.repository = server.repository.replacing("@127.0.0.1:", with: "@backup.example:")
        try await TestDatabase.current.run(
            "create table t as select n, md5(n::text) as h from generate_series(1, 3000) n")
        let app = "\(estate.program.directory)/app"
        try FileManager.default.createDirectory(atPath: app, withIntermediateDirectories: true)
        try "SECRET=abc".write(toFile: "\(app)/.env", atomically: true, encoding: .utf8)
        try estate.configure(
            more: "sftp-command: \"\(server.command)\"",
            backups: Self.files.replacing("APP", with: app))
        return estate
    }

    private func stored(_ estate: StorageEstate) async throws {
        try await estate.backUp()
        for words in [["backup", "copy"], ["backup", "files"]] {
            let done = try await estate.run(words[0], words[1])
            #expect(done.exitCode == 0, "\(done.errors)\(done.output)")
        }
    }

    /// The names of what drills have written, without their endings.
    private func certificates(_ estate: StorageEstate) throws -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: "\(estate.folder)/drills")
        return (names ?? []).filter { $0.hasSuffix(".certificate.json") }.map { String($0.dropLast(5)) }.sorted()
    }

    private struct Certificate: Decodable {
        struct Part: Decodable {
            var kind: String
            var standing: String
            var source: String
            var content: String
        }
        var verdict: String
        var parts: [Part]
        var notes: [String]
    }

    private func read(_ estate: StorageEstate, _ name: String) throws -> Certificate {
        let url = URL(fileURLWithPath: "\(estate.folder)/drills/\(name).json")
        return try JSONDecoder().decode(Certificate.self, from: try Data(contentsOf: url))
    }

    @Test(
        "the host is gone: database and files come back from another machine, with a certificate that OpenSSL verifies")
    func completeFailure() async throws {
        let estate = try await estate()
        try await stored(estate)
        let planned = try await estate.run("dr:test", "--scenario=complete-failure", "--environment=test", "--dry-run")
        #expect(planned.exitCode == 0, "\(planned.errors)\(planned.output)")
        #expect(planned.output.contains("expected time"), "\(planned.output)")
        #expect(try certificates(estate) == [])
        let unknown = try await estate.run("dr", "review-times")
        #expect(unknown.output.contains("DR031"), "\(unknown.output)")
        let drilled = try await estate.run("dr:test", "--scenario=complete-failure", "--environment=test")
        #expect(drilled.exitCode == 0, "\(drilled.errors)\(drilled.output)")
        let name = try #require(try certificates(estate).first)
        let certificate = try read(estate, name)
        #expect(certificate.verdict == "proved")
        #expect(certificate.parts.map(\.kind) == ["database", "files"])
        #expect(certificate.parts.allSatisfy { $0.source == "the storage 'offsite'" })
        let verified = try await estate.program.shell(
            """
            cd '\(estate.folder)/drills' && for f in \(name).json \(name).html; do \
            openssl dgst -sha256 -verify ../../../certificate-*.pub.pem -signature $f.sig $f; done
            """)
        #expect(verified.exitCode == 0, "\(verified.errors)\(verified.output)")
        #expect(verified.output.components(separatedBy: "Verified OK").count == 3, "\(verified.output)")
        let times = try await estate.run("maintenance:quarterly:rto-optimization")
        #expect(times.exitCode == 0, "\(times.errors)\(times.output)")
        for words in ["drill 'complete-failure'", "fetching", "restore", "DR030", "of it was '"] {
            #expect(times.output.contains(words), "\(words): \(times.output)")
        }
        let ready = try await estate.run("dr", "readiness-check")
        #expect(!ready.output.contains("DR008"), "\(ready.output)")
        let left = try FileManager.default.contentsOfDirectory(atPath: TestClusters.directory)
        // Other tests fetch backups of their own meanwhile.
        let text = try String(contentsOfFile: "\(estate.folder)/drills/\(name).json", encoding: .utf8)
        let own = left.filter { entry in
            let backup = entry.split(separator: "-").dropFirst(2).prefix(2).joined(separator: "-")
            return entry.hasPrefix("fetched-") && text.contains(backup)
        }
        #expect(own == [])
    }

    @Test("a storage on a disk of this host does not count, and the drill is refused with the line to write")
    func sameHost() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        for scenario in ["complete-failure", "region-loss"] {
            let drilled = try await estate.run("dr", "test", "--scenario", scenario)
            #expect(drilled.exitCode != 0, "\(drilled.output)")
            #expect(drilled.output.contains("DR010") && drilled.output.contains("goes with it"), "\(drilled.output)")
            #expect(drilled.output.contains("offsite: {repository"), "\(drilled.output)")
        }
        #expect(try certificates(estate) == [])
    }

    @Test("a flipped byte in the copy, and a storage that is gone, are found")
    func damagedCopy() async throws {
        let estate = try await estate()
        try await stored(estate)
        let repository = "\(TemporaryDirectory.current)/sftp-repository"
        let packs = try await estate.program.shell("find '\(repository)/data' -type f -size +4k")
        let pack = try #require(packs.output.split(separator: "\n").first.map(String.init), "\(packs.output)")
        let flip = try await estate.program.shell(
            """
            chmod u+w '\(pack)' && for at in 20 1000 3000; do \
            printf '\\x5a' | dd of='\(pack)' bs=1 seek=$at conv=notrunc status=none; done
            """)
        #expect(flip.exitCode == 0, "\(flip.errors)")
        let refuted = try await estate.run("dr", "test")
        #expect(refuted.exitCode == 1, "\(refuted.errors)\(refuted.output)")
        #expect(!"\(refuted.output)".contains("succeeded:"), "\(refuted.output)")
        try FileManager.default.moveItem(atPath: repository, toPath: "\(repository)-away")
        let gone = try await estate.run("dr", "test")
        #expect(gone.exitCode != 0 && gone.output.contains("DR010"), "\(gone.errors)\(gone.output)")
    }

    @Test("an assertion that does not hold refutes the drill, and a target that is missed is a finding")
    func assertion() async throws {
        let estate = StorageEstate()
        try await estate.prepare()
        try estate.configure(backups: "  assertions: {enough: {holds: \"select count(*) > 9999 from t\"}}")
        let refuted = try await estate.run("dr", "test", "--scenario", "database-failure")
        #expect(refuted.exitCode == 1 && refuted.output.contains("DR014"), "\(refuted.errors)\(refuted.output)")
        #expect(refuted.output.contains("assertion enough"), "\(refuted.output)")
        try estate.configure(backups: "  recovery: {rto: 1s, rpo: 1s}")
        let late = try await estate.run("dr", "test", "--scenario", "database-failure")
        #expect(late.exitCode == 3, "\(late.errors)\(late.output)")
        #expect(late.output.contains("DR011") && late.output.contains("DR012"), "\(late.output)")
        let last = try await estate.run("findings", "--format", "csv")
        #expect(last.output.contains("DR011"), "\(last.output)")
        try estate.configure(backups: "  recovery: {rto: 1h, rpo: 1d}")
        let well = try await estate.run("dr", "test", "--scenario", "database-failure")
        #expect(well.exitCode == 0, "\(well.errors)\(well.output)")
        #expect(try certificates(estate).count == 3)
    }

    @Test("after a break-in only older copies count, and a backup that lost its signature is named")
    func ransomware() async throws {
        let estate = try await estate()
        try await stored(estate)
        let older = try #require(try estate.backups().first)
        let moment = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)).iso8601
        try await estate.backUp()
        #expect(try await estate.run("backup", "copy").exitCode == 0)
        let newer = try #require(try estate.backups().first)
        #expect(newer != older)
        let well = try await estate.run("dr", "test", "--scenario=ransomware", "--before=\(moment)")
        #expect(well.exitCode == 0, "\(well.errors)\(well.output)")
        #expect(well.output.contains(older), "\(older), \(newer): \(well.output)")
        #expect(!well.output.contains(newer), "\(older), \(newer): \(well.output)")
        #expect(well.output.contains("DR015"), "no storage is declared append-only: \(well.output)")
        let manifest = "\(estate.folder)/\(newer)/manifest.json"
        try Data("{}".utf8).write(to: URL(fileURLWithPath: manifest))
        let tampered = try await estate.run("dr", "test", "--scenario=ransomware", "--before=\(moment)")
        #expect(tampered.exitCode != 0 && tampered.output.contains("DR013"), "\(tampered.errors)\(tampered.output)")
    }

    /// Two storages on another machine; the second as `terms` say.
    private func pair(_ terms: String, offsite: String? = nil) async throws -> StorageEstate {
        var estate = StorageEstate()
        let server = try await SFTPServer.start()
        estate.server = server.server
        let elsewhere = server.repository.replacing("@127.0.0.1:", with: "@backup.example:")
        estate.repository = offsite ?? elsewhere
        let first = offsite == nil ? "sftp-command: \"\(server.command)\"" : ""
        try await TestDatabase.current.run(
            "create table if not exists t as select n, md5(n::text) as h from generate_series(1, 3000) n")
        try estate.configure(
            more: """
                \(first)
                    secondary:
                      repository: "\(elsewhere)-other"
                      password: "file:\(estate.program.directory)/restic.password"
                      sftp-command: "\(server.command)"
                      \(terms)
                """)
        try await estate.backUp()
        let copied = try await estate.run("backup", "copy")
        #expect(copied.exitCode == 0, "\(copied.errors)\(copied.output)")
        return estate
    }

    private func sources(_ estate: StorageEstate) throws -> [String] {
        try read(estate, try #require(try certificates(estate).last)).parts.map(\.source)
    }

    @Test("the site is gone: a storage of which nobody says that it is elsewhere does not count")
    func regionLoss() async throws {
        let near = try await pair("")
        let lost = try await near.run("dr", "test", "--scenario=region-loss")
        #expect(lost.exitCode == 0, "\(lost.errors)\(lost.output)")
        #expect(try sources(near) == ["the storage 'offsite'"])
        let told = try read(near, try #require(try certificates(near).last)).notes
        #expect(told.contains { $0.contains("'secondary' does not count: nobody says that it is at another place") })
    }

    @Test("the site is gone: a storage in another region brings the database back, one on this host does not")
    func otherRegion() async throws {
        let far = try await pair("region: eu-north-1", offsite: "\(TemporaryDirectory.current)/repository-here")
        let back = try await far.run("dr", "test", "--scenario=region-loss")
        #expect(back.exitCode == 0, "\(back.errors)\(back.output)")
        #expect(try sources(far) == ["the storage 'secondary'"])
    }

    @Test("after a break-in the storage that refuses removals is chosen, whatever another one holds")
    func appendOnly() async throws {
        let estate = try await pair("append-only: true")
        let moment = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)).iso8601
        let well = try await estate.run("dr", "test", "--scenario=ransomware", "--before=\(moment)")
        #expect(well.exitCode == 0, "\(well.errors)\(well.output)")
        #expect(try sources(estate) == ["the storage 'secondary'"])
        #expect(!well.output.contains("DR015"), "\(well.output)")
    }

    @Test("what a scenario needs is asked for", arguments: ["ransomware", "operator-error"])
    func needsMoment(scenario: String) async throws {
        let estate = StorageEstate()
        try estate.configure()
        let refused = try await estate.run("dr", "test", "--scenario", scenario)
        #expect(refused.exitCode == 2 && refused.errors.contains("moment"), "\(refused.errors)")
        let future = try await estate.run(
            "dr", "test", "--scenario", scenario, scenario == "ransomware" ? "--before" : "--at", "2999-01-01 00:00")
        #expect(future.exitCode != 0 && "\(future.errors)\(future.output)".contains("has not come yet"))
    }
}

import Foundation
import MaintenanceTesting
import Outside
import Testing

@Suite("backup verify", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct VerifyBackupTests {
    @Test("a missing backup is taken and proved, a damaged one fails by name, and another takes its place")
    func verifies() async throws {
        try await TestDatabase.current.run("create table orders as select n from generate_series(1, 1000) n")
        let program = Program()
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    url: "\(TestDatabase.current.connectionURL)"
            backups:
              work: \(TestClusters.directory)
            """)
        let nothing = try await program.run("backup", "verify")
        #expect(nothing.exitCode == 1)
        #expect(nothing.output.contains("there is no backup"))

        let first = try await program.run("backup", "verify", "--auto-fix")
        #expect(first.exitCode == 0, "\(first.output) \(first.errors)")
        let folder = "\(program.directory)/state/backups/test/main"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let id = try #require(names.first { !$0.contains(".") })
        #expect(
            names.filter { !$0.hasPrefix(".") } == [
                id, "\(id).certificate.html", "\(id).certificate.html.sig", "\(id).certificate.json",
                "\(id).certificate.json.sig", "\(id).certificate.signature.json",
            ])
        let page = try String(contentsOfFile: "\(folder)/\(id).certificate.html", encoding: .utf8)
        #expect(page.contains("Proved: this backup was restored"))

        for kept in ["html", "json"] {
            let anchored = try await program.run("audit", "verify", "--against", "\(folder)/\(id).certificate.\(kept)")
            #expect(
                anchored.output.contains("1 of 1 head kept elsewhere found"), "\(anchored.output)\(anchored.errors)")
        }
        let signed = try await program.run("audit", "log", "--kind", "signed", "--format", "csv")
        #expect(signed.output.contains("certificate of \(id)"), "\(signed.output)")

        let file = "\(folder)/\(id)/roles.sql"
        try "drop database shop;\n".write(toFile: file, atomically: true, encoding: .utf8)
        let damaged = try await program.run("backup", "verify")
        #expect(damaged.exitCode == 1)
        #expect("\(damaged.output)\(damaged.errors)".contains("roles.sql"))

        let mended = try await program.run("backup", "verify", "--auto-fix")
        #expect(mended.exitCode == 0, "\(mended.output) \(mended.errors)")
        let ids = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.contains(".") }
        #expect(ids.count == 2)

        let certificate = "\(folder)/\(try #require(ids.max())).certificate.json"
        try FileManager.default.removeItem(atPath: certificate)
        let all = try await program.run("dr:test-restore", "--all-backups", "--verify-integrity")
        #expect(all.exitCode == 1)
        #expect("\(all.output)\(all.errors)".contains("roles.sql"))
        #expect(FileManager.default.fileExists(atPath: certificate), "one that is bad keeps no other from its proof")
        #expect(try await program.run("backup:verify", "--daily-backups", "--auto-fix").exitCode == 0)
        let comprehensive = try await program.run("backup:verify", "--all-environments", "--comprehensive")
        #expect(comprehensive.exitCode == 1)
        let dry = try await program.run("backup:test-restore", "--environment=test", "--backup=latest", "--dry-run")
        #expect(dry.exitCode == 0, "\(dry.output) \(dry.errors)")
        for words in ["Feasibility", "needed in \(TestClusters.directory)", "PostgreSQL 15", "restore 20"] {
            #expect(dry.output.contains(words), "\(words): \(dry.output)")
        }
        let before = try await program.run("backup:pre-upgrade", "--all-environments", "--full-backup")
        #expect(before.exitCode == 0, "\(before.output) \(before.errors)")
        let newest = try await program.run("backup", "show")
        #expect(newest.output.contains("proved"), "\(newest.output)")
        #expect(newest.output.contains("pre-upgrade, until 20"), "\(newest.output)")
    }

    @Test("a proof asks what the team wrote, and runs the application's own test against the copy")
    func asksTheTeam() async throws {
        try await TestDatabase.current.run("create table orders as select n from generate_series(1, 1000) n")
        let program = Program()
        func configure(_ most: Int) throws {
            try program.configure(
                """
                environments:
                  test:
                    resources:
                      main: { kind: postgresql, url: "\(TestDatabase.current.connectionURL)" }
                    backups:
                      assertions: { enough: { holds: select count(*) <= \(most) from orders } }
                backups:
                  work: \(TestClusters.directory)
                  assertions: { gaps: { finds-nothing: select 1 from orders where n is null } }
                  smoke-test:
                    shell: 'test "$MODE/$PGDATABASE" = "quick/\(TestDatabase.current.name)" && psql "$DATABASE_URL" -XAtqc "table orders"'
                    variables: { MODE: quick }
                """)
        }
        try configure(1_000)
        let proved = try await program.run("backup", "run", "--prove")
        #expect(proved.exitCode == 0, "\(proved.output)\(proved.errors)")
        #expect(try await program.run("backup", "list").output.contains("proved, 6 of 6"))
        let shown = try await program.run("backup", "show").output
        for words in ["6 of 6 rungs", "smoke test", "2 hold"] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }

        try configure(10)
        let refuted = try await program.run("backup", "verify")
        #expect(refuted.exitCode == 1)
        #expect("\(refuted.output)\(refuted.errors)".contains("assertion enough: it is false"))
        #expect(try await program.run("backup", "list").output.contains("refuted, 5 of 6"))
    }

    @Test("a part is proved each night, and everything says how far that is")
    func rotates() async throws {
        try await TestDatabase.current.run(
            """
            do $$ begin for i in 1..9 loop
                execute format('create table t%s as select n from generate_series(1, %s) n', i, i);
            end loop; end $$
            """)
        let program = Program()
        try program.configureTestDatabase(
            "backups: {work: \"\(TestClusters.directory)\", keep: {last: 1}, verification: rotating 1/3}")
        let taken = try await program.run("backup", "run")
        #expect(taken.exitCode == 0, "\(taken.output)\(taken.errors)")
        #expect(try await program.run("backup", "list").output.contains("partly, 1 of 3 parts"))
        let shown = try await program.run("backup", "show").output
        for words in ["part 1 of 3 restored and equal", "partly proved", "proved 1 of 3 parts, whole by 20"] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
        let health = try await program.run("health", "check", "--check", "backup.proof")
        #expect(health.output.contains("proved 1 of 3 parts, whole by 20"), "\(health.output)")
        let folder = "\(program.directory)/state/backups/test/main"
        let page = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".certificate.html") })
        let text = try String(contentsOfFile: "\(folder)/\(page)", encoding: .utf8)
        for words in ["Proved in part", "not yet", "in other parts; part 1 of 3 was restored this time"] {
            #expect(text.contains(words), "\(words)")
        }
        #expect(try await program.run("backup", "run").exitCode == 0)
        let held = try await program.run("backup", "prune", "--dry-run")
        #expect(held.output.contains("and no newer one is proved"), "\(held.output)")
        let dry = try await program.run("backup", "verify", "--dry-run")
        #expect(dry.output.contains("part 3 of 3 of the rows"), "\(dry.output)")
        let verified = try await program.run("backup", "verify")
        #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
        let round = try await program.run("health", "check", "--check", "backup.proof", "--format", "json")
        #expect(round.output.contains("proved 3 of 3 parts, the oldest of a state"), "\(round.output)")
        let whole = try await program.run("backup", "verify", "--whole")
        #expect(whole.exitCode == 0, "\(whole.output)\(whole.errors)")
        #expect(try await program.run("backup", "list").output.contains("proved, 4 of 6"))
        let pruned = try await program.run("backup", "prune", "--yes")
        #expect(pruned.exitCode == 0, "\(pruned.output)\(pruned.errors)")
        let again = try await program.run("backup", "verify")
        #expect(again.exitCode == 0 && !again.output.contains("restore 20"), "\(again.output)")
    }

    @Test("an auditor verifies the certificate with OpenSSL, and keys can be changed")
    func signsForOutsiders() async throws {
        try await TestDatabase.current.run("create table orders as select n from generate_series(1, 10) n")
        let program = Program()
        let configuration = """
            environments:
              test:
                resources:
                  main: { kind: postgresql, url: "\(TestDatabase.current.connectionURL)" }
            backups:
              work: \(TestClusters.directory)
              certificate-pdf: true
            """
        try program.configure(configuration)
        let first = try await program.run("backup", "run", "--prove")
        #expect(first.exitCode == 0, "\(first.output)\(first.errors)")
        let state = "\(program.directory)/state"
        let folder = "\(state)/backups/test/main"
        func verified(_ file: String, _ key: String) async throws -> String {
            let openssl = ChildProgram(
                "openssl",
                [
                    "dgst", "-sha256", "-verify", "\(state)/backups/\(key)", "-signature", "\(folder)/\(file).sig",
                    "\(folder)/\(file)",
                ])
            return try await Programs(environment: ["PATH": "/usr/bin:/bin"]).run(openssl).output.text
        }
        func names(_ path: String, _ suffix: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }.sorted()
        }
        let key = try #require(try names("\(state)/backups", ".pub.pem").first)
        for kind in ["json", "html", "pdf"] {
            let file = try #require(try names(folder, ".certificate.\(kind)").first)
            #expect(try await verified(file, key) == "Verified OK\n", "\(kind)")
        }
        let pdf = try #require(try names(folder, ".pdf").first)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(pdf)"))
        try (bytes + Data(" ".utf8)).write(to: URL(fileURLWithPath: "\(folder)/\(pdf)"))
        #expect(try await verified(pdf, key).hasPrefix("Verification failure"))

        // Both keys go, and others come.
        try FileManager.default.moveItem(atPath: "\(state)/backup.key", toPath: "\(state)/backup.key.2026")
        try FileManager.default.moveItem(atPath: "\(state)/certificate.key", toPath: "\(state)/certificate.key.2026")
        let unknown = try await program.run("backup", "verify")
        #expect("\(unknown.output)\(unknown.errors)".contains("former-keys"), "\(unknown.output)\(unknown.errors)")
        try program.configure("\(configuration)\n  former-keys: [\(state)/backup.key.2026]")
        let second = try await program.run("backup", "run", "--prove")
        #expect(second.exitCode == 0, "\(second.output)\(second.errors)")
        let list = try await program.run("backup", "list", "--format", "csv").output
        #expect(list.split(separator: "\n").count { $0.contains("\"proved, 4 of 6\"") } == 2, "\(list)")
        let keys = try names("\(state)/backups", ".pub.pem")
        #expect(keys.count == 2)
        let newest = try #require(try names(folder, ".certificate.json").last)
        #expect(try await verified(newest, try #require(keys.first { $0 != key })) == "Verified OK\n")
    }
}

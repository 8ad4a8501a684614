import Foundation
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Restores as the person on call makes them: the real program, real servers.
@Suite("restoring", .temporaryDirectory, .cluster, .timeLimit(.minutes(4)))
struct RestoreTests {
    @Test("a backup comes back beside the live database, which nobody touches")
    func beside() async throws {
        let estate = RestoreEstate()
        try await estate.after {
            let other = "\(estate.name) \"yesterday's\""
            let dry = try await estate.program.run("backup", "restore", "--as", other, "--dry-run", "--verbose")
            #expect(dry.exitCode == 0, "\(dry.output)\(dry.errors)")
            for words in ["pg_restore", "mainstay_restore_RUNID", "rename to", "free", "1,000 rows"] {
                #expect(
                    dry.output.contains(words), "\(words): \(dry.output)")
            }
            #expect(try await estate.names() == [estate.name])
            let done = try await estate.program.run("backup", "restore", "--as", other)
            #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
            #expect(try await estate.names() == [estate.name, other])
            #expect(try await estate.orders(in: other) == 1_000)
            #expect(try await estate.orders(in: estate.name) == 500)
            let again = try await estate.program.run("backup", "restore", "--as", other)
            #expect(again.exitCode == 1 && again.output.contains("already"), "\(again.output)\(again.errors)")
        }
    }

    @Test("in place of the live database, which is kept")
    func inPlace() async throws {
        let estate = RestoreEstate()
        try await estate.after {
            let done = try await estate.program.run("backup", "restore", "--to", "environment", "--verbose")
            #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
            let names = try await estate.names()
            let kept = try #require(names.first { $0.contains("_before_") })
            #expect(names == [estate.name, kept])
            #expect(try await estate.orders(in: estate.name) == 1_000)
            #expect(try await estate.orders(in: kept) == 500)
            let told = done.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(told.contains("left to do") && told.contains("drop database \"\(kept)\""), "\(done.output)")
            // The next backup is of what is there now.
            #expect(try await estate.program.run("backup", "run").exitCode == 0)
        }
    }

    @Test("whoever is in the database is named, and ended only where somebody says so")
    func inUse() async throws {
        let estate = RestoreEstate()
        try await estate.after {
            var settings = ConnectionSettings()
            settings.applicationName = "web shop"
            let user = try await Connection.open(TestDatabase.current.address, settings)
            let refused = try await estate.program.run("backup", "restore", "--to", "environment")
            let words = "\(refused.output)\(refused.errors)"
            #expect(refused.exitCode == 1, "\(words)")
            #expect(words.contains("web shop as postgres (process ") && words.contains("--terminate-connections"))
            #expect(try await estate.orders(in: estate.name) == 500)
            let kept = try #require(try await estate.names().first { $0.hasPrefix("mainstay_restore_") })
            #expect(try await estate.orders(in: kept) == 1_000, "what was restored is kept, as the message says")

            let ended = try await estate.program.run(
                "backup", "restore", "--to", "environment", "--terminate-connections")
            #expect(ended.exitCode == 0, "\(ended.output)\(ended.errors)")
            #expect(try await estate.orders(in: estate.name) == 1_000)
            await #expect(throws: PostgreSQLError.self) { try await user.query("select 1") }
            await user.close()
        }
    }

    @Test("a database that was dropped comes back by way of another, and nobody restores two by saying nothing")
    func gone() async throws {
        let estate = RestoreEstate()
        let server = TestDatabase.current.connectionString.replacingOccurrences(
            of: "dbname=\(estate.name)", with: "dbname=postgres")
        try await estate.after {
            try await estate.drop(estate.name)
            try estate.program.configure(
                """
                environments:
                  test:
                    resources:
                      main: { kind: postgresql, connection: "\(TestDatabase.current.connectionString)" }
                      server: { kind: postgresql, connection: "\(server)" }
                """)
            let both = try await estate.program.run("backup", "restore")
            #expect(both.exitCode == 2 && "\(both.output)\(both.errors)".contains("--resource"), "\(both.output)")
            let done = try await estate.program.run(
                "backup", "restore", "--resource", "server", "--from", "test/main", "--as", estate.name)
            #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
            #expect(try await estate.orders(in: estate.name) == 1_000)
        }
    }

    @Test("a backup that was changed on the disk is refused before anything is touched")
    func damaged() async throws {
        let estate = RestoreEstate()
        try await estate.after {
            let id = try #require(try FileManager.default.contentsOfDirectory(atPath: estate.folder).first)
            let roles = "\(estate.folder)/\(id)/roles.sql"
            try "drop database x;\n".write(toFile: roles, atomically: true, encoding: .utf8)
            let refused = try await estate.program.run("backup", "restore", "--to", "environment")
            #expect(refused.exitCode == 1)
            #expect(refused.output.contains("roles.sql") && refused.output.contains("nothing was touched"))
            #expect(try await estate.names() == [estate.name])
            #expect(try await estate.orders(in: estate.name) == 500)
        }
    }

    @Test("what a terminal may say wrong is refused with the reason")
    func usage() async throws {
        let program = Program()
        try program.configureTestDatabase()
        for (words, reason) in [
            (["--backup", "../../etc"], "is the name of a backup"), (["--from", "test"], "environment/resource"),
            (["--to", "environment", "--as", "x"], "keeps the database's name"),
            (["--as", String(repeating: "x", count: 64)], "1 to 63 bytes"),
            (["--terminate-connections"], "nobody is in a new database"), (["--to", "moon"], "moon"),
        ] {
            let result = try await program.shell(
                (["mainstay backup restore"] + words.map { "'\($0)'" }).joined(separator: " "))
            #expect(result.exitCode == 2 && result.errors.contains(reason), "\(result.errors)")
        }
        let nothing = try await program.run("backup", "restore")
        #expect(nothing.exitCode == 1 && nothing.output.contains("there is no backup of 'test/main'"))
        let unknown = try await program.run("backup", "restore", "--from", "test/other")
        #expect(unknown.exitCode == 2 && "\(unknown.output)\(unknown.errors)".contains("test/other"))
    }
}

@Suite("restoring what is protected", .temporaryDirectory, .cluster, .timeLimit(.minutes(4)))
struct ProtectedRestoreTests {
    private func by(_ person: String, _ program: Program) -> Program {
        var program = program
        program.environment["SUDO_USER"] = person
        return program
    }

    @Test("a protected environment waits for an approval, and keeps the old database")
    func approved() async throws {
        let estate = RestoreEstate("production")
        try await estate.after(isProtected: true) {
            let ann = by("ann", estate.program)
            let asked = try await ann.run("backup", "restore", "--environment", "production", "--to", "environment")
            #expect(asked.exitCode == 6, "\(asked.output)\(asked.errors)")
            #expect(try await estate.orders(in: estate.name) == 500)
            #expect(try await estate.names() == [estate.name])
            #expect(try await ann.run("resume").exitCode == 6)
            #expect(try await by("bob", estate.program).run("approve", "latest").exitCode == 0)
            let done = try await ann.run("resume")
            #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
            #expect(try await estate.orders(in: estate.name) == 1_000)
            let kept = try #require(try await estate.names().first { $0.contains("_before_") })
            #expect(try await estate.orders(in: kept) == 500)
            #expect(try await estate.program.run("audit", "verify").exitCode == 0)
        }
    }

    @Test("the same holds for a new database beside a protected one")
    func beside() async throws {
        let estate = RestoreEstate("production")
        try await estate.after(isProtected: true) {
            let asked = try await estate.program.run("backup", "restore", "--environment", "production")
            #expect(asked.exitCode == 6, "\(asked.output)\(asked.errors)")
            #expect(try await estate.names() == [estate.name])
        }
    }

    @Test("data of a protected environment goes into no other, and no other's into it")
    func stays() async throws {
        let estate = RestoreEstate("production")
        try await TestDatabase.with(.v15) { other in
            let more = """
                  test:
                    resources:
                      main: { kind: postgresql, connection: "\(other.connectionString)" }
                """
            try await estate.after(more, isProtected: true) {
                let refused = try await estate.program.run(
                    "backup", "restore", "--environment", "test", "--from", "production/main", "--as", "\(other.name)_x"
                )
                #expect(refused.exitCode == 1, "\(refused.output)\(refused.errors)")
                #expect("\(refused.output)\(refused.errors)".contains("production is protected"))
                let foreign = try await estate.program.run(
                    "backup", "restore", "--environment", "production", "--from", "test/main", "--as", "\(other.name)_x"
                )
                #expect(foreign.exitCode == 1, "\(foreign.output)\(foreign.errors)")
                #expect("\(foreign.output)\(foreign.errors)".contains("takes no data of others"))
                #expect(try await estate.names() == [estate.name])
            }
        }
    }
}

import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Guides

@Suite("mainstay guide check", .temporaryDirectory)
struct CheckGuidesTests {
    private let program = Program()

    private func write(_ text: String, _ name: String = "guide.md") throws {
        try text.write(toFile: "\(program.directory)/\(name)", atomically: true, encoding: .utf8)
    }

    private static let guide = """
        # Backups

        Owner: ann

        ```bash
        # every night
        pg_dump shop | gzip > shop.sql.gz
        gunzip -c shop.sql.gz | psql $DATABASE_URL
        pnpm backup:verifi
        ```

        """

    @Test("says what is wrong where, what would be right, and ends as it was asked to")
    func text() async throws {
        try write(Self.guide)
        let result = try await program.run("guide", "check", "guide.md")
        #expect(result.exitCode == 3)
        #expect(result.output.contains("  7     warning  GU008  where 'pg_dump' fails, the pipe still ends well"))
        #expect(result.output.contains("  8     critical GU006  a dump is restored into '$DATABASE_URL'"))
        #expect(result.output.contains("Did you mean 'mainstay backup:verify'?"))
        #expect(result.output.contains("3 commands: 2 tasks, 1 that needs a decision"))
        #expect(try await program.run("guide", "check", "guide.md", "--fail-on=never").exitCode == 0)
        #expect(try await program.run("guide", "check", "gone.md").exitCode != 0)
    }

    @Test("lists what became of every command")
    func commands() async throws {
        try write(Self.guide)
        let result = try await program.run("guide", "check", "guide.md", "--commands")
        #expect(result.output.contains("7     pg_dump shop | gzip > shop.sql.gz → task: mainstay backup run"))
    }

    @Test("prints what programs read: JSON, SARIF, and GitHub's annotations")
    func formats() async throws {
        try write(Self.guide)
        let json = try await program.run("guide", "check", "guide.md", "--format=json").output
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let parts = try #require(report["guides"] as? [[String: Any]])
        #expect((parts.first?["findings"] as? [[String: Any]])?.count == 3)

        let sarif = try await program.run("guide", "check", "guide.md", "--format=sarif").output
        let log = try #require(try JSONSerialization.jsonObject(with: Data(sarif.utf8)) as? [String: Any])
        #expect(log["version"] as? String == "2.1.0")
        let run = try #require((log["runs"] as? [[String: Any]])?.first)
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(Set(results.compactMap { $0["level"] as? String }) == ["error", "warning", "note"])
        let rules = ((run["tool"] as? [String: Any])?["driver"] as? [String: Any])?["rules"] as? [[String: Any]] ?? []
        let known = Set(rules.compactMap { $0["id"] as? String })
        #expect(results.allSatisfy { ($0["ruleId"] as? String).map(known.contains) ?? false })

        let annotations = try await program.run("guide", "check", "guide.md", "--format=github").output
        #expect(annotations.contains("::error file=guide.md,line=8,title=GU006::a dump is restored"))
    }

    @Test("runs nothing that stands in a guide")
    func runsNothing() async throws {
        try write(
            """
            Owner: `touch marker1` $(touch marker2)

            ```bash
            touch marker3
            X=$(touch marker4) `touch marker5`
            eval "touch marker6"; bash -c 'touch marker7'
            cat <(touch marker8) <<EOF
            $(touch marker9)
            EOF
            rm -rf ./*
            ```

            ```sql
            COPY (SELECT 1) TO PROGRAM 'touch marker10';
            ```

            [x](`touch marker11`)
            """)
        try write("{\"scripts\": {\"preinstall\": \"touch marker12\"}}", "package.json")
        _ = try await program.run("guide", "check", "guide.md", "--commands")
        let left = try FileManager.default.contentsOfDirectory(atPath: program.directory)
        #expect(left.filter { $0.hasPrefix("marker") } == [])
        #expect(left.contains("guide.md") && left.contains("package.json"))
    }

    @Test("a guide that is too large or no text is refused with what to do")
    func refused() async throws {
        try Data(repeating: 0x61, count: 50 << 20).write(to: URL(fileURLWithPath: "\(program.directory)/large.md"))
        let large = try await program.run("guide", "check", "large.md")
        #expect(large.exitCode == 4)
        #expect(large.errors.contains("'large.md' has 52,428,800 bytes, and at most 4,194,304 are read"))
        try Data([0xff, 0xfe]).write(to: URL(fileURLWithPath: "\(program.directory)/binary.md"))
        #expect(try await program.run("guide", "check", "binary.md").errors.contains("is no text in UTF-8"))
    }

    @Test("thresholds that are not in force are told, with both numbers and both places")
    func inForce() async throws {
        try program.configure(
            """
            environments:
              live:
                checks: {host.cpu: {critical: 95}}
              test: {}
            checks:
              host.cpu: {warning: 70, critical: 90}
            """)
        try write(
            """
            | Metric | Target | Warning | Critical |
            |---|---|---|---|
            | CPU usage | <60% | 60-70% | >90% |
            """)
        let live = try await program.run("guide", "check", "guide.md", "--environment=live")
        #expect(
            live.output.contains("critical for cpu usage is >90%, and in 'live' 95 % is in force (")
                && live.output.contains("/mainstay.yaml:3:"))
        #expect(live.output.contains("2 warning"))
        let test = try await program.run("guide", "check", "guide.md", "--environment=test")
        #expect(!test.output.contains("critical for cpu usage"))
        #expect(test.output.contains("warning for cpu usage is >60%, and in 'test' 70 % is in force ("))
        #expect(test.output.contains("/mainstay.yaml:6:"))
        #expect(try await program.run("guide", "check", "guide.md", "--environment=gone").exitCode == 2)
    }

    @Test("scripts of the package.json beside it are the team's own, and files that are not there are told")
    func besideIt() async throws {
        try write("Owner: ann\n\n```bash\nnpm run css:build\nnode scripts/gone.js\n```\n")
        try write("{\"scripts\": {\"css:build\": \"sass\"}}", "package.json")
        let result = try await program.run("guide", "check", "guide.md", "--commands")
        #expect(result.output.contains("npm run css:build → command step"))
        #expect(result.output.contains("GU017  'node' needs 'scripts/gone.js', which is not there"))
        #expect(!result.output.contains("GU027"))
    }

    @Test("a package.json that cannot be read is told, and hides nothing")
    func brokenPackage() async throws {
        try write("Owner: ann\n\n```bash\nnpm run css:build\nnpm run security:audit\n```\n")
        try write("{\"scripts\": {\"css:build\": \"sass\",}}", "package.json")
        let result = try await program.run("guide", "check", "guide.md")
        #expect(result.output.contains("GU031  the package.json beside it cannot be read"))
        #expect(result.output.contains("line 1"))
        #expect(result.output.contains("GU027  nothing here is called 'css:build'"))
        #expect(result.output.contains("GU030  nothing here does this yet (security)"))
        try write("{\"scripts\": [1]}", "package.json")
        #expect(try await program.run("guide", "check", "guide.md").output.contains("GU031"))
    }
}

@Suite("a guide's SQL and a server", .temporaryDirectory, .cluster)
struct GuideStatementTests {
    private let program = Program()

    @Test("what the five guides' SQL names and the server does not have is told, and nothing is carried out")
    func refused() async throws {
        try program.configureTestDatabase()
        try await TestDatabase.current.run(
            "create table user_consents (id int primary key); insert into user_consents values (1)")
        let guide = AccountTests.files.first { $0.hasSuffix("agentic-ecosystem.md") } ?? ""
        let result = try await program.run("guide", "check", guide, "--database=test/main", "--format=json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let findings = (report["guides"] as? [[String: Any]])?.first?["findings"] as? [[String: Any]] ?? []
        let refused = findings.filter { $0["code"] as? String == "GU023" }
        // 195 and 206 name columns that the views do not have, 230 one that is gone since PostgreSQL 12; of the tables
        // that are reindexed one is there.
        #expect(refused.compactMap { $0["line"] as? Int } == [195, 206, 222, 223, 224, 230])
        #expect((refused.first?["problem"] as? String)?.contains("column \"tablename\" does not exist") == true)
        #expect(report["checkedStatements"] as? Int == 12 && report["uncheckedStatements"] as? Int == 0)
    }

    @Test("a statement that would do something does nothing, whatever stands behind it")
    func carriesNothingOut() async throws {
        try program.configureTestDatabase()
        try await TestDatabase.current.run("create table kept (id int primary key); insert into kept values (1)")
        try """
        Owner: ann

        ```sql
        DELETE FROM kept WHERE id = 1;
        WITH gone AS (DELETE FROM kept RETURNING id) SELECT * FROM gone;
        SELECT 'x\\'; DROP TABLE kept; --';
        INSERT INTO kept VALUES (2);
        TRUNCATE kept;
        DROP TABLE kept;
        COPY kept TO PROGRAM 'touch /tmp/mainstay-guide-was-here';
        DO $$ BEGIN DELETE FROM kept; END $$;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity;
        ```
        """.write(toFile: "\(program.directory)/guide.md", atomically: true, encoding: .utf8)
        let result = try await program.run("guide", "check", "guide.md", "--database=test")
        #expect(result.exitCode == 3)
        let left = try await TestDatabase.current.connect {
            try await $0.query("select sum(id) from kept").only[0, as: Int.self]
        }
        #expect(left == 1)
        #expect(result.output.contains("of SQL not checked by a server"))
    }

    @Test("names that only look alike are two to the server, whatever it said of the first")
    func alike() async throws {
        try program.configureTestDatabase()
        try await TestDatabase.current.run("create table caf\u{E9} (id int primary key)")
        try "Owner: ann\n\n```sql\nSELECT id FROM caf\u{E9};\nSELECT id FROM cafe\u{301};\n```\n".write(
            toFile: "\(program.directory)/guide.md", atomically: true, encoding: .utf8)
        let result = try await program.run("guide", "check", "guide.md", "--database=test")
        #expect(result.output.components(separatedBy: "GU023").count == 2, "\(result.output)")
        #expect(result.output.contains("\n  5     "), "\(result.output)")
    }

    @Test("a guide that comes through a pipe is read once, and whole")
    func pipe() async throws {
        let result = try await program.shell(
            "printf '# A\\n\\n```bash\\nfor a in b; do\\n```\\n' | mainstay guide check /dev/stdin 2>&1")
        #expect(result.output.contains("GU001"), "\(result.output)")
    }

    @Test("a place that is not there is a mistake of whoever typed it")
    func noPlace() async throws {
        try program.configureTestDatabase()
        try "# A\n".write(toFile: "\(program.directory)/guide.md", atomically: true, encoding: .utf8)
        let result = try await program.run("guide", "check", "guide.md", "--database=live")
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("there is no environment 'live'") && result.errors.contains("There are test."))
    }

    @Test("without a server that has the tables, one of our own says what of PostgreSQL's own views is not there")
    func stub() async throws {
        let guide = AccountTests.files.first { $0.hasSuffix("agentic-ecosystem.md") } ?? ""
        let result = try await program.run("guide", "check", guide, "--stub-schema", "--format=json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let findings = (report["guides"] as? [[String: Any]])?.first?["findings"] as? [[String: Any]] ?? []
        let refused = findings.filter { $0["code"] as? String == "GU023" }
        #expect(refused.compactMap { $0["line"] as? Int } == [195, 206, 230], "\(result.errors)")
    }

    @Test("our own tables are made up and never held against anybody")
    func madeUp() async throws {
        try """
        Owner: ann

        ```sql
        SELECT o.id, o.created_at, c.email FROM orders o JOIN shop.customers AS c ON c.id = o.customer_id
        WHERE o.created_at < now() - interval '7 days' AND c.is_active;
        UPDATE jobs SET state = 'done' WHERE finished_at IS NOT NULL;
        SELECT relname, nothing FROM pg_stat_user_tables;
        SELECT relname FROM pg_stat_user_tables WERE true;
        SELECT mean_exec_time FROM pg_stat_statements;
        SELECT a.x + 'y'::jsonb FROM a;
        DROP TABLE orders;
        ```
        """.write(toFile: "\(program.directory)/guide.md", atomically: true, encoding: .utf8)
        let result = try await program.run("guide", "check", "guide.md", "--stub-schema", "--format=json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let findings = (report["guides"] as? [[String: Any]])?.first?["findings"] as? [[String: Any]] ?? []
        let refused = findings.filter { $0["code"] as? String == "GU023" }
        #expect(refused.compactMap { $0["line"] as? Int } == [7, 8], "\(result.output) \(result.errors)")
        #expect(report["checkedStatements"] as? Int == 4 && report["uncheckedStatements"] as? Int == 3)
        #expect(try await program.run("guide", "check", "guide.md", "--stub-schema", "--database=x").exitCode == 2)
    }
}

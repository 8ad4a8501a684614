import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// What goes wrong around the program, and the one clear error it answers with.
@Suite("trouble", .temporaryDirectory)
struct TroubleTests {
    private let program = Program()

    private func configure(_ connection: String, _ more: String = "") throws {
        try program.configure(
            """
            environments:
              test:
                resources:
                  main: {kind: postgresql, connection: "\(connection)"}
            \(more)
            """)
    }

    @Test(
        "a host that is not there is unreachable: status 5",
        arguments: [["db", "update-stats"], ["health", "check", "--check", "database.connectivity"]])
    func unreachable(words: [String]) async throws {
        try configure(
            "host=127.0.0.1 port=1 user=x dbname=y connect_timeout=2", "checks: {database.connectivity: {retries: 0}}")
        let result = try await program.run(words)
        #expect(result.exitCode == 5, "\(result.errors)\(result.output)")
        #expect(result.output.contains("127.0.0.1:1/y"))
        #expect(result.output.contains("Connection refused"))
    }

    @Test("a database that is not there is named", .cluster)
    func missingDatabase() async throws {
        try configure(
            TestDatabase.current.connectionString.replacing(TestDatabase.current.name, with: "no_such_database"))
        let result = try await program.run("db", "update-stats")
        #expect(result.exitCode == 4, "\(result.errors)\(result.output)")
        #expect(result.output.contains("no_such_database"))
    }

    @Test("what a finding says can be chosen from is where it says", .cluster)
    func showsStatements() async throws {
        try await TestDatabase.current.run(
            """
            create table parent (id int primary key); create table child (parent int); insert into child values (7);
            alter table child add foreign key (parent) references parent not valid
            """)
        try configure(TestDatabase.current.connectionString)
        #expect(try await program.run("data", "validate-relationships").exitCode == 0)
        let short = try await program.run("findings")
        #expect(short.output.contains("'mainstay findings --verbose'"))
        #expect(!short.output.contains("delete from"))
        let long = try await program.run("findings", "--verbose")
        #expect(long.output.contains("\n    to remove: delete from only \"public\".\"child\" as c where "))
    }

    @Test("without a configuration the way to one is said: status 4")
    func noConfiguration() async throws {
        let result = try await program.run("health", "check")
        #expect(result.exitCode == 4)
        #expect(result.errors.contains("mainstay.yaml"))
    }

    @Test("an environment that is nearly right is suggested: status 2", .cluster)
    func nearMiss() async throws {
        try configure(TestDatabase.current.connectionString)
        let result = try await program.run("health", "check", "--environment", "tset")
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("there is no environment 'tset'"))
        #expect(result.errors.contains("--environment test"))
        let json = try await program.run("health", "check", "--environment", "tset", "--format", "json")
        let report = try JSONDecoder().decode(ErrorReport.self, from: Data(json.errors.utf8))
        #expect(report.code == "command.no-such-environment")
        #expect(json.output.isEmpty)
    }

    @Test(
        "wrong words are usage errors: status 2",
        arguments: [
            ["nonsense"], ["db", "update-stats", "--chnaged=3"], ["db", "update-stats", "--changed=200"], ["run"],
            ["run", "dialy", "--all-environments"], ["show", "no-such-run"], ["health", "check", "--check", "nope"],
            ["db", "update-stats", "--dry-run=maybe"], ["explain", "nothing"], ["health:check", "--nonsense"],
        ])
    func usage(words: [String]) async throws {
        try configure("host=/nonexistent dbname=x user=y")
        let result = try await program.run(words)
        #expect(result.exitCode == 2, "\(result.errors)\(result.output)")
        #expect(result.errors.hasPrefix("mainstay: "), "\(result.errors)")
    }

    @Test("a state directory that cannot be written is a configuration error", .enabled(if: geteuid() == 0))
    func readOnlyState() async throws {
        try configure("host=/nonexistent dbname=x user=y")
        chmod(program.directory, 0o755)
        var child = program.command(["health", "check"])
        child.user = try SystemUser.named("nobody")
        child.environment.values["MAINSTAY_STATE"] = "\(program.directory)/state"
        child.environment.values["HOME"] = .plain(program.directory)
        let outcome = try await Programs(environment: [:]).run(child)
        #expect(outcome.termination == .exited(4), "\(outcome.errorOutput.text)")
        #expect(outcome.errorOutput.text.contains("--state"))
    }

    @Test(
        "a full disk under the state stops the run before anything is changed", .cluster, .enabled(if: geteuid() == 0))
    func fullDisk() async throws {
        try await TestDatabase.current.run("create table t as select generate_series(1, 500) as id")
        try configure(TestDatabase.current.connectionString)
        let state = "\(program.directory)/small"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let mounting = try await Programs(environment: [:]).run(
            ChildProgram("/bin/mount", ["-t", "tmpfs", "-o", "size=600k", "tmpfs", state]))
        // A machine that lets nobody mount is asked in another way: see the journal's own tests.
        try #require(mounting.isSuccess, "\(mounting.errorOutput.text)")
        var tight = program
        tight.environment["MAINSTAY_STATE"] = state
        _ = try await tight.run("runs")
        _ = FileManager.default.createFile(atPath: "\(state)/filler", contents: Data(repeating: 0, count: 590_000))
        let filled = try await fill("\(state)/filler2")
        let result = try await tight.run("db", "update-stats")
        let counts = try await TestDatabase.current.connect { connection in
            try await connection.query("select analyze_count::int as n from pg_stat_user_tables").only[
                "n", as: Int.self]
        }
        _ = try await Programs(environment: [:]).run(ChildProgram("/bin/umount", [state]))
        #expect(filled)
        #expect(result.exitCode == 1 || result.exitCode == 4, "\(result.errors)\(result.output)")
        #expect(result.errors.contains("no space is left"), "\(result.errors)")
        #expect(counts == 0)
    }

    private func fill(_ path: String) async throws -> Bool {
        let outcome = try await Programs(environment: [:]).run(
            ChildProgram("/bin/dd", ["if=/dev/zero", "of=\(path)", "bs=512"]))
        return !outcome.isSuccess
    }

    @Test("a reader that goes away ends nothing", .cluster)
    func closedPipe() async throws {
        try configure(TestDatabase.current.connectionString)
        let child = ChildProgram.shell("'\(Program.path)' tasks | head -1; exit ${PIPESTATUS:-0}")
        let outcome = try await Programs(environment: ["PATH": "/usr/bin:/bin"]).run(child)
        #expect(outcome.isSuccess, "\(outcome.errorOutput.text)")
    }
}

extension Program {
    func run(_ arguments: [String]) async throws -> Result {
        let outcome = try await Programs(environment: [:]).run(command(arguments))
        return Result(status: outcome.termination, output: outcome.output.text, errors: outcome.errorOutput.text)
    }
}

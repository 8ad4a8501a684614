import ArgumentParser
import Command
import Foundation
import Guide
import Maintenance
import Outside
import PostgreSQL
import Engine
import Settings

/// `mainstay guide check`
struct CheckGuides: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "check", "Say what in a guide cannot run, is dangerous, or contradicts itself; nothing of it is run.",
        """
        Reads Markdown, takes every block of shell, SQL, JSON and YAML apart, and says of every command what it is \
        here: a task with its options, a program of the team's own, something for people, or something that somebody \
        has to decide about. '--commands' lists that. 'mainstay guide rules' lists what is looked for.

        A finding that a team lives with is allowed in the guide itself, with a reason, an owner and a last day: \
        <!-- mainstay: allow GU010 reason="staging only" owner="ann" until=2027-01-31 -->. It counts up to the next \
        heading. One that matches nothing is reported.

        With '--environment' the guide's thresholds are held against those that are in force there.

        With '--database' a server is asked about SQL: queries and changes of rows are prepared in a read-only \
        transaction, and of statements such as REINDEX the tables are looked up. Nothing is carried out there either.
        """)

    @Argument(help: "Markdown files.", completion: .file(extensions: ["md"]))
    var files: [String]
    @Option(help: "How to print the result.")
    var format: Format = .table
    @Option(
        help: ArgumentHelp("Exit with 3 where there are findings of this severity or above.", valueName: "severity"))
    var failOn: FailOn = .critical
    @Flag(help: "List what became of every command, too.")
    var commands = false
    @Option(
        help: ArgumentHelp("Hold thresholds against what is in force in this environment.", valueName: "name"),
        completion: .known)
    var environment: String?
    @Option(
        help: ArgumentHelp(
            "Ask the database of this environment about SQL; with a slash one of its databases.",
            valueName: "environment"), completion: .known)
    var database: String?
    @Flag(help: "Ask a server of our own about SQL, in which the tables that the guides name are made up.")
    var stubSchema = false
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard database == nil || !stubSchema else {
            throw ValidationError("'--database' and '--stub-schema' exclude each other")
        }
    }

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case table, json, sarif, github
    }

    func run(in application: Application) async throws -> ExitStatus {
        let meanings = try CommandMeanings(application)
        let force = try environment.map { name in
            try ThresholdsInForce(
                try application.readConfiguration(place).inventory, in: name, checks: application.checks)
        }
        // What is no guide is told before the first finding; what one says is read when its turn comes.
        let once = try files.map { path in
            let file = try GuideFile(path)
            // A pipe is empty when it is read again.
            return file.isRegular ? nil : file
        }
        return try await asking(application) { server in
            var judging = GuideJudging(
                meanings, today: String(application.clock.now().iso8601.prefix(10)), zones: application.zones,
                force: force, server: server)
            var output = GuideOutput(format, showsCommands: commands, on: application.console)
            for (path, file) in zip(files, once) {
                output.add(try await judging.part(of: try file ?? GuideFile(path)))
            }
            return try output.end(failingOn: failOn.severity, statements: judging.statements)
        }
    }

    /// With a session on the database that was named, closed afterwards.
    private func asking<Value: Sendable>(
        _ application: Application, _ body: (StatementChecking?) async throws -> Value
    ) async throws -> Value {
        if stubSchema { return try await asking(ourOwn: application, body) }
        guard let database else { return try await body(nil) }
        let inventory = try application.readConfiguration(place).inventory
        let resource = try StatementChecking.resource(database, inventory)
        guard case .postgresql(let access) = resource.access else { return try await body(nil) }
        let connection = try await Connection.open(
            try await access.address(with: application.programs),
            resource.connectionSettings(applicationName: "mainstay guide check"))
        do {
            let value = try await body(StatementChecking(connection))
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// With a session on a server that is made for it and thrown away.
    private func asking<Value: Sendable>(
        ourOwn application: Application, _ body: (StatementChecking?) async throws -> Value
    ) async throws -> Value {
        let programs = application.programs
        let parent = "/var/tmp/mainstay-guides-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let server = try await ServerPrograms.find(major: 14, with: programs)
        let cluster = try await PrivateCluster.start(server, in: parent, with: programs)
        let value: Result<Value, any Error>
        do {
            let connection = try await Connection.open(
                cluster.address(), ConnectionSettings(applicationName: "mainstay guide check"))
            do {
                value = .success(try await body(StatementChecking(connection, isStub: true)))
            } catch {
                value = .failure(error)
            }
            await connection.close()
        } catch {
            value = .failure(error)
        }
        try cluster.destroy()
        return try value.get()
    }
}

/// `mainstay guide rules`
struct ListGuideRules: HouseCommand {
    static let configuration = CommandConfiguration.house("rules", "List what 'guide check' looks for.")

    @OptionGroup(title: "Output") var output: OutputOptions

    private struct Rule: Encodable {
        var code: String
        var severity: Severity
        var title: String
    }

    func run(in application: Application) async throws -> ExitStatus {
        let rules = GuideRule.allCases.map { Rule(code: $0.rawValue, severity: $0.severity, title: $0.title) }
        switch output.format {
        case .json: application.console.print(try JSONText.make(rules))
        case .csv:
            application.console.print(CSVText.line(["code", "severity", "title"]))
            for rule in rules {
                application.console.print(CSVText.line([rule.code, rule.severity.rawValue, rule.title]))
            }
        case .table, .nagios:
            for rule in rules {
                let severity = rule.severity.rawValue
                application.console.print(
                    "\(rule.code)  \(severity)\(String(repeating: " ", count: 8 - severity.count))  \(rule.title)")
            }
        }
        return .success
    }
}

import ArgumentParser
import Engine
import Glibc
import Maintenance
import Outside
import Settings

/// `mainstay init`
package struct InitCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "init", "Write a commented configuration to begin with, from one database's connection.",
        """
        The connection comes from DATABASE_URL, from standard input, or from a question at the terminal; never \
        from an argument, because arguments are seen by everybody on the machine. A password in it is not written \
        down: the file says where it will be taken from instead.
        """)

    @Option(help: ArgumentHelp("Where to write the file; an existing one is never overwritten.", valueName: "file"))
    package var output = "mainstay.yaml"

    @Option(help: ArgumentHelp("What the environment is called.", valueName: "name"))
    package var environment = "production"

    @Flag(inversion: .prefixedNo, help: "Whether the environment is protected (it is if it is called production).")
    package var protected: Bool?

    @Flag(help: "Print the SQL that makes a role which may only look, and stop.")
    package var role = false

    @Argument(help: .hidden)
    package var connection: [String] = []

    package init() {}

    package func validate() throws {
        guard connection.isEmpty else {
            throw ValidationError(
                "the connection is not taken from an argument, where everybody on the machine could read it; "
                    + "set DATABASE_URL or pipe it in: 'printenv DATABASE_URL | mainstay init'")
        }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        if role {
            application.console.print(ReadingRole.sql)
            return .success
        }
        let text = try Self.readConnection(application)
        let starter = try StarterFile(
            connection: text, environment: environment, isProtected: protected ?? (environment == "production"),
            steps: application.routines.first { $0.name == "daily" }?.steps.map { $0.joined(separator: " ") } ?? [])
        try starter.create(at: output)
        application.console.print("mainstay: wrote '\(output.printable)'; next: 'mainstay config check'")
        if starter.heldPassword {
            application.console.note(
                "The connection held a password. It was not written; set \(StarterFile.passwordVariable).")
        }
        return .success
    }

    private static func readConnection(_ application: Application) throws -> String {
        if let url = application.programs.environment["DATABASE_URL"], !url.isEmpty { return url }
        if isatty(STDIN_FILENO) == 1 {
            guard application.console.errorIsTerminal else { throw CommandError.notATerminal("the connection") }
            application.console.draw("Connection (postgresql://user@host/database): ")
        }
        guard let line = readLine(strippingNewline: true), !line.trimmingWhitespace().isEmpty else {
            throw CommandError.noConnection
        }
        return line.trimmingWhitespace()
    }
}

/// The SQL of a role that may look at everything and change nothing, for surveys.
enum ReadingRole {
    static let sql = """
        -- A role for Mainstay's surveys: it sees everything and changes nothing.
        -- Run it as a superuser; choose the password yourself (\\password mainstay in psql keeps it out of the log).
        create role mainstay login nosuperuser nocreatedb nocreaterole noreplication connection limit 20;
        grant pg_monitor to mainstay;
        -- PostgreSQL 14 and later: read every table of every database.
        grant pg_read_all_data to mainstay;
        -- Checks that count or compare rows need to see all of them where row level security is used:
        -- alter role mainstay bypassrls;
        alter role mainstay set default_transaction_read_only = on;
        -- What changes something (update-stats, for instance) needs a role of its own that owns the tables.
        """
}

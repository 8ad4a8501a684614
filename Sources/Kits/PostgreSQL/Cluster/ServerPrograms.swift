import Maintenance
import Outside

/// The programs of an installed PostgreSQL server: initdb, pg_ctl, postgres and what stands beside them.
package struct ServerPrograms: Sendable, Hashable {
    /// The directory that holds them.
    package let directory: String
    package let version: PostgreSQLVersion

    package func path(_ program: String) -> String { "\(directory)/\(program)" }

    /// Those in one directory.
    ///
    /// - Throws: `ProgramError` when there is no server in it.
    package static func at(_ directory: String, with programs: Programs) async throws -> ServerPrograms {
        let postgres = try programs.find("\(directory)/postgres")
        _ = try programs.find("\(directory)/initdb")
        let outcome = try await programs.run(ChildProgram(postgres, ["--version"], timeLimit: .seconds(60))).checked()
        guard let version = PostgreSQLVersion(programOutput: outcome.output.text) else {
            throw ProgramError.notExecutable(path: postgres, reason: "it does not say which version it is")
        }
        return ServerPrograms(directory: directory, version: version)
    }

    /// The first server found whose major version is `major`, or at least `major` if none is: in `directories`, where
    /// Debian puts them (/usr/lib/postgresql/N/bin), and where `pg_config` points.
    ///
    /// - Throws: `ProgramError.notInstalled` with the line that installs it.
    package static func find(major: Int, in directories: [String] = [], with programs: Programs) async throws
        -> ServerPrograms
    {
        var candidates = directories + (major...major + 9).map { "/usr/lib/postgresql/\($0)/bin" }
        if let configured = await configuredDirectory(programs) { candidates.append(configured) }
        var found: [ServerPrograms] = []
        for directory in candidates {
            do {
                found.append(try await at(directory, with: programs))
            } catch let error as ProgramError where !error.isOfBusyMachine {
                continue
            }
        }
        let fitting = found.filter { $0.version.major >= major }
        if let best = fitting.min(by: { $0.version.major < $1.version.major }) { return best }
        throw ProgramError.notInstalled(program: "initdb", package: "postgresql-\(major)", searched: candidates)
    }

    private static func configuredDirectory(_ programs: Programs) async -> String? {
        do {
            let path = try programs.find("pg_config")
            let outcome = try await programs.run(ChildProgram(path, ["--bindir"], timeLimit: .seconds(10))).checked()
            return outcome.output.text.trimmingWhitespace()
        } catch {
            // It is one of several places to look.
            return nil
        }
    }
}

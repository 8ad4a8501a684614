import Maintenance
import Outside

/// A client program that fits a server: of the server's own major version, or else the next higher one there is, since
/// `pg_dump` refuses a newer server and an older dump does not restore into itself.
package struct ClientProgram: Hashable, Sendable {
    package let path: String
    package let version: PostgreSQLVersion

    /// Where its sisters lie.
    package var directory: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// - Parameters:
    ///   - name: `pg_dump`, `psql`, `pg_restore`, `pg_basebackup`, ….
    ///   - directories: looked at first, before Debian's /usr/lib/postgresql/N/bin and the search path.
    ///   - patience: how long one may take to say its version.
    /// - Throws: `ClientProgramError` with the line that installs it; `ProgramError` where the machine is too busy to tell.
    package static func find(
        _ name: String, fitting server: PostgreSQLVersion, in directories: [String] = [],
        patience: Duration = .seconds(60), with programs: Programs
    ) async throws -> ClientProgram {
        let debian = (server.major...server.major + 9).map { "/usr/lib/postgresql/\($0)/bin" }
        var found: [ClientProgram] = []
        for directory in directories + debian + programs.searchPath {
            guard let program = try await at("\(directory)/\(name)", patience, programs) else { continue }
            if program.version.major == server.major { return program }
            found.append(program)
        }
        let newer = found.filter { $0.version.major > server.major }
        if let next = newer.min(by: { $0.version.major < $1.version.major }) { return next }
        throw ClientProgramError(
            program: name, server: server, found: Set(found.map(\.version)).sorted())
    }

    /// Nil where there is no such program, or one that does not say which version it is.
    private static func at(_ path: String, _ patience: Duration, _ programs: Programs) async throws
        -> ClientProgram?
    {
        do {
            let child = ChildProgram(try programs.find(path), ["--version"], timeLimit: patience)
            let outcome = try await programs.run(child).checked()
            return PostgreSQLVersion(programOutput: outcome.output.text).map { ClientProgram(path: path, version: $0) }
        } catch let error as ProgramError where !error.isOfBusyMachine {
            return nil
        }
    }
}

extension ProgramError {
    /// It says nothing about whether there is such a program.
    var isOfBusyMachine: Bool {
        switch self {
        case .failed(_, .timedOut, _), .cannotStart: true
        default: false
        }
    }
}

/// No program that fits the server.
package struct ClientProgramError: MaintenanceError, Hashable {
    package let program: String
    package let server: PostgreSQLVersion
    package let found: [PostgreSQLVersion]

    package var code: String { "postgresql.missing-program" }
    package var problem: String {
        let versions = found.map(\.description).joined(separator: ", ")
        return
            "no '\(program)' for PostgreSQL \(server.major) or newer (found: \(versions.isEmpty ? "none" : versions))"
    }
    package var hint: String? { "Install it: apt-get install postgresql-client-\(server.major)" }
    package var exitStatus: ExitStatus { .configuration }
}

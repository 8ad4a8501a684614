import Maintenance
import Outside

extension ConfiguredText {
    /// The value itself, fetched now. Throws `MissingVariables`, `SecretError` or `CancellationError`.
    package func resolve(with programs: Programs, timeLimit: Duration = .seconds(30)) async throws -> Secret {
        switch source {
        case .template:
            // Only a file or a command is not filled from the environment.
            Secret(try filled(from: programs.environment) ?? "")
        case .file(let path):
            try await SecretSource.file(path: path).resolve(with: programs, timeLimit: timeLimit)
        case .command(let line):
            try await SecretSource.command(line: line).resolve(with: programs, timeLimit: timeLimit)
        }
    }
}

extension ConfigurationReader.Result {
    /// What is wrong with the values that the environment, a file or a command has to give, each fetched now and thrown
    /// away. Reading itself does not ask: a production password that is missing here must not keep anybody from checking
    /// the test environment. `config check` does. Throws `CancellationError`.
    package func unresolved(with programs: Programs) async throws -> [Problem] {
        var problems: [Problem] = []
        for reference in texts {
            func note(_ text: String) {
                problems.append(Problem(text, at: reference.text.location, keyPath: reference.keyPath))
            }
            do {
                _ = try await reference.text.resolve(with: programs)
            } catch let error as MissingVariables {
                for name in error.names { note("the environment variable '\(name)' is not set") }
            } catch let error as any MaintenanceError {
                note(error.problem)
            }
        }
        return problems
    }
}

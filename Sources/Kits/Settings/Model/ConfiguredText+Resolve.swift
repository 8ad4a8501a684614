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

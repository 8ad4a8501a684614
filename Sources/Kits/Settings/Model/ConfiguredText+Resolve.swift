import Maintenance
import Outside

extension ConfiguredText {
    /// What it stands for, from the environment, a file or a command. The only way to it.
    package func resolve(with programs: Programs) async throws -> Secret {
        switch source {
        case .template:
            guard let text = try filled(from: programs.environment) else {
                preconditionFailure("a template has no text")
            }
            return Secret(text)
        case .file(let path): return try await SecretSource("file:\(path)").resolve(with: programs)
        case .command(let line): return try await SecretSource("command:\(line)").resolve(with: programs)
        }
    }
}

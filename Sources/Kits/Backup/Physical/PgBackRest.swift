import Foundation
import Maintenance
import Outside

/// The program pgBackRest and one stanza of a team's own configuration.
///
/// It runs as the user PostgreSQL runs as when we are root, since it refuses to work for root on files of others, and
/// says what went wrong on standard error alone.
package struct PgBackRest: Sendable {
    package let stanza: String
    /// The team's file.
    package let configuration: String
    package let options: PgBackRestOptions
    package let programs: Programs
    let path: String
    let user: SystemUser?

    /// - Throws: `ProgramError.notInstalled` with the line that installs it, `PhysicalError`, `FileError`.
    package init(stanza: String, configuration: String, programs: Programs) throws {
        self.stanza = stanza
        self.configuration = configuration
        self.programs = programs
        path = try programs.find("pgbackrest")
        options = try PgBackRestOptions(reading: configuration)
        guard options.stanzas.contains(stanza) else {
            throw PhysicalError.noStanza(stanza, path: configuration, known: options.stanzas)
        }
        user = try SystemUser.unprivileged()
    }

    /// What a plan shows of taking a backup. pgBackRest lets old ones go at the end of every backup (option expire-auto);
    /// here none goes before the new one is proved.
    package func backupWords(_ type: PhysicalBackupType) -> [String] {
        [path] + common + ["--type=\(type.word)", "--no-expire-auto", "--log-level-stderr=warn", "backup"]
    }

    /// What a plan shows of letting old ones go.
    package var expireWords: [String] { [path] + common + ["--log-level-stderr=warn", "expire"] }

    private var common: [String] { ["--config=\(configuration)", "--stanza=\(stanza)", "--log-level-console=off"] }

    /// With the team's own configuration.
    func run(
        _ command: String, _ options: [String] = [], _ words: [String] = [], log level: String = "warn",
        timeLimit: Duration = .seconds(600), keeping limit: ByteCount = ByteCount(64 * 1_048_576)
    ) async throws -> ProgramOutcome {
        let own = common + ["--log-level-file=off", "--no-log-timestamp", "--log-level-stderr=\(level)"]
        return try await programs.run(
            ChildProgram(
                path, own + options + [command] + words, environment: ["LC_ALL": "C"], workingDirectory: "/",
                user: user, timeLimit: timeLimit), keeping: limit)
    }

    /// What there is in the repositories.
    ///
    /// - Throws: `PhysicalError`, `ProgramError`.
    package func info() async throws -> RepositoryInfo {
        let outcome = try await run("info", ["--output=json"], timeLimit: .seconds(120)).checked()
        guard let bytes = outcome.output.bytes else {
            throw PhysicalError.unreadable(command: "info", reason: "it is longer than 64 MB")
        }
        return try RepositoryInfo(bytes, stanza: stanza)
    }

    /// Takes a backup; the team's configuration says everything but its type, the log included.
    ///
    /// - Returns: the new one, as the repository lists it.
    /// - Throws: `PhysicalError.nothingNew`, `ProgramError`.
    package func back(up type: PhysicalBackupType) async throws -> PhysicalBackup {
        let before = Set(try await info().backups.map(\.label))
        _ = try await programs.run(
            ChildProgram(
                path, Array(backupWords(type).dropFirst()), environment: ["LC_ALL": "C"], workingDirectory: "/",
                user: user)
        ).checked()
        guard let new = try await info().backups.last(where: { !before.contains($0.label) }) else {
            throw PhysicalError.nothingNew(stanza: stanza)
        }
        return new
    }

    /// Files below a directory of the repository, by their paths in it.
    func files(below directory: String, in repository: Int) async throws -> [RepositoryFile] {
        let outcome = try await run(
            "repo-ls", ["--output=json", "--recurse", "--repo=\(repository)"], [directory],
            keeping: ByteCount(512 * 1_048_576)
        ).checked()
        guard let bytes = outcome.output.bytes else {
            throw PhysicalError.unreadable(command: "repo-ls", reason: "it is longer than 512 MB")
        }
        do {
            let entries = try JSONDecoder().decode([String: RepositoryFile.Stored].self, from: Data(bytes))
            return entries.filter { $0.value.type == "file" }
                .map { RepositoryFile(path: $0.key, size: ByteCount($0.value.size ?? 0)) }
                .sorted { $0.path < $1.path }
        } catch let error as DecodingError {
            throw PhysicalError.unreadable(command: "repo-ls", reason: error.short)
        }
    }

    /// A small file of the repository as it is stored, decrypted where pgBackRest knows how.
    func contents(_ file: String, in repository: Int) async throws -> [UInt8] {
        let outcome = try await run("repo-get", ["--repo=\(repository)"], [file]).checked()
        guard let bytes = outcome.output.bytes else {
            throw PhysicalError.unreadable(command: "repo-get", reason: "'\(file)' is longer than what is read of it")
        }
        return bytes
    }
}

/// A file in a repository.
struct RepositoryFile: Sendable, Hashable {
    var path: String
    var size: ByteCount

    struct Stored: Decodable {
        var type: String
        var size: Int64?
    }
}

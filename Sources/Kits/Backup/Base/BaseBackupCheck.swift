import Maintenance
import Outside
import PostgreSQL

/// What pg_verifybackup finds in the files of base backups as they lie there: every file against PostgreSQL's manifest, and
/// the log without which none of them is whole, record by record (PostgreSQL manual, "pg_verifybackup").
struct BaseBackupCheck: Sendable {
    /// Files that are not as they were written, each in one clause. Hostile text.
    var files: [String] = []
    /// What is wrong with the log.
    var log: [String] = []
    var isLookedAt = false
    /// Why the program could not look; nil where it did. That it fails says nothing of the backup.
    var hindrance: String?

    /// - Parameter labels: of all that are put together; what is wrong is named with the label where there are several.
    /// - Throws: `ProgramError` where it cannot be started, `FileError`.
    static func run(
        _ labels: [String], in backups: BaseBackups, _ server: ServerPrograms, with programs: Programs
    ) async throws -> BaseBackupCheck {
        var check = BaseBackupCheck()
        for label in labels {
            let prefix = labels.count > 1 ? "\(label): " : ""
            let outcome = try await programs.run(
                ChildProgram(
                    server.path("pg_verifybackup"), [backups.data(of: label)], environment: ["LC_ALL": "C"],
                    workingDirectory: "/"))
            if outcome.isSuccess { continue }
            guard case .exited(1) = outcome.termination else {
                check.hindrance =
                    "pg_verifybackup of PostgreSQL \(server.version.major) cannot be run here: "
                    + (outcome.errorOutput.lastLines(1).first ?? "it \(outcome.termination)")
                return check
            }
            let words = outcome.errorOutput.text.split(separator: "\n").map { Self.clause(String($0)) }
            check.add(words.isEmpty ? ["pg_verifybackup found something and does not say what"] : words, prefix)
        }
        check.isLookedAt = true
        return check
    }

    /// The parser of the log is another program, whose words come through.
    mutating func add(_ words: [String], _ prefix: String) {
        for word in words where !word.isEmpty {
            if word.hasPrefix("pg_waldump: ") || word.hasPrefix("WAL parsing failed") {
                log.append(prefix + word)
            } else {
                files.append(prefix + word)
            }
        }
    }

    /// Without the program's own name, and without what it suggests.
    static func clause(_ line: String) -> String {
        for beginning in ["pg_verifybackup: error: ", "pg_verifybackup: fatal: ", "pg_verifybackup: "]
        where line.hasPrefix(beginning) {
            return String(line.dropFirst(beginning.count))
        }
        for beginning in ["pg_waldump: error: ", "pg_waldump: fatal: "] where line.hasPrefix(beginning) {
            return "pg_waldump: \(line.dropFirst(beginning.count))"
        }
        return line.trimmingWhitespace()
    }
}

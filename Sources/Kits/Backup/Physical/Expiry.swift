import Maintenance
import Outside

/// What pgBackRest would remove of a stanza by the team's own retention.
package struct Expiry: Sendable, Hashable {
    /// The labels, in the order in which they would go.
    package var backups: [String] = []
    /// The log that would go with them.
    package var log: [Log] = []

    package struct Log: Sendable, Hashable, CustomStringConvertible {
        package var repository: Int
        /// `15-1`, its directory.
        package var archive: String
        /// Names of segments; nil for the whole directory.
        package var first: String?
        package var last: String?

        package var description: String {
            "repo\(repository) \(archive) " + (first.map { "\($0) to \(last ?? $0)" } ?? "whole")
        }
    }

    package var isEmpty: Bool { backups.isEmpty && log.isEmpty }

    /// - Parameter text: what `expire --dry-run` tells on the level `info` (pgBackRest 2.45, *tried*):
    ///   `INFO: [DRY-RUN] repo1: remove expired backup 20261121-020000F` and
    ///   `INFO: [DRY-RUN] repo1: 15-1 remove archive, start = 0000…01, stop = 0000…04`.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let place = words.firstIndex(where: { $0.hasPrefix("repo") && $0.hasSuffix(":") }),
                let repository = Int(words[place].dropFirst(4).dropLast())
            else { continue }
            let said = Array(words[(place + 1)...])
            if said.starts(with: ["remove", "expired", "backup"]), let label = said.last {
                if !backups.contains(label) { backups.append(label) }
            } else if said.starts(with: ["remove", "archive", "path"]), let path = said.last {
                log.append(Log(repository: repository, archive: String(path.split(separator: "/").last ?? "")))
            } else if said.count > 2, said[1] == "remove", said[2].hasPrefix("archive") {
                func value(_ key: String) -> String? {
                    guard let at = said.firstIndex(of: key), at + 2 < said.count else { return nil }
                    return String(said[at + 2].prefix { $0 != "," })
                }
                log.append(
                    Log(repository: repository, archive: said[0], first: value("start"), last: value("stop")))
            }
        }
    }

    /// Why nothing of it may go: the proof that it would have to be behind.
    ///
    /// - Parameter proved: the newest backup with a proof that counts.
    /// - Returns: nil where all that would go is older than what is proved, and what that needs stays. Safe to print.
    package func obstacle(_ info: RepositoryInfo, behind proved: PhysicalBackup?) -> String? {
        guard let proved else { return "no backup has a proof that counts" }
        if let label = backups.first(where: { $0 == proved.label || proved.needs.contains($0) }) {
            return label == proved.label
                ? "\(label), the newest with a proof that counts, would go"
                : "\(label) would go, and \(proved.label), the newest with a proof that counts, needs it"
        }
        for label in backups {
            // One that is listed no more has no time to judge by.
            guard let backup = info[label], backup.stopped < proved.stopped else {
                return "\(label.printable) would go, and no newer one has a proof that counts"
            }
        }
        let archive = info.archive(of: proved)?.id
        for range in log where range.repository == proved.repository && range.archive == archive {
            // Behind the timeline a name counts upwards, whatever the size of a segment.
            guard let needed = proved.firstWAL, let last = range.last, last.utf8.count == 24, needed.utf8.count == 24,
                last.suffix(16) < needed.suffix(16)
            else {
                return "log that \(proved.label), the newest with a proof that counts, needs would go (\(range))"
            }
        }
        return nil
    }
}

extension PgBackRest {
    /// What its retention lets go now; nothing is removed.
    ///
    /// - Throws: `PhysicalError`, `ProgramError`.
    package func expiry() async throws -> Expiry {
        let outcome = try await programs.run(
            ChildProgram(
                path,
                [
                    "--config=\(configuration)", "--stanza=\(stanza)", "--log-level-file=off", "--no-log-timestamp",
                    "--log-level-console=info", "--log-level-stderr=error", "--dry-run", "expire",
                ], environment: ["LC_ALL": "C"], workingDirectory: "/", user: user, timeLimit: .seconds(600)),
            keeping: ByteCount(64 * 1_048_576)
        ).checked()
        guard let bytes = outcome.output.bytes else {
            throw PhysicalError.unreadable(command: "expire", reason: "it is longer than 64 MB")
        }
        return Expiry(String(decoding: bytes, as: UTF8.self))
    }

    /// Lets go what the team's retention does not keep.
    ///
    /// - Throws: `ProgramError`.
    package func expire() async throws {
        _ = try await programs.run(
            ChildProgram(
                path, Array(expireWords.dropFirst()), environment: ["LC_ALL": "C"], workingDirectory: "/", user: user,
                timeLimit: .seconds(86_400))
        ).checked()
    }
}

import Maintenance
import Outside

/// What `pgbackrest verify` found: it reads every file of every backup and every segment of WAL in the repository and
/// compares their checksums.
///
/// Its exit status says nothing: 2.45 ends with 0 whatever it found, and prints nothing where all is well (*tried*), so
/// that only its words count, and only with the line that says it came to its end.
struct RepositoryCheck: Sendable, Hashable {
    /// Of one backup, or of the WAL (`15-1`).
    struct Part: Sendable, Hashable {
        var name: String
        var isWell: Bool
        /// `checksum invalid: 1, missing: 2`.
        var counts: String
    }

    var parts: [Part] = []
    /// Of the stanza, in its words: `ok`, `error`.
    var status: String?
    /// What is wrong with which file, in its words. Hostile text.
    var files: [String] = []

    private static let beginnings = ["invalid checksum", "file missing", "invalid size", "invalid result", "missing"]

    init(report: String, log: String) {
        for raw in report.split(separator: "\n") {
            let line = String(raw).trimmingWhitespace()
            if let rest = line.rest(after: "status: ") {
                status = rest
            } else if let rest = line.rest(after: "archiveId: ") {
                parts.append(Part(name: rest.upToComma, isWell: Self.isComplete(rest), counts: ""))
            } else if let rest = line.rest(after: "backup: ") {
                parts.append(
                    Part(name: rest.upToComma, isWell: rest.containsBytes(", status: valid,"), counts: ""))
            } else if !parts.isEmpty {
                let bad = Self.bad(line)
                parts[parts.count - 1].counts = bad
                if !bad.isEmpty { parts[parts.count - 1].isWell = false }
            } else if line.hasPrefix("No usable") {
                files.append(line)
            }
        }
        for raw in log.split(separator: "\n") {
            let line = String(raw)
            guard let colon = line.firstRange(of: ": "), line.hasPrefix("INFO") || line.hasPrefix("DETAIL") else {
                continue
            }
            let text = String(line[colon.upperBound...])
            if Self.beginnings.contains(where: text.hasPrefix) || text.hasPrefix("duplicate WAL") { files.append(text) }
        }
    }

    /// `total WAL checked: 4, total valid WAL: 2`: a duplicate is in no other count.
    private static func isComplete(_ line: String) -> Bool {
        let numbers = line.split(separator: ",").compactMap { part in
            part.split(separator: ":").last.flatMap { Int(String($0).trimmingWhitespace()) }
        }
        return numbers.count == 2 && numbers[0] == numbers[1]
    }

    /// The counts that are not 0.
    private static func bad(_ line: String) -> String {
        line.split(separator: ",").map { String($0).trimmingWhitespace() }.filter { !$0.hasSuffix(": 0") }
            .joined(separator: ", ")
    }

    subscript(name: String) -> Part? { parts.first { $0.name == name } }
}

extension PgBackRest {
    /// Reads everything in the repository once.
    ///
    /// - Throws: `PhysicalError.unreadable` where it did not come to its end, `ProgramError`.
    func check(_ repository: Int) async throws -> RepositoryCheck {
        let outcome = try await run(
            "verify", ["--output=text", "--verbose", "--repo=\(repository)"], log: "detail",
            timeLimit: .seconds(24 * 3_600)
        ).checked()
        let check = RepositoryCheck(report: outcome.output.text, log: outcome.errorOutput.text)
        guard check.status != nil else {
            throw PhysicalError.unreadable(command: "verify", reason: "it says no status")
        }
        return check
    }
}

extension String {
    fileprivate func rest(after beginning: String) -> String? {
        hasPrefix(beginning) ? String(dropFirst(beginning.count)) : nil
    }

    fileprivate var upToComma: String { String(prefix { $0 != "," }) }
}

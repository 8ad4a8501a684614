import Maintenance
import Outside

/// One error of a restore, in the program's own words.
package struct Complaint: Codable, Hashable, Sendable {
    /// `psql` or `pg_restore`.
    package var program: String
    /// What pg_restore was at: `TABLE DATA orders shop`. Hostile text.
    package var entry: String?
    /// The server's first line, without detail and context, which may show rows. Hostile text.
    package var text: String

    package init(program: String, entry: String? = nil, text: String) {
        self.program = program
        self.entry = entry
        self.text = text
    }

    /// Safe to print.
    package var description: String {
        "\(program): " + (entry.map { "\($0.printable): " } ?? "") + text.printable
    }
}

/// All complaints of one program. Of very many only the first are kept, and all are counted.
struct Complaints: Sendable {
    private(set) var all: [Complaint] = []
    private(set) var count = 0

    private static let most = 200
    private static let longest = 400

    /// What psql said about the roles: `psql:<stdin>:12: ERROR:  …`.
    init(ofRoles outcome: ProgramOutcome) {
        for line in outcome.errorOutput.text.split(separator: "\n") {
            guard let error = line.firstRange(of: "ERROR:  ") ?? line.firstRange(of: "error: ") else { continue }
            add(Complaint(program: "psql", text: String(line[error.upperBound...])))
        }
        if !outcome.isSuccess, all.isEmpty { add(end: outcome, of: "psql") }
    }

    /// What pg_restore said: `pg_restore: error: …`, with the entry of the table of contents in a line before it, and at
    /// the end how many errors it went over.
    init(of outcome: ProgramOutcome) {
        var entry: String?
        var ignored = 0
        for line in outcome.errorOutput.text.split(separator: "\n") {
            guard line.hasPrefix("pg_restore: ") else { continue }
            let text = line.dropFirst("pg_restore: ".count)
            if text.hasPrefix("from TOC entry ") {
                entry = text.firstIndex(of: ";").map { Self.entry(text[$0...].dropFirst()) }
            } else if text.hasPrefix("error: ") {
                add(Complaint(program: "pg_restore", entry: entry, text: Self.server(text.dropFirst("error: ".count))))
            } else if let number = text.firstRange(of: "errors ignored on restore: ") {
                ignored = Int(text[number.upperBound...]) ?? 0
            }
        }
        count = max(count, ignored)
        if !outcome.isSuccess, count == 0 { add(end: outcome, of: "pg_restore") }
    }

    /// pg_restore ended well and did not read everything: then not everything is restored.
    mutating func add(unread leftovers: (unread: [String], abandoned: [String])) {
        for name in leftovers.unread { add(Complaint(program: "pg_restore", text: "it never read '\(name)'")) }
        for name in leftovers.abandoned {
            add(Complaint(program: "pg_restore", text: "it did not read '\(name)' to its end"))
        }
    }

    private mutating func add(_ complaint: Complaint) {
        count += 1
        guard all.count < Self.most else { return }
        var complaint = complaint
        complaint.text = String(complaint.text.prefix(Self.longest))
        all.append(complaint)
    }

    private mutating func add(end outcome: ProgramOutcome, of program: String) {
        let last = outcome.errorOutput.lastLines(1).map { ": \($0)" }.joined()
        add(Complaint(program: program, text: "it \(outcome.termination)\(last)"))
    }

    /// ` 0 16400 TABLE DATA big postgres` without its numbers.
    private static func entry(_ text: Substring) -> String {
        text.split(separator: " ").drop { $0.allSatisfy(\.isNumber) }.joined(separator: " ")
    }

    /// `could not execute query: ERROR:  …`: the server's part.
    private static func server(_ text: Substring) -> String {
        String(text.firstRange(of: "ERROR:  ").map { text[$0.upperBound...] } ?? text)
    }
}

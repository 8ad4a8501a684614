import Maintenance
import PostgreSQL

/// What a proof found: that a backup was restored for real and equals its source, or why that is not so, with all that
/// an outsider needs to judge it. Signed with the key of the backups.
package struct Certificate: Codable, Hashable, Sendable {
    package static let format = "mainstay-certificate/1"

    package enum Verdict: String, Codable, Sendable, CaseIterable {
        /// Restored without an error, and everything that was compared is equal.
        case proved
        /// The same of one part of the rows, and others are still to come (`coverage`).
        case partly
        /// Something needed was not there; says nothing for or against the backup.
        case unproven
        /// The backup is not what it says, or does not bring the database back.
        case refuted
    }

    package var format = Self.format
    package var madeBy: String
    package var runID: String
    package var backup: BackupID
    package var verdict: Verdict
    /// Why it is unproven.
    package var gaps: [Comparison.Gap]
    /// What refutes it; the first of them where there are very many.
    package var differences: [Comparison.Difference]
    package var differenceCount: Int
    package var source: BackupManifest.Source
    package var snapshot: Timestamp
    /// SHA-256 of `manifest.json`: this certificate is about that one and no other.
    package var manifestSHA256: String
    package var content: Content
    package var times: Times
    package var restore: Restore?
    /// What was compared, and how.
    package var parts: [Comparison.Part]
    /// What the team's own statements said; nil where they were not come to, as in certificates before there were any.
    package var assertions: [Assertion.Outcome]?
    /// What the application's own test said; nil also where there is none.
    package var smokeTest: SmokeTest.Outcome?
    /// Where only a part of the rows was restored: which, and how far all of them are; nil where all were.
    package var coverage: Coverage?
    package var notes: [String]
    /// What is not in the backup, or in it and not compared.
    package var uncovered: [BackupManifest.Omission]
    /// After that it proves nothing any more.
    package var countsUntil: Timestamp
    /// The head of the audit trail when it was signed (`audit:1234:…`): what an outsider can hold the trail against.
    package var audit: String?
    /// Which key signed its copies for outsiders: `CertificateKey.name`.
    package var signedBy: String?

    package struct Content: Codable, Hashable, Sendable {
        package var files: Int
        package var stored: ByteCount
        package var rowsText: ByteCount
        package var tables: Int
        package var rows: UInt64
        package var sequences: Int
        package var largeObjects: UInt64
        package var catalogEntries: Int
        /// Of all tables together.
        package var rowDigest: String
        package var catalogDigest: CatalogDigest
        package var largeObjectDigest: LargeObjectDigest
        /// Percent of the rows' bytes that were read twice when the backup was taken.
        package var readTwice: Double?
    }

    /// Seconds; nil for what was not come to.
    package struct Times: Codable, Hashable, Sendable {
        package var began: Timestamp
        package var ended: Timestamp
        package var checksums: Double?
        package var cluster: Double?
        package var restore: Double?
        package var comparison: Double?
    }

    package struct Restore: Codable, Hashable, Sendable {
        /// Of the server it was restored into.
        package var server: String
        package var commandLine: String
        package var jobs: Int
        package var complaints: [Complaint]
        package var complaintCount: Int
    }

    /// Most that are listed; there are files and tables by the ten thousand.
    static let most = 500
}

extension Certificate.Content {
    init(_ manifest: BackupManifest) {
        files = manifest.files.count
        stored = manifest.storedBytes
        rowsText = manifest.contentBytes
        tables = manifest.tables.count
        rows = manifest.rows
        sequences = manifest.sequences.count
        largeObjects = manifest.largeObjects.digest.sum.count
        catalogEntries = manifest.catalog.entries
        rowDigest = manifest.tables.reduce(RowDigest(scheme: .xxh3)) { $0 + $1.digest }.description
        catalogDigest = manifest.catalog.digest
        largeObjectDigest = manifest.largeObjects.digest
        readTwice = manifest.readTwice?.value
    }
}

extension Certificate {
    /// Whether it proves the backup at this moment.
    package func proves(at now: Timestamp) -> Bool { verdict == .proved && now <= countsUntil }

    /// Whether what was restored is what was dumped, be it all or the part that was meant.
    package var isEqual: Bool { verdict == .proved || verdict == .partly }

    /// One line, safe to print.
    package var summary: String {
        switch verdict {
        case .proved:
            coverage.map { "restored part by part and equal: \($0.words(at: times.ended))" }
                ?? "restored and equal: \("table".counted(content.tables)), \("row".counted(Int(clamping: content.rows)))"
        case .partly: coverage?.summary(at: times.ended) ?? "restored in part"
        case .unproven:
            gaps.first.map(\.problem.printable) ?? "it could not be proved"
        case .refuted:
            (differences.first?.description ?? "it is not what it says")
                + (differenceCount > 1 ? " (and \(differenceCount - 1) more)" : "")
        }
    }
}

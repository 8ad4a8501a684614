import Maintenance

/// What a drill of a recovery to a point in time measured, signed; the newest one of a database, beside its certificates.
package struct PointInTimeRecord: Codable, Hashable, Sendable {
    package static let format = "mainstay-drill/1"

    package var format = Self.format
    package var madeBy: String
    package var runID: String
    package var target: Target
    package var stanza: String
    package var began: Timestamp
    package var ended: Timestamp
    package var outcome: PointInTimeDrill.Outcome
    /// As they were configured then.
    package var rpoSeconds: Double?
    package var rtoSeconds: Double?
    package var countsUntil: Timestamp
    /// The head of the audit trail when it was signed.
    package var audit: String?

    package init(
        _ outcome: PointInTimeDrill.Outcome, target: Target, stanza: String, runID: String, began: Timestamp,
        ended: Timestamp, countsFor: Duration
    ) {
        madeBy = Release.name
        self.outcome = outcome
        self.target = target
        self.stanza = stanza
        self.runID = runID
        self.began = began
        self.ended = ended
        countsUntil = ended + countsFor
    }
}

extension BackupFolder {
    package var pointInTimePath: String { "\(path)/physical/pitr.json" }

    /// - Throws: `FileError`.
    package func write(_ record: PointInTimeRecord, key: BackupKey) throws {
        try writeSigned(record, as: "pitr", key: key)
    }

    /// The newest drill; nil where there was none.
    ///
    /// - Throws: `PhysicalRecordError`, `FileError`.
    package func pointInTimeRecord(key: BackupKey) throws -> PointInTimeRecord? {
        guard let record = try readSigned(PointInTimeRecord.self, "pitr", key: key) else { return nil }
        guard record.format == PointInTimeRecord.format, record.target == target else {
            throw PhysicalRecordError(path: pointInTimePath, reason: "it is about something else")
        }
        return record
    }
}

import Maintenance

/// One backup of a whole cluster, as its repository lists it.
package struct PhysicalBackup: Sendable, Hashable, Encodable {
    /// pgBackRest's name for it: `20261121-020000F`, `20261121-020000F_20261122-020000I`.
    package var label: String
    package var type: PhysicalBackupType
    package var started: Timestamp
    package var stopped: Timestamp
    /// The WAL that makes it consistent: names of segments. Nil where the backup was taken without.
    package var firstWAL: String?
    package var lastWAL: String?
    package var startLSN: String?
    package var stopLSN: String?
    /// Of the cluster.
    package var size: ByteCount
    /// What this one added to the repository.
    package var added: ByteCount
    /// Pages whose checksum was wrong when it was taken.
    package var hasPageErrors: Bool
    /// The backups it cannot be restored without.
    package var needs: [String]
    /// Of `RepositoryInfo.clusters`.
    package var cluster: Int
    package var repository: Int

    package var duration: Duration { stopped - started }

    /// Whether a text can be the name of one, so that what is typed is never an option of pgBackRest.
    package static func isLabel(_ text: String) -> Bool {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        func isStamp(_ part: Substring, _ kinds: Set<UInt8>) -> Bool {
            let bytes = Array(part.utf8)
            guard bytes.count == 16, bytes[8] == UInt8(ascii: "-"), kinds.contains(bytes[15]) else { return false }
            return (bytes[0..<8] + bytes[9..<15]).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        guard let first = parts.first, isStamp(first, [UInt8(ascii: "F")]) else { return false }
        return parts.count == 1
            || (parts.count == 2 && isStamp(parts[1], [UInt8(ascii: "D"), UInt8(ascii: "I")]))
    }
}

/// How much of the cluster a physical backup copies (pgBackRest manual, "Backup": option type).
package enum PhysicalBackupType: String, Sendable, Codable, CaseIterable {
    case full
    /// What changed since the last full one.
    case differential
    /// What changed since the last one of any type.
    case incremental

    /// pgBackRest's word.
    package var word: String {
        switch self {
        case .full: "full"
        case .differential: "diff"
        case .incremental: "incr"
        }
    }
}

/// A backup as `info` has it.
struct StoredPhysicalBackup: Decodable {
    var label: String
    var type: String
    var error: Bool?
    var database: StoredOrigin
    var archive: Range
    var lsn: Range?
    var reference: [String]?
    var timestamp: Times
    var info: Info

    struct Range: Decodable {
        var start: String?
        var stop: String?
    }

    struct Times: Decodable {
        var start: Int64
        var stop: Int64
    }

    struct Info: Decodable {
        var size: Int64
        var repository: Share

        struct Share: Decodable { var delta: Int64 }
    }
}

extension PhysicalBackup {
    init(_ stored: StoredPhysicalBackup) {
        self.init(
            label: stored.label, type: PhysicalBackupType.allCases.first { $0.word == stored.type } ?? .full,
            started: Timestamp(microseconds: stored.timestamp.start * 1_000_000),
            stopped: Timestamp(microseconds: stored.timestamp.stop * 1_000_000), firstWAL: stored.archive.start,
            lastWAL: stored.archive.stop, startLSN: stored.lsn?.start, stopLSN: stored.lsn?.stop,
            size: ByteCount(stored.info.size), added: ByteCount(stored.info.repository.delta),
            hasPageErrors: stored.error ?? false, needs: stored.reference ?? [], cluster: stored.database.id,
            repository: stored.database.repository)
    }
}

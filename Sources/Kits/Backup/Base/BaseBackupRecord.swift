import Crypto
import Foundation
import Maintenance
import Outside

/// What is known of one base backup beside its files: whose it is, from where to where its log goes, and the SHA-256 of
/// PostgreSQL's own manifest, which has the checksum of every file. Signed, so that neither can be changed unseen.
package struct BaseBackupRecord: Codable, Hashable, Sendable {
    package static let format = "mainstay-basebackup/1"

    package var format = Self.format
    package var madeBy: String
    package var runID: String
    package var target: Target
    /// Made as pgBackRest's are: `20261121-020000F`, `20261121-020000F_20261122-020000I`.
    package var label: String
    package var type: PhysicalBackupType
    package var started: Timestamp
    package var stopped: Timestamp
    /// Of the cluster, from the control file that came with it.
    package var systemIdentifier: String
    /// PostgreSQL's major version.
    package var major: Int
    package var timeline: UInt32
    package var startLSN: String
    package var stopLSN: String
    /// Of all files as they lie here.
    package var stored: ByteCount
    /// Of the cluster that it brings back, as far as its manifests tell.
    package var size: ByteCount
    /// Of `backup_manifest`, 64 hexadecimal digits.
    package var manifestSHA256: String
    /// The backups it is combined with, the full one first.
    package var needs: [String]
    /// By their numbers: those that lie outside the data directory.
    package var tablespaces: [UInt32]
    /// As typed, without a password.
    package var commandLine: String

    /// - Parameters:
    ///   - moment: of its beginning.
    ///   - full: the label of the full one that it changes; nil for a full one.
    static func label(at moment: Timestamp, over full: String?) -> String {
        let digits = moment.iso8601.filter { $0.isNumber }
        let stamp = "\(digits.prefix(8))-\(digits.dropFirst(8).prefix(6))"
        return full.map { "\($0)_\(stamp)I" } ?? "\(stamp)F"
    }

    /// As a repository would list it.
    ///
    /// - Parameter cluster: the number its cluster goes by.
    func listed(_ cluster: Int) -> PhysicalBackup {
        PhysicalBackup(
            label: label, type: type, started: started, stopped: stopped, firstWAL: nil, lastWAL: nil,
            startLSN: startLSN, stopLSN: stopLSN, size: size, added: stored, hasPageErrors: false, needs: needs,
            cluster: cluster, repository: 1)
    }
}

/// PostgreSQL's `backup_manifest`, as far as a backup has to know it (PostgreSQL manual, "Backup Manifest Format").
struct ServerManifest: Decodable {
    var files: [File]
    var ranges: [Range]

    enum CodingKeys: String, CodingKey {
        case files = "Files"
        case ranges = "WAL-Ranges"
    }

    struct File: Decodable {
        var size: Int64

        enum CodingKeys: String, CodingKey { case size = "Size" }
    }

    /// The log without which the backup is not whole.
    struct Range: Decodable {
        var timeline: UInt32
        var start: String
        var end: String

        enum CodingKeys: String, CodingKey {
            case timeline = "Timeline"
            case start = "Start-LSN"
            case end = "End-LSN"
        }
    }

    /// A cluster of a million files has one of about 150 MB.
    private static let largest = 512 * 1_048_576

    /// With its SHA-256.
    ///
    /// - Throws: `BaseBackupError.manifest`, `FileError`.
    static func read(_ path: String) throws -> (manifest: ServerManifest, digest: String) {
        guard let bytes = try Descriptor.open(path).contents(limit: largest) else {
            throw FileError.tooLong(path: path, limit: ByteCount(Int64(largest)))
        }
        do {
            let manifest = try JSONDecoder().decode(ServerManifest.self, from: Data(bytes))
            return (manifest, Array(SHA256.hash(data: bytes)).hexadecimal)
        } catch let error as DecodingError {
            throw BaseBackupError.manifest(path: path, reason: error.short)
        }
    }
}

import Maintenance
import PostgreSQL

/// All that a backup is: where it came from, what is in it down to the last row, and every file with its checksum. It is
/// `manifest.json` of the backup's directory, signed (`BackupSignature`), and says all that a proof compares with.
package struct BackupManifest: Codable, Sendable, Hashable {
    /// Changes when a reader of the old one would misread the new one.
    package static let format = "mainstay-backup/1"

    package var format = Self.format
    package var id: BackupID
    /// Counted from 1 for each target; says which tenth of the bytes was read twice.
    package var number: Int
    /// `mainstay 0.1.0`.
    package var madeBy: String
    package var runID: String
    package var source: Source
    package var program: Program
    package var times: Times
    /// By name: every table with rows of its own, the leaves of partitioned tables among them.
    package var tables: [Table]
    package var sequences: [Sequence]
    package var largeObjects: LargeObjects
    package var catalog: Catalog
    package var roles: Roles
    package var extensions: [Extension]
    /// By path.
    package var files: [File]
    /// What is not in it or not compared, by name.
    package var uncovered: [Omission]
    /// What pg_dump said although it succeeded.
    package var notices: [String]
    /// Nil for one that was taken of the live database.
    package var extraction: Extraction?

    /// The listing of the schema, as it lies in the backup.
    ///
    /// - Parameter path: the backup's directory.
    /// - Throws: `RestoreError`, `FileError`, `BackupError`.
    package func listing(at path: String) throws -> [CatalogEntry] {
        try StoredCatalog(path: "\(path)/\(catalog.file)").entries()
    }

    /// Where it comes from that is no live database: its times are those of the moment it shows.
    package struct Extraction: Codable, Sendable, Hashable {
        /// The physical backup, by pgBackRest's name.
        package var backup: String
        package var moment: Timestamp
        /// How far the log was replayed.
        package var replayedTo: String?
        /// When it was really made.
        package var made: Timestamp
    }

    /// The database it was taken of.
    package struct Source: Codable, Sendable, Hashable {
        package var target: Target
        /// `host:port/database`, without a password.
        package var address: String
        package var database: String
        package var databaseOID: UInt32
        /// Nil where the role may not ask.
        package var systemIdentifier: String?
        /// As `server_version_num`: 150018.
        package var serverVersion: Int
        package var isStandby: Bool
        package var encoding: String
        package var collation: String
        package var characterType: String
        /// `c`, `i` (ICU) or `b` (built in), as `pg_database.datlocprovider`.
        package var localeProvider: String
        package var locale: String?
        /// Nil for the cluster's default one.
        package var tablespace: String?
        /// All that the database takes on the disk, indexes too.
        package var size: ByteCount
    }

    package struct Program: Codable, Sendable, Hashable {
        /// Of pg_dump, as `server_version_num`; a pg_restore of at least this major version reads it.
        package var version: Int
        /// As typed, without a password.
        package var commandLine: String
    }

    package struct Times: Codable, Sendable, Hashable {
        package var started: Timestamp
        /// When the snapshot was taken: what was committed before is in the backup, what came later is not.
        package var snapshot: Timestamp
        /// When pg_dump had ended and the snapshot was let go.
        package var released: Timestamp
        package var finished: Timestamp

        /// How long rows that die had to stay for us.
        package var snapshotAge: Duration { released - snapshot }
        package var duration: Duration { finished - started }
    }

    package struct Table: Codable, Sendable, Hashable {
        package var name: QualifiedName
        package var oid: UInt32
        /// In the order of the file; generated ones are not in it.
        package var columns: [String]
        /// Of the rows as pg_dump wrote them.
        package var digest: RowDigest
        /// Whether a COPY of our own in the same snapshot gave the same digest.
        package var isReadTwice: Bool
        /// Its path among `files`.
        package var file: String
    }

    /// Sequences live outside every snapshot, so that pg_dump reads them at an unknown moment between these two.
    package struct Sequence: Codable, Sendable, Hashable {
        package var name: QualifiedName
        package var oid: UInt32
        package var increment: Int64
        package var isCycling: Bool
        package var before: State
        package var after: State

        package struct State: Codable, Sendable, Hashable {
            package var value: Int64
            package var isCalled: Bool

            package init(value: Int64, isCalled: Bool) {
                self.value = value
                self.isCalled = isCalled
            }
        }
    }

    package struct LargeObjects: Codable, Sendable, Hashable {
        package var digest: LargeObjectDigest
        /// Their files, `blobs.toc` among them; empty where there are none.
        package var files: [String]
    }

    /// The listing of the schema (`CatalogListing`), as it was in the snapshot.
    package struct Catalog: Codable, Sendable, Hashable {
        package var version: Int
        package var entries: Int
        package var digest: CatalogDigest
        package var file: String
    }

    package struct Roles: Codable, Sendable, Hashable {
        package enum Origin: String, Codable, Sendable {
            case program = "pg_dumpall"
            /// Where pg_dumpall was not allowed to read them.
            case catalog
        }

        package var origin: Origin
        /// All of the cluster's, without the predefined ones.
        package var names: [String]
        package var file: String
    }

    package struct Extension: Codable, Sendable, Hashable {
        package var name: String
        package var version: String
    }

    package struct File: Codable, Sendable, Hashable {
        /// Relative to the backup's directory: `database/3021.dat.zst`.
        package var path: String
        package var size: ByteCount
        /// 64 hexadecimal digits.
        package var sha256: String
        /// Before compression; nil for a file that is not compressed.
        package var expanded: ByteCount?
    }

    /// Something that is not in the backup, or in it and not compared by content.
    package struct Omission: Codable, Sendable, Hashable {
        /// `materialised view`, `foreign table`, `invalid index`, `planner statistics`, ….
        package var kind: String
        /// Nil for the whole class.
        package var name: String?
        package var reason: String

        package init(kind: String, name: String? = nil, reason: String) {
            self.kind = kind
            self.name = name
            self.reason = reason
        }
    }

    /// All rows of all tables.
    package var rows: UInt64 { tables.reduce(0) { $0 + $1.digest.rows } }
    /// Of the rows, as text.
    package var contentBytes: ByteCount { ByteCount(Int64(tables.reduce(0) { $0 + $1.digest.bytes })) }
    /// All files together.
    package var storedBytes: ByteCount { ByteCount(files.reduce(0) { $0 + $1.size.bytes }) }
    /// The part of the rows' bytes that was read twice.
    package var readTwice: Percentage? {
        guard contentBytes.bytes > 0 else { return nil }
        let read = tables.filter(\.isReadTwice).reduce(0) { $0 + $1.digest.bytes }
        return Percentage(Double(read) / Double(contentBytes.bytes) * 100)
    }
}

import Foundation
import Maintenance

/// What `pgbackrest --output=json info` says of one stanza (pgBackRest 2.45, command "info").
package struct RepositoryInfo: Sendable, Hashable {
    package var stanza: String
    /// Of the whole stanza: 0 is well.
    package var status: Status
    /// The oldest first.
    package var backups: [PhysicalBackup]
    package var archives: [Archive]
    /// The clusters this stanza was ever of, of each repository the present one last.
    package var clusters: [Cluster]
    package var repositories: [Repository]
    /// Whether a backup is being taken right now.
    package var isBusy: Bool

    package struct Status: Sendable, Hashable, Decodable {
        package var code: Int
        package var message: String

        package var isWell: Bool { code == 0 }
    }

    package struct Cluster: Sendable, Hashable {
        package var id: Int
        /// Each repository counts the clusters it saw for itself.
        package var repository: Int
        /// As `pg_controldata` has it.
        package var systemIdentifier: String
        /// PostgreSQL's major version: `15`.
        package var version: String
    }

    /// The WAL of one cluster in one repository.
    package struct Archive: Sendable, Hashable {
        /// `15-1`, its directory.
        package var id: String
        package var cluster: Int
        package var repository: Int
        /// Names of segments; nil where there is none.
        package var oldest: String?
        package var newest: String?
    }

    package struct Repository: Sendable, Hashable {
        package var key: Int
        /// `none` for what is not encrypted.
        package var cipher: String
        package var status: Status
    }

    package subscript(label: String) -> PhysicalBackup? { backups.first { $0.label == label } }

    package var newest: PhysicalBackup? { backups.last }

    /// Of which cluster a backup is.
    package func cluster(of backup: PhysicalBackup) -> Cluster? {
        clusters.first { $0.id == backup.cluster && $0.repository == backup.repository }
    }

    /// What each repository takes the stanza to be of now.
    package var present: [Cluster] {
        repositories.compactMap { repository in clusters.last { $0.repository == repository.key } }
    }

    package func archive(of backup: PhysicalBackup) -> Archive? {
        archives.first { $0.cluster == backup.cluster && $0.repository == backup.repository }
    }

    /// The first thing that is not well, in pgBackRest's words; nil where everything is.
    package var trouble: PhysicalError? {
        // A repository says what it is; the stanza only that something is.
        let bad = repositories.map(\.status) + [status]
        return bad.first { !$0.isWell }.map(error)
    }

    /// What is not well with the repository a backup is in; the trouble of another one is none of this backup's.
    package func trouble(around backup: PhysicalBackup) -> PhysicalError? {
        repositories.first { $0.key == backup.repository && !$0.status.isWell }.map { error($0.status) }
    }

    private func error(_ status: Status) -> PhysicalError {
        .stanza(stanza, code: status.code, message: status.message.firstLine)
    }

    /// What is no answer of pgBackRest, and told as if it were.
    init(
        stanza: String, status: Status, backups: [PhysicalBackup], archives: [Archive], clusters: [Cluster],
        repositories: [Repository], isBusy: Bool
    ) {
        self.stanza = stanza
        self.status = status
        self.backups = backups
        self.archives = archives
        self.clusters = clusters
        self.repositories = repositories
        self.isBusy = isBusy
    }

    /// - Throws: `PhysicalError.unreadable`, `.stanza` where there is no such stanza.
    package init(_ output: [UInt8], stanza: String) throws(PhysicalError) {
        let answer: [Answer]
        do {
            answer = try JSONDecoder().decode([Answer].self, from: Data(Self.readable(output)))
        } catch let error as DecodingError {
            throw .unreadable(command: "info", reason: error.short)
        } catch {
            throw .unreadable(command: "info", reason: error.localizedDescription)
        }
        guard let own = answer.first(where: { $0.name == stanza }) else {
            throw .stanza(stanza, code: 1, message: "there is no such stanza in the repository")
        }
        self.stanza = stanza
        status = Status(code: own.status.code, message: own.status.message)
        isBusy = own.status.lock?.backup.held ?? false
        backups = own.backup.map(PhysicalBackup.init)
        archives = own.archive.map {
            Archive(
                id: $0.id, cluster: $0.database.id, repository: $0.database.repository, oldest: $0.min, newest: $0.max)
        }
        clusters = own.db.map {
            Cluster(id: $0.id, repository: $0.repository, systemIdentifier: String($0.system), version: $0.version)
        }
        repositories = own.repo.map { Repository(key: $0.key, cipher: $0.cipher, status: $0.status) }
    }

    /// With a wrong key pgBackRest quotes what it deciphered, bytes that no JSON may hold (2.45, *tried*): U+FFFD and
    /// blanks in their place, so that what it says around them can be read.
    private static func readable(_ output: [UInt8]) -> [UInt8] {
        String(decoding: output, as: UTF8.self).utf8.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 }
    }

    private struct Answer: Decodable {
        var name: String
        var status: StoredStatus
        var archive: [StoredArchive]
        var backup: [StoredPhysicalBackup]
        var db: [StoredCluster]
        var repo: [StoredRepository]
    }

    private struct StoredStatus: Decodable {
        var code: Int
        var message: String
        var lock: Lock?

        struct Lock: Decodable {
            var backup: Held

            struct Held: Decodable { var held: Bool }
        }
    }

    private struct StoredArchive: Decodable {
        var id: String
        var database: StoredOrigin
        var min: String?
        var max: String?
    }

    private struct StoredCluster: Decodable {
        var id: Int
        var repository: Int
        var system: UInt64
        var version: String

        enum CodingKeys: String, CodingKey {
            case id, version
            case repository = "repo-key"
            case system = "system-id"
        }
    }

    private struct StoredRepository: Decodable {
        var key: Int
        var cipher: String
        var status: Status
    }
}

/// Of which cluster, in which repository.
struct StoredOrigin: Decodable {
    var id: Int
    var repository: Int

    enum CodingKeys: String, CodingKey {
        case id
        case repository = "repo-key"
    }
}

extension String {
    /// pgBackRest's messages go on with the same again and with hints.
    var firstLine: String { split(whereSeparator: \.isNewline).first.map { String($0.prefix(300)) } ?? self }
}

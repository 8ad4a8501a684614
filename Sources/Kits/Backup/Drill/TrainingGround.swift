import Foundation
import Maintenance
import Outside
import PostgreSQL

/// A server for somebody to practise a restore on: filled from a backup, with something lost, and left running until it is
/// ended. What was in it before is known by digest.
package struct TrainingGround: Sendable {
    package let folder: BackupFolder
    package let key: BackupKey
    package let programs: Programs
    /// Its own, so that nobody who tidies up private servers ends it on the way.
    package let directory: String
    package var jobs = 2
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ folder: BackupFolder, key: BackupKey, directory: String, programs: Programs) {
        self.folder = folder
        self.key = key
        self.directory = directory
        self.programs = programs
    }

    /// What is lost on purpose.
    package enum Loss: String, Codable, Sendable, CaseIterable {
        /// The whole database.
        case database
        /// Every row of its largest table, and of those that hang on it.
        case rows
    }

    /// How to reach it, and what has to be in it in the end.
    package struct Made: Codable, Hashable, Sendable {
        package var socketDirectory: String
        package var port: Int
        package var user: String
        package var database: String
        package var server: String
        package var expected: DatabaseDigest
        /// What was lost, for whoever asks afterwards. Hostile text.
        package var lost: String
    }

    /// - Throws: `TrainingError`, `BackupError`, `ClusterError`, `PostgreSQLError`, `ProgramError`; no server is left then.
    package func make(_ id: BackupID, losing loss: Loss) async throws -> Made {
        let manifest = try await Blocking().run { _ in try folder.believed(id, key: key) }.manifest
        let requirements = ProofRequirements(backup: manifest.outline)
        let place = directory
        let gaps = try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            return try requirements.gaps(inWorkDirectory: place)
        }
        if let gap = gaps.first { throw FailoverError.lacking(gap.problem, hint: gap.hint) }
        let server = try await ServerPrograms.find(major: requirements.major, with: programs)
        tell("starting a private PostgreSQL \(server.version) to practise on")
        let cluster = try await ProofCluster.start(
            server, for: manifest.outline, in: place, jobs: jobs, with: programs)
        do {
            return try await fill(cluster, manifest, losing: loss)
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try cluster.destroy() } } catch {}
            throw error
        }
    }

    private func fill(
        _ cluster: ProofCluster, _ manifest: BackupManifest, losing loss: Loss
    ) async throws -> Made {
        let path = folder.path(of: manifest.id)
        let input = try await Blocking().run { _ in try RestoreInput(manifest, at: path) }
        let database = manifest.source.database
        tell("restoring \(manifest.source.size)")
        let restore = Restore(cluster: cluster, source: input.source, database: database, programs: programs)
        let roles = try await restore.roles(input.roles)
        let outcome = try await restore.run()
        if let complaint = (roles.all + outcome.complaints).first {
            throw FailoverError.notRestored(manifest.id, reason: complaint.text)
        }
        let expected = try await Self.digest(cluster.address(database), jobs: jobs)
        let lost: String
        switch loss {
        case .database:
            try await Connection.with(cluster.address(cluster.entrance), .unlimited()) { connection in
                _ = try await connection.execute("drop database \(identifier: database) with (force)")
            }
            lost = "the database '\(database)'"
        case .rows:
            guard let table = expected.tables.max(by: { $0.digest.rows < $1.digest.rows }), table.digest.rows > 0 else {
                throw TrainingError.nothingToLose(manifest.id)
            }
            try await Connection.with(cluster.address(database), .unlimited()) { connection in
                _ = try await connection.execute("truncate \(relation: table.name) cascade")
            }
            lost = "every row of \(table.name), and of what hangs on it"
        }
        let address = cluster.cluster.address()
        return Made(
            socketDirectory: cluster.cluster.socketDirectory, port: cluster.cluster.options.port,
            user: address.user ?? "", database: database, server: "PostgreSQL \(cluster.cluster.server.version)",
            expected: expected, lost: lost)
    }

    private static func digest(_ address: DatabaseAddress, jobs: Int) async throws -> DatabaseDigest {
        try await DatabaseSnapshot.with(address, connections: max(1, jobs)) { try await $0.digest() }
    }

    /// What is not as it was, each in one clause; empty where everything is back.
    ///
    /// - Throws: `PostgreSQLError` where the server is gone.
    package func differences(from made: Made) async throws -> [String] {
        let address = DatabaseAddress(
            host: made.socketDirectory, port: made.port, database: made.database, user: made.user)
        let found: DatabaseDigest
        do {
            found = try await Self.digest(address.with(options: RestoreSettings.inProof), jobs: jobs)
        } catch let error as PostgreSQLError {
            // 3D000, invalid_catalog_name.
            guard error.sqlState == "3D000" || error.problem.containsBytes("does not exist") else { throw error }
            return ["there is no database '\(made.database)'"]
        }
        return found.differences(from: made.expected).map { table, ours, theirs in
            switch (ours, theirs) {
            case (nil, _): "\(table) is missing"
            case (_, nil): "\(table) was not there before"
            case (let ours?, let theirs?) where ours.rows != theirs.rows:
                "\(table) has \(ours.rows) rows, and had \(theirs.rows)"
            default: "the rows of \(table) are not what they were"
            }
        }
    }

    /// Ends the server and removes all its files.
    ///
    /// - Throws: `ClusterError`, `FileError`.
    package func end() async throws {
        let place = directory
        try await Blocking().runToEnd {
            guard FileManager.default.fileExists(atPath: place) else { return }
            try PrivateCluster.sweep(place)
            try FileManager.default.removeItem(atPath: place)
        }
    }

    package var isGone: Bool { !FileManager.default.fileExists(atPath: directory) }
}

/// A training that cannot be held.
package enum TrainingError: MaintenanceError, Hashable {
    case nothingToLose(BackupID)

    package var code: String { "dr.training-empty" }
    package var problem: String {
        switch self {
        case .nothingToLose(let id): "backup \(id) has no table with rows that could be lost"
        }
    }
    package var hint: String? { "Practise with '--scenario=database-failure'." }
}

import Foundation
import Maintenance
import Outside
import PostgreSQL

/// A failover, for real and among servers of our own: a primary filled from a backup, a standby that streams from it, a
/// light load of numbered commits; then the primary is ended as a crash would end it, the standby is promoted, and the old
/// primary is rewound and follows the new one.
///
/// What it measures is what PostgreSQL needs at this size. The time until somebody notices and decides, and until clients
/// find the new address, is not in it.
package struct FailoverRehearsal: Sendable {
    package let folder: BackupFolder
    package let key: BackupKey
    package let workDirectory: String
    package let programs: Programs
    /// Whether a commit waits for the standby.
    package var isSynchronous = false
    /// Between two commits of the load.
    package var pace: Duration = .milliseconds(5)
    /// How long the load goes on before the primary ends.
    package var span: Duration = .seconds(3)
    package var jobs = 2
    /// Looked into before the usual places of PostgreSQL's programs.
    package var serverDirectories: [String] = []
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ folder: BackupFolder, key: BackupKey, workDirectory: String, programs: Programs) {
        self.folder = folder
        self.key = key
        self.workDirectory = workDirectory
        self.programs = programs
    }

    var clock: WallClock { programs.clock }

    package struct Result: Sendable {
        package var part: DrillCertificate.Part
        /// Nil where it was not come to.
        package var outcome: FailoverOutcome?
    }

    /// - Throws: `FailoverError`, `BackupError`, `ClusterError`, `PostgreSQLError`, `ProgramError`, `CancellationError`.
    package func run(_ id: BackupID) async throws -> Result {
        let manifest = try await Blocking().run { _ in try folder.believed(id, key: key) }.manifest
        var part = DrillCertificate.Part(
            kind: .database, name: id.description, source: "the directory \(folder.path)",
            asOf: manifest.times.snapshot)
        part.content = "\("table".counted(manifest.tables.count)), \("row".counted(Int(clamping: manifest.rows)))"
        let requirements = ProofRequirements(backup: manifest.outline)
        let work = workDirectory
        let gaps = try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
            return try requirements.gaps(inWorkDirectory: work)
        }
        guard gaps.isEmpty else {
            part.problems = gaps.map(\.problem)
            return Result(part: part)
        }
        let server = try await ServerPrograms.find(major: requirements.major, in: serverDirectories, with: programs)
        tell("starting a private PostgreSQL \(server.version) as the primary")
        let began = clock.monotonic()
        let primary = try await ProofCluster.start(
            server, for: manifest.outline, in: work, jobs: jobs, more: Self.settings, with: programs)
        do {
            try await restore(manifest, requirements, into: primary)
            part.phases.append(.init("restore", (clock.monotonic() - began).inSeconds, isRecovery: false))
            let result = try await failOver(from: primary, manifest.source.database, part)
            try await Blocking().runToEnd { try primary.destroy() }
            return result
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try primary.destroy() } } catch {}
            try Task.checkCancellation()
            throw error
        }
    }

    /// What both servers need to stream, and the old primary to be rewound (PostgreSQL manual, "pg_rewind": Requirements).
    static let settings = [
        "wal_level": "replica", "max_wal_senders": "10", "max_replication_slots": "10", "wal_log_hints": "on",
        "full_page_writes": "on", "hot_standby": "on", "synchronous_commit": "on", "wal_keep_size": "1GB",
        "wal_receiver_status_interval": "1s", "restart_after_crash": "off", "timezone": "UTC",
    ]

    /// What it is called in pg_stat_replication.
    static let standbyName = "mainstay_standby"

    private func restore(
        _ manifest: BackupManifest, _ requirements: ProofRequirements, into primary: ProofCluster
    ) async throws {
        let path = folder.path(of: manifest.id)
        let input = try await Blocking().run { _ in try RestoreInput(manifest, at: path) }
        let (gaps, _) = try await Connection.with(primary.address(primary.entrance), .unlimited()) { connection in
            try await requirements.gaps(
                on: PostgreSQLVersion(number: await connection.serverVersion), input.collations
            ) { try await connection.query($0.sql) }
        }
        if let gap = gaps.first { throw FailoverError.lacking(gap.problem, hint: gap.hint) }
        tell("restoring \(manifest.source.size) into the primary")
        let restore = Restore(
            cluster: primary, source: input.source, database: manifest.source.database, programs: programs)
        let roles = try await restore.roles(input.roles)
        let outcome = try await restore.run()
        if let complaint = (roles.all + outcome.complaints).first {
            throw FailoverError.notRestored(manifest.id, reason: complaint.text)
        }
    }

    private func failOver(
        from primary: ProofCluster, _ database: String, _ restored: DrillCertificate.Part
    ) async throws -> Result {
        var part = restored
        tell("making a standby with pg_basebackup")
        var began = clock.monotonic()
        let standby = try await StandbyCluster(rehearsal: self, primary: primary.cluster, database: database).make()
        part.phases.append(.init("pg_basebackup", (clock.monotonic() - began).inSeconds, isRecovery: false))
        do {
            began = clock.monotonic()
            let outcome = try await FailoverSteps(
                rehearsal: self, primary: primary.cluster, standby: standby, database: database
            ).run(&part)
            part.standing = outcome.differences.isEmpty ? .proved : .refuted
            part.problems = outcome.differences
            part.comparisons = [
                "every acknowledged commit was looked for on the new primary by its number",
                "every row of every table of the old and the new primary by digest, when the old one followed again",
            ]
            part.uncovered = [
                "the live servers: their network, their load, what routes clients to the primary",
                "the time until somebody notices, decides, and clients find the new address",
            ]
            try await Blocking().runToEnd { try standby.destroy() }
            return Result(part: part, outcome: outcome)
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try standby.destroy() } } catch {}
            throw error
        }
    }
}

/// A rehearsal of a failover that did not come to its end.
package enum FailoverError: MaintenanceError, Hashable {
    case lacking(String, hint: String?)
    case notRestored(BackupID, reason: String)
    /// Something that has to happen did not, in the time it has.
    case didNot(String, after: Duration)
    case noCommit

    package var code: String {
        switch self {
        case .lacking: "dr.failover-lacking"
        case .notRestored: "dr.failover-not-restored"
        case .didNot: "dr.failover-stuck"
        case .noCommit: "dr.failover-no-commit"
        }
    }

    package var problem: String {
        switch self {
        case .lacking(let problem, _): problem
        case .notRestored(let id, let reason):
            "backup \(id) cannot be restored for a rehearsal: \(reason.printable)"
        case .didNot(let what, let limit): "\(what) within \(limit.short)"
        case .noCommit: "the primary acknowledged no commit before it was ended"
        }
    }

    package var hint: String? {
        switch self {
        case .lacking(_, let hint): hint
        case .notRestored: "Prove it: mainstay backup verify"
        case .didNot, .noCommit: nil
        }
    }
}

import Crypto
import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Proves one backup: its files are as they were written, it restores without an error, and what it restores equals what
/// was dumped. Everything happens in a private cluster of its own that is gone afterwards, however it ends.
package struct BackupProof: Sendable {
    package var folder: BackupFolder
    package var key: BackupKey
    package var programs: Programs
    /// Where the private cluster goes.
    package var workDirectory: String
    package var runID: String
    /// How long its certificate counts.
    package var countsFor: Duration
    package var jobs = 2
    /// Where servers are looked for before the usual places.
    package var serverDirectories: [String] = []
    /// Told what it is busy with.
    package var tell: @Sendable (String) -> Void = { _ in }
    /// Called between restore and comparison: tests alter the database there.
    var restored: @Sendable (DatabaseAddress) async throws -> Void = { _ in }

    package init(
        _ folder: BackupFolder, key: BackupKey, workDirectory: String, runID: String, countsFor: Duration,
        programs: Programs
    ) {
        self.folder = folder
        self.key = key
        self.workDirectory = workDirectory
        self.runID = runID
        self.countsFor = countsFor
        self.programs = programs
    }

    private var clock: WallClock { programs.clock }

    /// The certificate, whatever its verdict; the caller keeps it.
    ///
    /// - Throws: `BackupError` where there is no manifest to believe, `CancellationError`, and what says nothing about
    ///   the backup: `ClusterError`, `PostgreSQLError`, `ProgramError`, `FileError`.
    package func run(_ id: BackupID) async throws -> Certificate {
        let blocking = Blocking(label: "mainstay.proof")
        let began = clock.now()
        let (manifest, digest) = try await blocking.run { _ in
            let manifest = try folder.manifest(of: id, key: key)
            let file = try Descriptor.open("\(folder.path(of: id))/\(BackupLayout.manifest)")
            let bytes = try file.contents(limit: BackupFolder.largestManifest) ?? []
            return (manifest, Array(SHA256.hash(data: bytes)).hexadecimal)
        }
        var result = Progress(began: began)
        try await prove(manifest, &result, blocking)
        return certificate(manifest, digest, result)
    }

    /// What is known so far.
    fileprivate struct Progress {
        var comparison = Comparison()
        var times: Certificate.Times
        var restore: Certificate.Restore?

        init(began: Timestamp) { times = Certificate.Times(began: began, ended: began) }

        var isHopeless: Bool { !comparison.gaps.isEmpty || !comparison.differences.isEmpty }
    }

    private func prove(_ manifest: BackupManifest, _ result: inout Progress, _ blocking: Blocking) async throws {
        let path = folder.path(of: manifest.id)
        tell("checksums of \(manifest.files.count) files, \(manifest.storedBytes)")
        var checksums = Checksums(manifest, at: path)
        checksums.width = jobs
        let (problems, seconds) = try await timed { try await checksums.problems() }
        result.times.checksums = seconds
        result.comparison.differences = problems.map {
            .init(kind: "file", name: $0.path, problem: $0.clause)
        }
        result.comparison.parts = [
            .init(
                kind: "files", count: manifest.files.count,
                method: "length and SHA-256 of each, and that there is no other; the manifest by its signature",
                seconds: seconds)
        ]
        guard !result.isHopeless else { return }

        let requirements = ProofRequirements(manifest: manifest)
        let work = workDirectory
        result.comparison.gaps = try await blocking.run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
            return try requirements.gaps(inWorkDirectory: work)
        }
        let server: ServerPrograms
        do {
            server = try await ServerPrograms.find(
                major: requirements.major, in: serverDirectories, with: programs)
        } catch let error as ProgramError {
            result.comparison.gaps.append(.init(error.problem, hint: error.hint))
            return
        }
        guard !result.isHopeless else { return }

        tell("starting a private PostgreSQL \(server.version)")
        let (cluster, start) = try await timed {
            try await ProofCluster.start(server, for: manifest, in: work, jobs: jobs, with: programs)
        }
        result.times.cluster = start
        do {
            try await restore(manifest, into: cluster, &result, checksums, blocking)
            try await blocking.runToEnd { try cluster.destroy() }
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await blocking.runToEnd { try cluster.destroy() } } catch {}
            try Task.checkCancellation()
            throw error
        }
    }

    private func restore(
        _ manifest: BackupManifest, into cluster: ProofCluster, _ result: inout Progress, _ checksums: Checksums,
        _ blocking: Blocking
    ) async throws {
        let requirements = ProofRequirements(manifest: manifest)
        let path = folder.path(of: manifest.id)
        let catalog = StoredCatalog(path: "\(path)/\(manifest.catalog.file)")
        let collations = try await blocking.run { _ in try catalog.collations() }
        let (gaps, notes) = try await Connection.with(cluster.address(cluster.entrance), .unlimited()) {
            try await requirements.gaps(in: $0, collations)
        }
        result.comparison.gaps += gaps
        result.comparison.notes += notes
        guard !result.isHopeless else { return }

        tell("restoring \(manifest.source.size) with \(max(2, jobs)) jobs")
        let roles = try await blocking.run { _ in try checksums.believed(manifest.roles.file) }
        let run = Restore(
            cluster: cluster, source: try StoredBackup(manifest, at: path), database: manifest.source.database,
            programs: programs)
        let began = clock.monotonic()
        let complaints = try await run.roles(roles)
        do {
            let outcome = try await run.run()
            result.add(complaints, outcome, cluster)
        } catch let error as RestoreError {
            result.comparison.differences.append(.init(kind: "restore", problem: error.problem))
            result.times.restore = (clock.monotonic() - began).inSeconds
            return
        }
        result.times.restore = (clock.monotonic() - began).inSeconds

        let address = cluster.address(manifest.source.database)
        try await restored(address)
        tell("comparing \(manifest.tables.count) tables, \(manifest.contentBytes) of rows")
        do {
            let database = RestoredDatabase(manifest, at: address, connections: jobs, clock: clock)
            let (comparison, seconds) = try await timed {
                try await database.comparison { try await blocking.run { _ in try catalog.entries() } }
            }
            result.comparison = result.comparison + comparison
            result.times.comparison = seconds
        } catch let error as PostgreSQLError {
            // A server that is gone says nothing about the backup; a database that is missing or cannot be read does.
            switch error {
            case .cancelled, .connectionLost, .closed, .unreachable, .serverNotReady, .timedOut, .tooManyConnections:
                throw error
            default: break
            }
            result.comparison.differences.append(
                .init(kind: "restore", problem: "the restored database cannot be compared: \(error.problem)"))
        }
    }

    private func timed<Value>(_ body: () async throws -> Value) async throws -> (Value, Double) {
        let began = clock.monotonic()
        let value = try await body()
        return (value, (clock.monotonic() - began).inSeconds)
    }

    private func certificate(_ manifest: BackupManifest, _ digest: String, _ result: Progress) -> Certificate {
        var times = result.times
        times.ended = clock.now()
        let comparison = result.comparison
        return Certificate(
            madeBy: Release.name, runID: runID, backup: manifest.id,
            verdict: !comparison.gaps.isEmpty ? .unproven : comparison.differences.isEmpty ? .proved : .refuted,
            gaps: comparison.gaps, differences: Array(comparison.differences.prefix(Certificate.most)),
            differenceCount: comparison.differences.count, source: manifest.source,
            snapshot: manifest.times.snapshot, manifestSHA256: digest, content: Certificate.Content(manifest),
            times: times, restore: result.restore, parts: comparison.parts, notes: comparison.notes,
            uncovered: manifest.uncovered, countsUntil: times.ended + countsFor)
    }
}

extension BackupProof.Progress {
    /// Every complaint is a difference, unless it is about what this host lacks.
    fileprivate mutating func add(_ roles: Complaints, _ outcome: Restore.Outcome, _ cluster: ProofCluster) {
        let complaints = roles.all + outcome.complaints
        let version = cluster.cluster.server.version
        restore = Certificate.Restore(
            server: "PostgreSQL \(version)", commandLine: outcome.commandLine, jobs: max(2, cluster.jobs),
            complaints: complaints, complaintCount: roles.count + outcome.count)
        for complaint in complaints {
            if let gap = complaint.gap(major: version.major) {
                if !comparison.gaps.contains(gap) { comparison.gaps.append(gap) }
            } else {
                comparison.differences.append(
                    .init(kind: "restore", name: complaint.entry, problem: "\(complaint.program): \(complaint.text)"))
            }
        }
        let dropped = roles.count + outcome.count - complaints.count
        if dropped > 0 {
            comparison.differences.append(.init(kind: "restore", problem: "\(dropped) more errors"))
        }
    }
}

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
    /// What else must be so in what was restored.
    package var assertions: [Assertion] = []
    package var smokeTest: SmokeTest?
    /// The part of the rows that is restored; nil for all of them.
    package var part: RotationPart?
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

    var clock: WallClock { programs.clock }

    /// The certificate, whatever its verdict; the caller keeps it.
    ///
    /// - Throws: `BackupError` where there is no manifest to believe, `CancellationError`, and what says nothing about
    ///   the backup: `ClusterError`, `PostgreSQLError`, `ProgramError`, `FileError`.
    package func run(_ id: BackupID) async throws -> Certificate {
        var progress = Progress(began: clock.now())
        let believed = try await believe(id)
        let manifest = believed.manifest
        let earlier = try await earlier(believed)
        try await checksums(manifest, &progress)
        if !progress.isHopeless {
            var outline = manifest.outline
            if let part { outline.source.size = part.size(of: manifest) }
            try await withCluster(for: outline, &progress) { cluster, progress in
                let content = try await content(of: manifest, cluster)
                progress.omissions = content?.omissions(of: manifest) ?? []
                let path = folder.path(of: id)
                var input = try await blocking.run { _ in try RestoreInput(manifest, at: path, content) }
                input.outline = outline
                if try await restore(input, into: cluster, &progress) {
                    try await compare(manifest, content, in: cluster, &progress)
                }
            }
        }
        return certificate(believed, progress, earlier)
    }

    /// Restores a backup while it is being made, and proves it when it is whole.
    ///
    /// - Returns: nil where the backup failed, and where its list of contents was not the last word yet.
    /// - Throws: as `run(_:)`.
    func run(beside growing: GrowingBackup) async throws -> Certificate? {
        var progress = Progress(began: clock.now())
        guard let beginning = try await growing.beginning() else { return nil }
        var believed: BelievedBackup?
        try await withCluster(for: beginning.outline, &progress) { cluster, progress in
            let input = RestoreInput(
                outline: beginning.outline, roles: beginning.roles, collations: beginning.collations,
                source: GrowingBackup.Source(backup: growing, beginning: beginning))
            let isRestored = try await restore(input, into: cluster, &progress)
            guard let id = try await growing.whole() else { return }
            let whole = try await believe(id)
            guard whole.manifest.hasContents(beginning.contentsDigest) else { return }
            believed = whole
            try await checksums(whole.manifest, &progress)
            if isRestored, !progress.isHopeless { try await compare(whole.manifest, nil, in: cluster, &progress) }
        }
        // What this host lacks is known before anything is restored.
        if believed == nil, progress.isHopeless, let id = try await growing.whole() { believed = try await believe(id) }
        return believed.map { certificate($0, progress, []) }
    }

    var blocking: Blocking { Blocking(label: "mainstay.proof") }

    /// What is known so far.
    struct Progress {
        var comparison = Comparison()
        var times: Certificate.Times
        var restore: Certificate.Restore?
        var assertions: [Assertion.Outcome]?
        var smokeTest: SmokeTest.Outcome?
        /// What was left out on purpose.
        var omissions: [BackupManifest.Omission] = []

        init(began: Timestamp) { times = Certificate.Times(began: began, ended: began) }

        var isHopeless: Bool { !comparison.gaps.isEmpty || !comparison.differences.isEmpty }
    }

    func believe(_ id: BackupID) async throws -> BelievedBackup {
        try await blocking.run { _ in try folder.believed(id, key: key) }
    }

    func checksums(_ manifest: BackupManifest, _ progress: inout Progress) async throws {
        tell("checksums of \("file".counted(manifest.files.count)), \(manifest.storedBytes)")
        var checksums = Checksums(manifest, at: folder.path(of: manifest.id))
        checksums.width = jobs
        let (problems, seconds) = try await timed { try await checksums.problems() }
        progress.times.checksums = seconds
        progress.comparison.differences += problems.map {
            .init(kind: "file", name: $0.path, problem: $0.clause)
        }
        progress.comparison.parts.append(
            .init(
                kind: "files", count: manifest.files.count,
                method: "length and SHA-256 of each, and that there is no other; the manifest by its signature",
                seconds: seconds))
    }

    /// Starts the server that the backup is restored into, and ends it however `body` ends. Where this host lacks
    /// something, that is in the progress and `body` is not called.
    func withCluster(
        for backup: BackupOutline, _ progress: inout Progress,
        _ body: (ProofCluster, inout Progress) async throws -> Void
    ) async throws {
        let requirements = ProofRequirements(backup: backup)
        let work = workDirectory
        progress.comparison.gaps = try await blocking.run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
            return try requirements.gaps(inWorkDirectory: work)
        }
        let server: ServerPrograms
        do {
            server = try await ServerPrograms.find(
                major: requirements.major, in: serverDirectories, with: programs)
        } catch let error as ProgramError {
            progress.comparison.gaps.append(.init(error.problem, hint: error.hint))
            return
        }
        guard !progress.isHopeless else { return }

        tell("starting a private PostgreSQL \(server.version)")
        let (cluster, start) = try await timed {
            try await ProofCluster.start(server, for: backup, in: work, jobs: jobs, with: programs)
        }
        progress.times.cluster = start
        do {
            try await body(cluster, &progress)
            try await blocking.runToEnd { try cluster.destroy() }
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await blocking.runToEnd { try cluster.destroy() } } catch {}
            try Task.checkCancellation()
            throw error
        }
    }

    /// - Returns: whether there is something to compare.
    func restore(_ input: RestoreInput, into cluster: ProofCluster, _ progress: inout Progress) async throws
        -> Bool
    {
        let requirements = ProofRequirements(backup: input.outline)
        let (gaps, notes) = try await Connection.with(cluster.address(cluster.entrance), .unlimited()) {
            connection in
            try await requirements.gaps(
                on: PostgreSQLVersion(number: await connection.serverVersion), input.collations
            ) { try await connection.query($0.sql) }
        }
        progress.comparison.gaps += gaps
        progress.comparison.notes += notes
        guard !progress.isHopeless else { return false }

        tell("restoring \(input.outline.source.size) with \(max(2, jobs)) jobs")
        let run = Restore(
            cluster: cluster, source: input.source, database: input.outline.source.database, programs: programs,
            list: input.list)
        let began = clock.monotonic()
        defer { progress.times.restore = (clock.monotonic() - began).inSeconds }
        let complaints = try await run.roles(input.roles)
        do {
            progress.add(complaints, try await run.run(), cluster, isPart: part != nil)
        } catch let error as RestoreError {
            progress.comparison.differences.append(.init(kind: "restore", problem: error.problem))
            return false
        }
        try await restored(cluster.address(input.outline.source.database))
        return true
    }

    private func compare(
        _ manifest: BackupManifest, _ content: RotatedContent?, in cluster: ProofCluster, _ progress: inout Progress
    ) async throws {
        let rows = part?.content(of: manifest) ?? manifest.contentBytes
        tell("comparing \(part.map { "\($0), " } ?? "")\("table".counted(manifest.tables.count)), \(rows) of rows")
        let catalog = StoredCatalog(path: "\(folder.path(of: manifest.id))/\(manifest.catalog.file)")
        do {
            var database = RestoredDatabase(
                manifest, at: cluster.address(manifest.source.database), connections: jobs, clock: clock)
            database.part = part
            let restored = database
            let (comparison, seconds) = try await timed {
                try await restored.comparison {
                    let entries = try await blocking.run { _ in try catalog.entries() }
                    return content?.expected(entries) ?? entries
                }
            }
            progress.comparison = progress.comparison + comparison
            progress.times.comparison = seconds
            // What the team asks is about all rows.
            guard part == nil else { return }
            // Last of all, since it may write.
            try await askAssertions(manifest, in: cluster, &progress)
            try await runSmokeTest(manifest, in: cluster, &progress)
        } catch let error as PostgreSQLError {
            // A server that is gone says nothing about the backup; a database that is missing or cannot be read does.
            switch error {
            case .cancelled, .connectionLost, .closed, .unreachable, .serverNotReady, .timedOut, .tooManyConnections:
                throw error
            default: break
            }
            progress.comparison.differences.append(
                .init(kind: "restore", problem: "the restored database cannot be compared: \(error.problem)"))
        }
    }

    /// Asked with the settings of the database itself, such as its search path.
    private func askAssertions(
        _ manifest: BackupManifest, in cluster: ProofCluster, _ progress: inout Progress
    ) async throws {
        guard !assertions.isEmpty else { return }
        tell("\("assertion".counted(assertions.count))")
        var outcomes: [Assertion.Outcome] = []
        for assertion in assertions {
            outcomes.append(
                try await assertion.outcome(
                    at: cluster.address(manifest.source.database), snapshot: manifest.times.snapshot, clock: clock))
        }
        progress.assertions = outcomes
        progress.comparison.differences += outcomes.compactMap { outcome in
            outcome.problem.map { .init(kind: Certificate.assertionKind, name: outcome.name, problem: $0) }
        }
    }

    /// A test that cannot be started says nothing about the backup.
    private func runSmokeTest(
        _ manifest: BackupManifest, in cluster: ProofCluster, _ progress: inout Progress
    ) async throws {
        guard let smokeTest else { return }
        tell("the application's own test")
        let address = cluster.cluster.address(database: manifest.source.database)
        do {
            let outcome = try await smokeTest.outcome(at: address, snapshot: manifest.times.snapshot, with: programs)
            progress.smokeTest = outcome
            if let problem = outcome.problem {
                progress.comparison.differences.append(.init(kind: Certificate.smokeTestKind, problem: problem))
            }
        } catch let error as any MaintenanceError {
            progress.comparison.gaps.append(.init("the smoke test: \(error.problem)", hint: error.hint))
        }
    }

    private func timed<Value>(_ body: () async throws -> Value) async throws -> (Value, Double) {
        let began = clock.monotonic()
        let value = try await body()
        return (value, (clock.monotonic() - began).inSeconds)
    }

    /// What could not be compared leaves a backup unproven. With a part of the rows a complaint may be about those that are
    /// away on purpose, and what else is amiss may come of it: rows that are there and are others do not, and neither does
    /// a file that is not as it was written.
    private func verdict(of progress: Progress, _ manifest: BackupManifest) -> Certificate.Verdict {
        let comparison = progress.comparison
        guard !comparison.gaps.isEmpty else { return comparison.differences.isEmpty ? .proved : .refuted }
        guard part != nil else { return .unproven }
        // pg_restore names a table without its schema.
        let names = Dictionary(manifest.tables.map { ($0.name.description, $0.name.name) }) { first, _ in first }
        let complaints = progress.restore?.complaints.compactMap { $0.entry.map { Array($0.utf8) } } ?? []
        let isDamaged = comparison.differences.contains { difference in
            switch difference.kind {
            case "file": true
            case "rows":
                !complaints.contains {
                    $0.starts(with: Array("TABLE DATA \(difference.name.flatMap { names[$0] } ?? "") ".utf8))
                }
            default: false
            }
        }
        return isDamaged ? .refuted : .unproven
    }

    private func certificate(
        _ believed: BelievedBackup, _ progress: Progress, _ earlier: [Coverage.Proof]
    ) -> Certificate {
        var times = progress.times
        times.ended = clock.now()
        let comparison = progress.comparison
        let manifest = believed.manifest
        let whole = Certificate(
            madeBy: Release.name, runID: runID, backup: manifest.id,
            verdict: verdict(of: progress, manifest),
            gaps: comparison.gaps, differences: Array(comparison.differences.prefix(Certificate.most)),
            differenceCount: comparison.differences.count, source: manifest.source,
            snapshot: manifest.times.snapshot, manifestSHA256: believed.digest, content: Certificate.Content(manifest),
            times: times, restore: progress.restore, parts: comparison.parts, assertions: progress.assertions,
            smokeTest: progress.smokeTest, notes: comparison.notes,
            uncovered: manifest.uncovered + progress.omissions, countsUntil: times.ended + countsFor)
        return part.map { whole.covering($0, of: manifest, earlier: earlier) } ?? whole
    }
}

extension BackupProof.Progress {
    /// Every complaint is a difference, unless it is about what this host lacks.
    ///
    /// - Parameter isPart: whether rows are away on purpose: a function behind an index may miss them, which says nothing
    ///   against the backup.
    fileprivate mutating func add(
        _ roles: Complaints, _ outcome: Restore.Outcome, _ cluster: ProofCluster, isPart: Bool
    ) {
        let complaints = roles.all + outcome.complaints
        let version = cluster.cluster.server.version
        restore = Certificate.Restore(
            server: "PostgreSQL \(version)", commandLine: outcome.commandLine, jobs: max(2, cluster.jobs),
            complaints: complaints, complaintCount: roles.count + outcome.count)
        for complaint in complaints {
            if let gap = complaint.gap(major: version.major) {
                if !comparison.gaps.contains(gap) { comparison.gaps.append(gap) }
            } else if isPart {
                comparison.gaps.append(
                    .init(
                        "\(complaint.program), with a part of the rows: \(complaint.entry.map { "\($0): " } ?? "")"
                            + complaint.text,
                        hint: "Prove all rows at once: mainstay backup verify --whole"))
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

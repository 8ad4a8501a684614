import Foundation
import Maintenance
import Outside
import PostgreSQL

/// A recovery to a random moment, for real: canary rows are committed at the source, the cluster is restored to a place
/// between two of those commits, and must hold the first of them and not the second.
///
/// PostgreSQL refuses to end a recovery whose target it never comes to, so that a later commit and the end of its segment
/// are always made.
package struct PointInTimeDrill: Sendable {
    package var repository: PgBackRest
    package var workDirectory: String
    package var superuser: String
    package var jobs = 2
    package var pace: Duration
    package var span: Duration
    /// What the moment is chosen by; shown, so that the same one can be chosen again.
    package var seed: UInt64
    /// How long a segment may take to come to the archive.
    package var patience: Duration = .seconds(300)
    package var serverDirectories: [String] = []
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(
        _ repository: PgBackRest, workDirectory: String, superuser: String, pace: Duration, span: Duration, seed: UInt64
    ) {
        self.repository = repository
        self.workDirectory = workDirectory
        self.superuser = superuser
        self.pace = pace
        self.span = span
        self.seed = seed
    }

    private var clock: WallClock { repository.programs.clock }

    /// What was found, before it becomes a record.
    package struct Outcome: Codable, Hashable, Sendable {
        package var seed: UInt64
        /// `lsn` or `xid`.
        package var by: String
        /// The target, as PostgreSQL reads it.
        package var goal: String
        package var beats: Int
        /// The commit that has to be there.
        package var wanted: Int64
        /// The commit that was there; nil for none of this drill.
        package var held: Int64?
        package var backup: String
        /// What a loss of the server would have cost when the last canary was written.
        package var lostSeconds: Double
        package var lostBytes: Int64
        package var restoreSeconds: Double
        package var recoverySeconds: Double
        /// How long the last segment took to come to the archive once it was closed.
        package var archiveSeconds: Double

        package var isExact: Bool { held == wanted }
        package var recoverySecondsInAll: Double { restoreSeconds + recoverySeconds }
    }

    /// - Parameters:
    ///   - canary: at the source.
    ///   - database: where its row lies.
    /// - Throws: `PhysicalError`, `PostgreSQLError`, `ProgramError`, `ClusterError`.
    package func run(_ canary: Canary, database: String) async throws -> Outcome {
        let connection = canary.connection
        func archiver() async throws -> ArchiverState {
            try await ArchiverState.read { try await connection.query($0.sql) }
        }
        let before = try await archiver()
        guard before.isOn, before.hasCommand else {
            throw PhysicalError.notArchiving(
                reason: before.isOn ? "archive_command is empty" : "archive_mode is off")
        }
        // What a killed drill left: its servers, and the files they had.
        let work = workDirectory
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
        }
        let info = try await repository.info()
        if let trouble = info.trouble { throw trouble }
        try await canary.prepare()
        tell("writing the canary for \(span.short)")
        let beats = try await canary.beats(every: pace, for: span)
        let state = try await archiver()
        let tail = try Self.tail(beats, state, archivedTo: try await archived(state))
        let closed = try await close(canary, after: beats.count, archiver)
        let moment = Moment(beats, seed: seed)
        guard
            let backup = info.backups.last(where: { backup in
                backup.stopLSN.flatMap { LogPosition($0) }.map { $0 <= moment.beat.end } ?? false
            })
        else {
            throw PhysicalError.noBackup(stanza: repository.stanza)
        }
        var outcome = Outcome(
            seed: seed, by: moment.by, goal: moment.goalText, beats: beats.count, wanted: moment.beat.number, held: nil,
            backup: backup.label, lostSeconds: tail.seconds, lostBytes: tail.bytes, restoreSeconds: 0,
            recoverySeconds: 0, archiveSeconds: closed)
        tell("restoring \(backup.label) to \(moment.goalText)")
        let copy = try await restore(backup, moment.goal, info)
        do {
            outcome.restoreSeconds = copy.restoreSeconds
            let log = ArchiveProof(copy: copy, repository: repository, backup: backup, info: info, jobs: jobs)
            if case .failed(let problems) = try await log.run().result {
                throw PhysicalError.notRestored(reason: problems.prefix(5).joined(separator: "; "))
            }
            outcome.recoverySeconds = try await copy.recover(clock: clock)
            outcome.held = try await Canary.held(copy.address(database), runID: canary.runID)
            try await Blocking().runToEnd { try copy.destroy() }
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try copy.destroy() } } catch {}
            throw error
        }
        return outcome
    }

    /// A commit behind every moment that can be chosen, and the end of its segment; waits until that is archived.
    private func close(
        _ canary: Canary, after count: Int, _ archiver: () async throws -> ArchiverState
    ) async throws -> Double {
        let last = try await canary.beat(Int64(count + 1))
        _ = try await canary.connection.query("select pg_catalog.pg_switch_wal()::text as lsn")
        let began = clock.monotonic()
        tell("waiting until the log is archived")
        while true {
            let state = try await archiver()
            if let to = state.archivedTo, to >= last.end { break }
            guard clock.monotonic() - began < patience else {
                throw PhysicalError.notArchived(
                    state.current ?? last.end.description, after: patience,
                    reason: state.isFailing ? "archiving fails, last at \(state.lastFailed ?? "")" : nil)
            }
            try await clock.sleep(for: .milliseconds(200))
        }
        return (clock.monotonic() - began).inSeconds
    }

    /// As the server says it, and where the last thing it archived was no segment, as its repositories list it.
    private func archived(_ state: ArchiverState) async throws -> LogPosition? {
        if let known = state.archivedTo { return known }
        let info = try await repository.info()
        let newest = info.present.compactMap { cluster in
            info.archives.first { $0.cluster == cluster.id && $0.repository == cluster.repository }?.newest
        }
        return newest.compactMap { WALSegment($0, size: state.segmentSize)?.end }.max()
    }

    private func restore(
        _ backup: PhysicalBackup, _ goal: RestoredCopy.Goal, _ info: RepositoryInfo
    ) async throws -> RestoredCopy {
        guard let cluster = info.cluster(of: backup), let major = Int(cluster.version) else {
            throw PhysicalError.unreadable(command: "info", reason: "it does not say of which cluster a backup is")
        }
        let server = try await ServerPrograms.find(
            major: major, in: serverDirectories, with: repository.programs)
        guard server.version.major == major else {
            throw ProgramError.notInstalled(
                program: "postgres", package: "postgresql-\(major)", searched: [server.directory])
        }
        if let lack = try await RestoredCopy.lackOfSpace(for: backup, in: workDirectory) { throw lack }
        return try await RestoredCopy.restore(
            backup, from: repository, to: goal, in: workDirectory, on: server, superuser: superuser, jobs: jobs,
            clock: clock)
    }

    /// As below, without a canary; nil where nothing was ever archived.
    package static func tail(_ state: ArchiverState) -> (seconds: Double, bytes: Int64)? {
        do { return try tail([], state, archivedTo: state.archivedTo) } catch { return nil }
    }

    /// What would be lost if the server and its disk were gone at this moment: everything behind the last archived
    /// segment. In time, since the newest canary that is in the archive; where none is, since the archive last grew.
    static func tail(
        _ beats: [Canary.Beat], _ state: ArchiverState, archivedTo archived: LogPosition?
    ) throws(PhysicalError) -> (seconds: Double, bytes: Int64) {
        guard let archived, let position = state.position, let grown = state.lastArchivedAt else {
            throw .notArchiving(reason: "nothing was ever archived")
        }
        let safe = beats.last { $0.end <= archived }?.at ?? grown
        return (
            max(0, (state.now - safe).inSeconds),
            position > archived ? Int64(clamping: position.value - archived.value) : 0
        )
    }

    /// The moment between two commits that is restored to.
    struct Moment: Sendable {
        var beat: Canary.Beat
        var by: String
        var goal: RestoredCopy.Goal
        var goalText: String

        init(_ beats: [Canary.Beat], seed: UInt64) {
            // Sebastiano Vigna's SplitMix64: small, and the same everywhere.
            var mixed = seed &+ 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            // Not the last: another one comes behind it in every case, and the moments between them are what is tried.
            beat = beats[Int(mixed % UInt64(beats.count - 1))]
            if mixed >> 63 == 0 {
                by = "lsn"
                goal = .before(beat.end)
                goalText = "LSN \(beat.end)"
            } else {
                by = "xid"
                goal = .transaction(beat.transaction)
                goalText = "transaction \(beat.transaction)"
            }
        }
    }
}

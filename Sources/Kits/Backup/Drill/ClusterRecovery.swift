import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Brings a whole cluster back from pgBackRest into a private server: to the end of the archived log, or to a moment; and
/// then reads everything in it.
///
/// `PhysicalProof` climbs the ladder of one backup, with the checksums of the whole repository; a drill does what a person
/// would do on the day, and measures that.
package struct ClusterRecovery: Sendable {
    package let repository: PgBackRest
    package let workDirectory: String
    package var superuser = "postgres"
    package var jobs = 2
    /// Which cluster has to come back.
    package var source = PhysicalProof.Source.unknown("nobody asked")
    /// Where the team's own statements are asked, and what they are; nil where nobody knows its name.
    package var database: String?
    package var assertions: [Assertion] = []
    package var smokeTest: SmokeTest?
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ repository: PgBackRest, workDirectory: String) {
        self.repository = repository
        self.workDirectory = workDirectory
    }

    private var programs: Programs { repository.programs }
    private var clock: WallClock { programs.clock }

    /// The newest backup from which a moment can be reached, or the newest of all.
    package static func backup(in info: RepositoryInfo, before moment: Timestamp?) -> PhysicalBackup? {
        guard let moment else { return info.newest }
        return info.backups.last { $0.stopped <= moment }
    }

    /// - Parameter moment: what was committed before it is wanted; nil for all that was archived.
    /// - Returns: what came back; what is wrong with it is in its problems.
    /// - Throws: `PhysicalError`, `ProgramError` where something is not here, `CancellationError`.
    package func run(_ backup: PhysicalBackup, before moment: Timestamp?) async throws -> DrillCertificate.Part {
        var part = DrillCertificate.Part(
            kind: .cluster, name: backup.label, source: "the stanza '\(repository.stanza)' of pgBackRest")
        let info = try await repository.info()
        guard let cluster = info.cluster(of: backup), let major = Int(cluster.version) else {
            throw PhysicalError.unreadable(
                command: "info", reason: "it does not say of which cluster \(backup.label) is")
        }
        if let misfit = source.misfit(cluster.systemIdentifier) { return Self.refuted(part, misfit) }
        if case .unknown(let reason) = source {
            part.uncovered.append("whether it is of this cluster: \(reason)")
        }
        let server = try await ServerPrograms.find(major: major, with: programs)
        guard server.version.major == major else {
            throw ProgramError.notInstalled(
                program: "postgres", package: "postgresql-\(major)", searched: [server.directory])
        }
        let work = workDirectory
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
        }
        if let lack = try await RestoredCopy.lackOfSpace(for: backup, in: work) { throw lack }
        tell("restoring \(backup.label), \(backup.size)")
        let copy: RestoredCopy
        do {
            copy = try await RestoredCopy.restore(
                backup, from: repository, to: moment.map { .moment($0 - .microseconds(1)) } ?? .endOfArchive,
                in: work,
                on: server, superuser: superuser, jobs: jobs, clock: clock)
        } catch PhysicalError.notRestored(let reason) {
            return Self.refuted(part, reason)
        } catch let error as ProgramError {
            guard case .failed(_, .exited, _) = error else { throw error }
            let words = error.firstWords
            return PhysicalError.isOfTheWay(words)
                ? Self.unproven(part, "pgBackRest cannot restore it here: \(words)")
                : Self.refuted(part, "pgBackRest cannot restore it: \(words)")
        }
        do {
            if let misfit = source.misfit(copy.control.systemIdentifier) {
                part = Self.refuted(part, misfit)
            } else {
                try await look(into: copy, moment, info, &part)
            }
            try await Blocking().runToEnd { try copy.destroy() }
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try copy.destroy() } } catch {}
            throw error
        }
        return part
    }

    private static func refuted(_ part: DrillCertificate.Part, _ problem: String) -> DrillCertificate.Part {
        var part = part
        part.standing = .refuted
        part.problems.append(problem)
        return part
    }

    /// What this host or the way there lacks says nothing against the backup.
    private static func unproven(_ part: DrillCertificate.Part, _ problem: String) -> DrillCertificate.Part {
        var part = part
        part.standing = part.problems.isEmpty ? .unproven : .refuted
        part.problems.append(problem)
        return part
    }

    /// Whether the log is whole: a recovery ends at a gap without a word.
    ///
    /// - Returns: where the log ends that has to be replayed; nil where a moment says that.
    private func lookAtLog(
        of copy: RestoredCopy, _ moment: Timestamp?, _ info: RepositoryInfo, _ part: inout DrillCertificate.Part
    ) async throws -> LogPosition? {
        tell("looking at the archived log")
        let began = clock.monotonic()
        let archive = try await ArchiveProof(
            copy: copy, repository: repository, backup: copy.backup, info: info, jobs: jobs
        ).run()
        part.phases.append(.init("looking at the log", (clock.monotonic() - began).inSeconds, isRecovery: false))
        var problems: [String] = []
        switch archive.result {
        case .proved: break
        case .failed(let found): problems = Array(found.prefix(8))
        case .notPossible(let reason): part.uncovered.append("whether the archived log is whole: \(reason)")
        }
        guard moment != nil else {
            part.problems += problems
            return archive.end
        }
        // Where it lacks something before the moment, the server does not come to that.
        part.uncovered += problems.map { "the log behind that moment: \($0)" }
        return nil
    }

    private func look(
        into copy: RestoredCopy, _ moment: Timestamp?, _ info: RepositoryInfo, _ part: inout DrillCertificate.Part
    ) async throws {
        part.phases.append(.init("restore", copy.restoreSeconds))
        let archived = try await lookAtLog(of: copy, moment, info, &part)
        tell("replaying the write-ahead log\(moment.map { " to \($0)" } ?? "")")
        do {
            part.phases.append(.init("replay", try await copy.recover(clock: clock)))
        } catch ClusterError.startFailed(_, let log) {
            if let words = copy.gap(log)?.words ?? copy.closedWay {
                part = Self.unproven(part, words)
                return
            }
            let isShort = log.contains { $0.containsBytes("before configured recovery target was reached") }
            part = Self.refuted(
                part,
                isShort
                    ? "the archived log does not reach \(moment?.iso8601 ?? "its end"): a commit behind that moment has to "
                        + "be archived before a recovery can end there"
                    : "the server does not start from it: \(log.joined(separator: " / "))")
            return
        } catch let error as PostgreSQLError {
            guard let gap = copy.gap([error.problem]) else { throw error }
            part = Self.unproven(part, gap.words)
            return
        }
        part.replayedTo = copy.redone?.description
        part.asOf = try await copy.moment ?? copy.backup.stopped
        if let archived, let reason = copy.shortfall(of: archived) {
            if let way = copy.closedWay {
                part = Self.unproven(part, "\(reason): \(way)")
                return
            }
            part.problems.append(reason)
        }
        tell("reading every page and every row of what came back")
        let reading = try await CopyReading(copy: copy, jobs: jobs, programs: programs, clock: clock).run()
        part.phases.append(.init("reading", reading.seconds, isRecovery: false))
        part.content = "\("table".counted(reading.tables)), \("row".counted(Int(clamping: reading.rows)))"
        part.problems += reading.problems
        part.comparisons = [
            "pgBackRest checked the SHA-1 of every file it restored",
            "pg_amcheck with heapallindexed and the visibility maps, and every row of every table was read",
        ]
        part.uncovered += ["that its rows are those of the source: no copy of that moment is left to compare with"]
        if let gap = reading.gap { part.uncovered.append(gap) }
        try await askTeam(copy, &part)
        part.standing = !part.problems.isEmpty ? .refuted : reading.gap == nil ? .proved : .unproven
        if let gap = reading.gap { part.problems.append(gap) }
    }

    private func askTeam(_ copy: RestoredCopy, _ part: inout DrillCertificate.Part) async throws {
        guard !assertions.isEmpty || smokeTest != nil else { return }
        guard let database else {
            part.uncovered.append("the team's own assertions: nobody could say which database they are about")
            return
        }
        let moment = part.asOf ?? clock.now()
        let began = clock.monotonic()
        for assertion in assertions {
            let outcome = try await assertion.outcome(at: copy.address(database), snapshot: moment, clock: clock)
            if let problem = outcome.problem { part.problems.append("assertion \(outcome.name): \(problem)") }
        }
        if !assertions.isEmpty { part.comparisons.append("\("assertion".counted(assertions.count)) of the team") }
        if let smokeTest {
            let address = copy.cluster.address(database: database)
            let outcome = try await smokeTest.outcome(at: address, snapshot: moment, with: programs)
            if let problem = outcome.problem { part.problems.append("smoke test: \(problem)") }
            part.comparisons.append("the application's own test: \(outcome.commandLine)")
        }
        part.phases.append(.init("assertions", (clock.monotonic() - began).inSeconds, isRecovery: false))
    }
}

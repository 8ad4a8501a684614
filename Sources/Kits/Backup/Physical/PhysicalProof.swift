import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Proves one physical backup by climbing its ladder: it is of this cluster, every byte in the repository is as it was
/// written, the write-ahead log has no gap, a server starts from it and replays to the end of that log, and everything in
/// it can be read and agrees with itself. What fails stops the climb; what is above was not looked at.
package struct PhysicalProof: Sendable {
    package let engine: PhysicalEngine
    package let workDirectory: String
    /// Of the cluster the backup has to be of, and whether somebody could ask it.
    package var source: Source
    /// Of the restored cluster.
    package var superuser = "postgres"
    package var jobs = 2
    /// What the copy is held against; nil where there is none.
    package var standby: StandbyReading?
    /// What must hold in this database of the copy, and the application's own test.
    package var questions: Questions?
    /// How long the log may take to come to the archive up to where the standby was read.
    package var patience: Duration = .seconds(900)
    /// Told what it is busy with.
    package var tell: @Sendable (String) -> Void = { _ in }
    /// Looked into before the usual places of PostgreSQL's programs.
    package var serverDirectories: [String] = []

    package enum Source: Sendable, Hashable {
        case known(systemIdentifier: String)
        /// Why it could not be asked.
        case unknown(String)

        /// Why a cluster is another one than this; nil where it is this one, or nobody knows.
        package func misfit(_ identifier: String) -> String? {
            guard case .known(let own) = self, own != identifier else { return nil }
            return "it is of another cluster: its system identifier is \(identifier), and this database's is \(own)"
        }
    }

    /// What the team asks of one database of the cluster.
    package struct Questions: Sendable {
        package var database: String
        package var assertions: [Assertion]
        package var smokeTest: SmokeTest?

        package init(database: String, assertions: [Assertion], smokeTest: SmokeTest?) {
            self.database = database
            self.assertions = assertions
            self.smokeTest = smokeTest
        }
    }

    package init(_ repository: PgBackRest, workDirectory: String, source: Source) {
        self.init(.pgBackRest(repository), workDirectory: workDirectory, source: source)
    }

    package init(_ engine: PhysicalEngine, workDirectory: String, source: Source) {
        self.engine = engine
        self.workDirectory = workDirectory
        self.source = source
    }

    /// What was found, before it becomes a certificate.
    package struct Outcome: Sendable {
        package var backup: PhysicalBackup
        package var cluster: RepositoryInfo.Cluster
        package var ladder: VerificationLadder
        package var began: Timestamp
        package var ended: Timestamp
        /// Of pgBackRest's own restore.
        package var restoreSeconds: Double?
        /// Of the server's start and replay.
        package var recoverySeconds: Double?
        /// How far the replay came.
        package var redone: LogPosition?
        /// The end of the archived log that could be reached.
        package var archived: LogPosition?
        package var tables: Int?
        package var rows: UInt64?
        package var server: String?
        package var assertions: [Assertion.Outcome]?
        package var smokeTest: SmokeTest.Outcome?
        package var notes: [String] = []
    }

    var programs: Programs { engine.programs }
    var clock: WallClock { programs.clock }

    /// - Parameter label: which backup; nil for the newest.
    /// - Throws: `PhysicalError` where there is no such backup, `ProgramError` where pgBackRest or PostgreSQL is not
    ///   here; what is wrong with the backup is in the outcome.
    package func run(_ label: String?) async throws -> Outcome {
        let began = clock.now()
        let info = try await engine.info()
        guard let backup = label.map({ info[$0] }) ?? info.newest else {
            throw info.trouble ?? label.map { .noSuchBackup($0, stanza: info.stanza) }
                ?? PhysicalError.noBackup(stanza: info.stanza)
        }
        guard let cluster = info.cluster(of: backup) else {
            throw PhysicalError.unreadable(
                command: "info", reason: "it does not say of which cluster \(backup.label) is")
        }
        var climb = Climb(clock: clock)
        var outcome = Outcome(
            backup: backup, cluster: cluster, ladder: VerificationLadder([]), began: began, ended: began)
        try await climb.rung(.exists) { try await reaching { try await exists(backup, cluster, info, &outcome) } }
        var check = BaseBackupCheck()
        try await climb.rung(.checksums) {
            try await reaching { try await checksums(backup, cluster, info, &check) }
        }
        let oracle = try await readStandby(backup, cluster, &climb)
        let goal = oracle.map { RestoredCopy.Goal.before($0.position) } ?? .endOfArchive
        if let copy = try await restored(backup, cluster, to: goal, &climb, &outcome) {
            do {
                // With the log that came since, where a standby was waited for.
                let info = oracle == nil ? info : try await engine.info()
                try await prove(copy, backup, info, check, oracle, &climb, &outcome)
                try await Blocking().runToEnd { try copy.destroy() }
            } catch {
                // What failed first is what a person has to know; what resists is left to a sweep.
                do { try await Blocking().runToEnd { try copy.destroy() } } catch {}
                throw error
            }
        }
        outcome.ladder = climb.ladder
        outcome.ended = clock.now()
        return outcome
    }

    /// A repository that cannot be reached says nothing of what is in it.
    private func reaching(_ look: () async throws -> Climb.Result) async throws -> Climb.Result {
        do { return try await look() } catch let error as ProgramError {
            guard case .failed = error, PhysicalError.isOfTheWay(error.firstWords) else { throw error }
            return .notPossible("the repository cannot be reached: \(error.firstWords)")
        }
    }

    private func prove(
        _ copy: RestoredCopy, _ backup: PhysicalBackup, _ info: RepositoryInfo, _ check: BaseBackupCheck,
        _ oracle: StandbyReading.Found?, _ climb: inout Climb, _ outcome: inout Outcome
    ) async throws {
        try await climb.rung(.continuity) {
            guard case .pgBackRest(let repository) = engine else { return check.continuity(backup) }
            return try await reaching {
                let (result, end) = try await ArchiveProof(
                    copy: copy, repository: repository, backup: backup, info: info, jobs: jobs
                ).run()
                outcome.archived = end
                return result
            }
        }
        try await climb.rung(.restores) { try await recovers(copy, toEnd: oracle == nil, &outcome) }
        var content = CopyReading.Outcome()
        try await climb.rung(.structure) {
            tell("reading every page and every row of the copy")
            let reading = try await CopyReading(copy: copy, jobs: jobs, programs: programs, clock: clock).run()
            outcome.tables = reading.tables
            outcome.rows = reading.rows
            content = reading
            if !reading.problems.isEmpty { return .failed(reading.problems) }
            if let gap = reading.gap { return .notPossible(gap) }
            return .proved(
                "pg_amcheck with heapallindexed and the visibility maps of \("database".counted(reading.databases.count)) found "
                    + "nothing, and all rows were read: \("row".counted(Int(clamping: reading.rows))) of \("table".counted(reading.tables))"
            )
        }
        if let oracle { try await compare(content, oracle, &climb) }
        try await ask(copy, backup, &climb, &outcome)
    }

    /// What the team wants to be so, and whether its application works: the last, since that one may write.
    private func ask(
        _ copy: RestoredCopy, _ backup: PhysicalBackup, _ climb: inout Climb, _ outcome: inout Outcome
    ) async throws {
        guard let questions else { return }
        let address = copy.cluster.address(database: questions.database)
        let moment = climb.isOver ? backup.stopped : try await copy.moment ?? backup.stopped
        if !questions.assertions.isEmpty {
            try await climb.rung(.assertions) {
                tell("asking what must hold")
                var outcomes: [Assertion.Outcome] = []
                for assertion in questions.assertions {
                    outcomes.append(try await assertion.outcome(at: address, snapshot: moment, clock: clock))
                }
                outcome.assertions = outcomes
                let bad = outcomes.compactMap { one in one.problem.map { "\(one.name): \($0)" } }
                return bad.isEmpty ? .proved("\(outcomes.count) hold") : .failed(bad)
            }
        }
        if let smokeTest = questions.smokeTest {
            try await climb.rung(.smokeTest) {
                tell("the application's own test")
                let found = try await smokeTest.outcome(at: address, snapshot: moment, with: programs)
                outcome.smokeTest = found
                return found.problem.map { .failed([$0]) } ?? .proved(found.commandLine)
            }
        }
    }

    /// The repository's own word, and whose backup it is.
    private func exists(
        _ backup: PhysicalBackup, _ cluster: RepositoryInfo.Cluster, _ info: RepositoryInfo, _ outcome: inout Outcome
    ) async throws -> Climb.Result {
        tell("looking for \(backup.label)")
        if let trouble = info.trouble(around: backup) {
            // What cannot be reached says nothing of what is there.
            return trouble.isOfTheWay ? .notPossible(trouble.problem) : .failed([trouble.problem])
        }
        var problems: [String] = []
        if let misfit = source.misfit(cluster.systemIdentifier) { problems.append(misfit) }
        if case .unknown(let reason) = source {
            outcome.notes.append("whether it is of this cluster could not be asked: \(reason)")
        }
        let now = clock.now()
        if backup.stopped > now + .seconds(300) || backup.stopped < backup.started {
            problems.append(
                "the clock of the machine that took it is wrong: it ended at \(backup.stopped), and it is \(now) here")
        }
        for needed in backup.needs where info[needed] == nil {
            problems.append("it needs \(needed), which is not there")
        }
        let words: String
        switch engine {
        case .pgBackRest(let repository):
            problems += try await copies(backup, info, repository)
            words = "pgBackRest lists it as whole"
        case .base(let backups, _):
            problems += try await digests(backup, backups)
            words = "its record and PostgreSQL's manifest have our signature"
        }
        return problems.isEmpty ? .proved("\(words), of the cluster \(cluster.systemIdentifier)") : .failed(problems)
    }

    /// pgBackRest keeps two of each list and falls back to the other without a word (2.45, *tried*): one that is damaged
    /// leaves nothing to fall back to.
    private func copies(
        _ backup: PhysicalBackup, _ info: RepositoryInfo, _ repository: PgBackRest
    ) async throws -> [String] {
        let stanza = repository.stanza
        guard info.repositories.first(where: { $0.key == backup.repository })?.cipher == "none" else { return [] }
        var problems: [String] = []
        for name in [
            "backup/\(stanza)/backup.info", "archive/\(stanza)/archive.info",
            "backup/\(stanza)/\(backup.label)/backup.manifest",
        ] {
            do {
                let first = try await repository.contents(name, in: backup.repository)
                let second = try await repository.contents("\(name).copy", in: backup.repository)
                if first != second {
                    problems.append("'\(name)' and its copy are not the same: one of them is damaged")
                }
            } catch let error as ProgramError {
                guard case .failed = error, !PhysicalError.isOfTheWay(error.firstWords) else { throw error }
                problems.append("'\(name)' or its copy is missing: \(error.firstWords)")
            }
        }
        return problems
    }

    private func checksums(
        _ backup: PhysicalBackup, _ cluster: RepositoryInfo.Cluster, _ info: RepositoryInfo,
        _ check: inout BaseBackupCheck
    ) async throws -> Climb.Result {
        let repository: PgBackRest
        switch engine {
        case .pgBackRest(let own): repository = own
        case .base(let backups, _): return try await verify(backup, cluster, backups, &check)
        }
        tell("checksums of everything in the repository")
        if backup.hasPageErrors {
            return .failed([
                "pages with a wrong checksum were in the database when it was taken (pgBackRest logged which)"
            ])
        }
        let check = try await repository.check(backup.repository)
        let own = [backup.label, info.archive(of: backup)?.id].compactMap { $0 }
        let bad = own.compactMap { check[$0] }.filter { !$0.isWell }
        // Without a part of its own it was not looked at.
        let unseen = own.filter { check[$0] == nil }
        if bad.isEmpty, unseen.isEmpty {
            return .proved("pgbackrest verify read every file of it and every segment of WAL")
        }
        let named = check.files.isEmpty ? bad.map { "\($0.name): \($0.counts)" } : check.files
        return .failed(named + unseen.map { "pgbackrest verify says nothing of \($0)" })
    }

    private func restored(
        _ backup: PhysicalBackup, _ cluster: RepositoryInfo.Cluster, to goal: RestoredCopy.Goal, _ climb: inout Climb,
        _ outcome: inout Outcome
    ) async throws -> RestoredCopy? {
        guard !climb.isOver else { return nil }
        let work = workDirectory
        try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try PrivateCluster.sweep(work)
        }
        let server: ServerPrograms
        switch try await self.server(of: cluster) {
        case .here(let found): server = found
        case .missing(let reason):
            climb.end(.restores, .notPossible(reason))
            return nil
        }
        outcome.server = "PostgreSQL \(server.version)"
        if let lack = try await RestoredCopy.lackOfSpace(for: backup, in: work) {
            climb.end(.restores, .notPossible(lack.problem))
            return nil
        }
        tell("restoring \(backup.size) with \(engine.program)")
        do {
            let copy: RestoredCopy
            switch engine {
            case .pgBackRest(let repository):
                copy = try await RestoredCopy.restore(
                    backup, from: repository, to: goal, in: work, on: server, superuser: superuser, jobs: jobs,
                    clock: clock)
            case .base(let backups, _):
                copy = try await RestoredCopy.unpack(
                    try backups.record(of: backup.label), as: backup, from: backups, in: work, on: server,
                    superuser: superuser, programs: programs)
            }
            outcome.restoreSeconds = copy.restoreSeconds
            guard copy.control.systemIdentifier == cluster.systemIdentifier else {
                try await Blocking().runToEnd { try copy.destroy() }
                climb.end(
                    .restores,
                    .failed([
                        "the restored cluster is \(copy.control.systemIdentifier), and the repository says "
                            + cluster.systemIdentifier
                    ]))
                return nil
            }
            return copy
        } catch let error as PhysicalError {
            climb.end(.restores, .failed([error.problem]))
        } catch let error as ProgramError {
            guard case .failed(_, .exited, _) = error else { throw error }
            let words = error.firstWords
            climb.end(
                .restores,
                PhysicalError.isOfTheWay(words)
                    ? .notPossible("\(engine.program) cannot restore it here: \(words)")
                    : .failed(["\(engine.program) cannot restore it: \(words)"]))
        }
        return nil
    }

    private func recovers(
        _ copy: RestoredCopy, toEnd: Bool, _ outcome: inout Outcome
    ) async throws -> Climb.Result {
        tell("starting the copy and replaying the write-ahead log")
        do {
            outcome.recoverySeconds = try await copy.recover(clock: clock)
        } catch ClusterError.startFailed(_, let log) {
            if let words = copy.gap(log)?.words ?? copy.closedWay { return .notPossible(words) }
            return .failed(["the server does not start from it: \(log.joined(separator: " / "))"])
        } catch let error as PostgreSQLError {
            guard let gap = copy.gap([error.problem]) else { throw error }
            return .notPossible(gap.words)
        }
        outcome.redone = copy.redone
        if toEnd, let archived = outcome.archived, let reason = copy.shortfall(of: archived) {
            return copy.closedWay.map { .notPossible("\(reason): \($0)") } ?? .failed([reason])
        }
        let seconds = (copy.restoreSeconds + (outcome.recoverySeconds ?? 0)).rounded(toPlaces: 1)
        return .proved(
            "a private \(outcome.server ?? "server") started from it after \(seconds) s and replayed "
                + "\(outcome.redone.map { "to \($0)" } ?? "nothing")")
    }
}

extension ProgramError {
    /// What the program said, without the command line.
    var firstWords: String {
        if case .failed(_, _, let lines) = self,
            let first = lines.first(where: { $0.containsBytes("ERROR") }) ?? lines.first
        {
            return first
        }
        return problem
    }
}

extension Double {
    fileprivate func rounded(toPlaces places: Int) -> Double {
        let factor = (0..<places).reduce(1.0) { value, _ in value * 10 }
        return (self * factor).rounded() / factor
    }
}

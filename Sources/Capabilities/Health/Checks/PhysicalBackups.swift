import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension Check {
    static let physicalBackup = Check(
        CheckSchema(
            name: "backup.physical",
            summary: "how old the newest physical backup is, and whether its log has a gap",
            thresholds: .init(.seconds, warning: 8 * 86_400, critical: 15 * 86_400), every: .seconds(600)),
        code: "HC045",
        title: "Physical backups",
        kind: .postgresql,
        explanation: """
            Asks pgBackRest what it has of the stanza that 'backups.physical' names: its status, the newest backup, and \
            whether pages with a wrong checksum were in the database when it was taken. Then it lists the archived \
            write-ahead log behind that backup and looks for a missing segment: pgBackRest's own 'info' and 'verify' say \
            nothing of one, and a recovery ends there without an error, with everything after it lost. A stanza that is \
            of another cluster is critical, and so is a standby that a killed proof left paused. A database without 'backups.physical' passes and says so. Of base \
            backups ('engine: basebackup') it reads the signed records, and there is no log behind them to have a gap.
            """,
        source: "https://pgbackrest.org/2.45/command.html#command-info",
        mend: "mainstay backup run --type full"
    ) { context in
        guard let (settings, engine) = try await context.physical() else {
            return Reading(summary: "no physical backups are configured", state: .passed)
        }
        let info = try await engine.info()
        if let trouble = info.trouble { return Reading(summary: trouble.problem, state: .critical) }
        if let (paused, silence) = try await context.abandonedPause(settings) {
            return Reading(
                summary: "a proof that was killed left the standby '\(paused.standby)' paused"
                    + (paused.since.map { " since \($0)" } ?? "")
                    + (silence.map { " (whether it still is cannot be asked: \($0))" } ?? "")
                    + ": the next 'mainstay backup verify --physical' lets it go on, as does pg_wal_replay_resume() there",
                state: .critical)
        }
        if let gone = try await context.goneBackup(info) { return Reading(summary: gone, state: .critical) }
        guard let newest = info.newest else {
            return Reading(summary: PhysicalError.noBackup(stanza: info.stanza).problem, state: .critical)
        }
        let session = try await context.look.database(context.resource)
        let identity = try await DatabaseIdentity.facts(session)["system identifier"]
        if case .text(let own)? = identity, let known = info.cluster(of: newest)?.systemIdentifier, known != own {
            return Reading(
                summary: PhysicalError.otherCluster(stanza: info.stanza, repository: known, database: own).problem,
                state: .critical)
        }
        guard case .pgBackRest(let repository) = engine else {
            return context.reading(ofBase: newest, info)
        }
        let archiver = try await ArchiverState.read { try await session.query($0) }
        let log = try await ListedLog(repository, newest, info, segmentSize: archiver.segmentSize)
        let age = context.look.clock.now() - newest.stopped
        var reading = Reading(
            value: age.inSeconds,
            summary: "the newest physical backup is \(age.short) old (\(context.limits.text)), with "
                + "\(log.path.count) segments of log behind it")
        if newest.hasPageErrors {
            reading.summary = "pages with a wrong checksum were in the database when \(newest.label) was taken"
            reading.state = .critical
        } else if let problem = log.problems.first {
            let more = log.problems.count > 1 ? " (and \(log.problems.count - 1) more)" : ""
            reading.summary = "\(problem)\(more): nothing behind it can be brought back from \(newest.label)"
            reading.state = .critical
        }
        if reading.state == nil, age < Self.mostSkew {
            reading.summary = Self.ofTheFuture(newest.label, by: age)
            reading.state = .warning
        }
        reading.evidence = [
            "backup": .text(newest.label), "backups": Scalar(info.backups.count),
            "log to": log.path.last.map { .text($0.description) } ?? .null,
        ]
        reading.measurements = [
            Measurement("backup.physical.age", context.target, unit: .seconds, value: age.inSeconds)
        ]
        return reading
    }

    static let archiving = Check(
        CheckSchema(
            name: "backup.wal",
            summary: "for how long the server has failed to archive its write-ahead log",
            thresholds: .init(.seconds, warning: 900, critical: 3_600)),
        code: "HC046",
        title: "Archiving of the write-ahead log",
        kind: .postgresql,
        explanation: """
            While archive_command fails, the server keeps every segment on its own disk and tries again for ever: what is \
            not archived is lost with the server, and a full disk stops it. This is how long the last attempt has not \
            succeeded, from pg_stat_archiver; with how much log waits meanwhile, and, where the server's disk is this \
            machine's, when it is full at the pace since then: less than a day is critical. Where physical backups are \
            configured, a server that archives nothing at all is critical. A standby, and a server without archiving and without physical backups, pass and say so.
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ARCHIVER-VIEW"
    ) { context in
        let session = try await context.look.database(context.resource)
        let state = try await ArchiverState.read { try await session.query($0) }
        let isNeeded = context.look.inventory.backupPolicy(of: context.target).physical?.engine == .pgbackrest
        guard state.isOn, state.hasCommand else {
            let isStandby = try await session.query("select pg_catalog.pg_is_in_recovery() as yes").only[
                "yes", as: Bool.self]
            if isStandby { return Reading(summary: "a standby, which leaves archiving to its primary") }
            let words = state.isOn ? "archive_command is empty" : "archive_mode is off"
            return Reading(
                summary: isNeeded ? "\(words), and physical backups need the log" : "\(words): nothing is archived",
                state: isNeeded ? .critical : .passed)
        }
        guard state.isFailing else {
            var reading = Reading(
                value: 0,
                summary: state.lastArchived.map { "archived up to \($0)" } ?? "nothing had to be archived yet")
            reading.measurements = [
                Measurement("backup.wal.failing.seconds", context.target, unit: .seconds, value: 0)
            ]
            return reading
        }
        guard let backlog = try await context.backlog(state, session) else {
            preconditionFailure("an archiver that fails has a backlog")
        }
        var reading = Reading(
            value: backlog.failing.inSeconds,
            summary:
                "archiving has failed for \(backlog.failing.short) (\(context.limits.text)), since \(backlog.since), "
                + "last at \(state.lastFailed ?? "an unknown segment"): \(backlog.words(at: state.now))")
        // One that never worked is no better for having begun just now, and a full disk stops the server. The pace of some
        // seconds says nothing about a day.
        let isLong = context.limits.judge(backlog.failing.inSeconds) != .passed
        if !backlog.everWorked || isLong && backlog.isFull(within: .seconds(86_400), at: state.now) {
            reading.state = .critical
        }
        reading.evidence = [
            "failed": .text(state.lastFailed ?? ""), "failures": .integer(state.failures),
            "archived": state.lastArchived.map { .text($0) } ?? .null, "since": .text(backlog.since.iso8601),
            "full": backlog.full.map { .text($0.iso8601) } ?? .null,
        ]
        reading.measurements = [
            Measurement(
                "backup.wal.failing.seconds", context.target, unit: .seconds, value: backlog.failing.inSeconds)
        ]
        if let waiting = backlog.waiting {
            reading.measurements.append(
                Measurement("backup.wal.waiting", context.target, unit: .bytes, value: Double(waiting.bytes)))
        }
        return reading
    }

    static let recoveryDrill = Check(
        CheckSchema(
            name: "recovery.drill",
            summary: "how old the newest drill of a recovery to a point in time is, and whether it met its targets",
            thresholds: .init(.seconds, warning: 35 * 86_400, critical: nil), every: .seconds(3_600)),
        code: "HC047",
        title: "Drill of a recovery to a point in time",
        kind: .postgresql,
        explanation: """
            The newest 'recovery pitr-test': how long ago it was, whether the copy held exactly what it had to, and what \
            it measured against 'backups.recovery': the recovery point ('rpo'), what a loss of the server would have \
            cost, and the recovery time ('rto'). Worse than a target is critical; no drill at all warns. A database \
            without physical backups passes and says so.
            """,
        mend: "mainstay recovery pitr-test"
    ) { context in
        let policy = context.look.inventory.backupPolicy(of: context.target)
        guard let physical = policy.physical else {
            return Reading(summary: "no physical backups are configured", state: .passed)
        }
        guard physical.engine == .pgbackrest else {
            return Reading(summary: "base backups lead to no point in time but their own", state: .passed)
        }
        let settings = context.look.inventory.backups
        let state = context.look.log.directory
        let folder = BackupFolder(root: settings.directory(state: state), target: context.target)
        let keyFile = settings.keyFile(state: state)
        let record = try await Blocking().run { _ in
            try BackupKey.read(keyFile, former: settings.formerKeys).flatMap { try folder.pointInTimeRecord(key: $0) }
        }
        guard let record else {
            return Reading(summary: "no recovery to a point in time was ever tried", state: .warning)
        }
        let age = context.look.clock.now() - record.ended
        let outcome = record.outcome
        var reading = Reading(value: age.inSeconds)
        let point = Duration.seconds(outcome.lostSeconds)
        let time = Duration.seconds(outcome.recoverySecondsInAll)
        var clauses = [
            "the newest drill is \(age.short) old (\(context.limits.text)): recovery point \(point.short), recovery time "
                + time.short
        ]
        if !outcome.isExact {
            clauses.append("the copy did not hold what it had to")
            reading.state = .critical
        }
        for (name, limit, found) in [("rpo", policy.recovery?.rpo, point), ("rto", policy.recovery?.rto, time)] {
            guard let limit, found > limit else { continue }
            clauses.append("'\(name)' is \(limit.short)")
            reading.state = .critical
        }
        reading.summary = clauses.joined(separator: "; ")
        reading.evidence = ["backup": .text(outcome.backup), "restored to": .text(outcome.goal)]
        reading.measurements = [
            Measurement("recovery.rpo.seconds", context.target, unit: .seconds, value: outcome.lostSeconds),
            Measurement("recovery.rto.seconds", context.target, unit: .seconds, value: outcome.recoverySecondsInAll),
        ]
        return reading
    }
}

extension CheckContext {
    /// What waits to be archived. What the role may not see, and a disk that is another machine's, are left out.
    fileprivate func backlog(_ state: ArchiverState, _ session: SurveySession) async throws -> ArchiveBacklog? {
        var ready: Int64?
        do {
            ready = try await session.query(
                """
                select count(*)::bigint as n from pg_catalog.pg_ls_archive_statusdir() where name like '%.ready'
                """
            ).only["n"]
        } catch PostgreSQLError.permissionDenied {}
        let place = try await session.query(
            """
            select pg_catalog.inet_server_addr() is null as is_local,
                (select setting from pg_catalog.pg_settings where name = 'data_directory') as path
            """
        ).only
        var free: ByteCount?
        if try place["is_local", as: Bool.self], let path = try place["path", as: String?.self] {
            do { free = try await Host(clock: look.clock).disk(at: "\(path)/pg_wal").available } catch is FileError {}
        }
        return ArchiveBacklog(state, ready: ready, free: free)
    }

    /// What a proof that lives no more left behind and is still so, as the standby itself says; where it says nothing, why.
    fileprivate func abandonedPause(_ settings: PhysicalSettings) async throws -> (Paused, silence: String?)? {
        let root = look.inventory.backups.directory(state: look.log.directory)
        guard let paused = try await PauseNote(BackupFolder(root: root, target: target)).abandoned() else { return nil }
        guard let name = settings.standby?.value,
            let standby = look.inventory[Target(environment: target.environment, resource: name)]
        else { return (paused, "no 'standby' is configured") }
        let reading = StandbyReading(
            address: try await look.address(standby),
            settings: standby.connectionSettings(applicationName: Release.name), jobs: 1, clock: look.clock)
        do {
            return try await reading.isStill(paused) ? (paused, nil) : nil
        } catch let error as PostgreSQLError {
            try Task.checkCancellation()
            return (paused, error.problem)
        }
    }

    /// The newest backup that a run took and that is there no more, in words; nil where it is, or something newer.
    fileprivate func goneBackup(_ info: RepositoryInfo) async throws -> String? {
        let kinds = ("back up files", "back up files and prove")
        guard let taken = try await look.log.lastProved(kinds, of: "backup.run", at: target),
            case .text(let label)? = taken.evidence?["backup"], !info.backups.contains(where: { $0.label == label }),
            let ended = taken.endedAt, info.newest.map({ $0.stopped < ended }) ?? true
        else { return nil }
        return
            "backup \(label) of run \(taken.runID) is not there any more, and nothing newer is: its storage lost it, or "
            + "somebody removed it"
    }

    /// Nil where none are configured.
    fileprivate func physical() async throws -> (settings: PhysicalSettings, engine: PhysicalEngine)? {
        guard let settings = look.inventory.backupPolicy(of: target).physical else { return nil }
        let programs = look.programs
        let backups = look.inventory.backups
        let state = look.log.directory
        let target = target
        let engine: PhysicalEngine = try await Blocking().run { _ in
            switch settings.engine {
            case .pgbackrest:
                return .pgBackRest(
                    try PgBackRest(stanza: settings.stanza, configuration: settings.configuration, programs: programs))
            case .basebackup:
                let folder = BackupFolder(root: backups.directory(state: state), target: target)
                let key = try BackupKey.read(backups.keyFile(state: state), former: backups.formerKeys)
                return .base(BaseBackups(folder, key: key), programs)
            }
        }
        return (settings, engine)
    }

    /// It has no log behind it that could have a gap.
    fileprivate func reading(ofBase newest: PhysicalBackup, _ info: RepositoryInfo) -> Reading {
        let age = look.clock.now() - newest.stopped
        var reading = Reading(
            value: age.inSeconds, summary: "the newest base backup is \(age.short) old (\(limits.text))")
        reading.evidence = ["backup": .text(newest.label), "backups": Scalar(info.backups.count)]
        reading.measurements = [Measurement("backup.physical.age", target, unit: .seconds, value: age.inSeconds)]
        return reading
    }
}

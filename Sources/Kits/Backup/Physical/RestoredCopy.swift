import Foundation
import Maintenance
import Outside
import PostgreSQL
import Synchronization

/// A physical backup as files in a private cluster of ours, and the server that runs on them: nothing of it reaches the
/// network, its archive is off, and its tablespaces lie beside its data instead of where the source has them.
package struct RestoredCopy: Sendable {
    package let cluster: PrivateCluster
    package let control: ControlData
    /// What it was restored from.
    package let backup: PhysicalBackup
    /// Of the restore of the files.
    package let restoreSeconds: Double
    /// What its server needs to fetch archived log.
    let environment: [String: ChildEnvironment.Value]

    /// How far the write-ahead log is replayed (PostgreSQL manual, "Recovery Target").
    package enum Goal: Sendable, Hashable {
        /// All that was archived, along the newest timeline.
        case endOfArchive
        /// Everything before this position, and nothing from it on.
        case before(LogPosition)
        /// Up to and with the commit of this transaction.
        case transaction(UInt64)
        /// Every commit until this moment, by the clock of the source.
        case moment(Timestamp)

        /// With a zone in digits: while it reads its settings the server knows no `Z` yet (15, *tried*).
        private static func text(_ moment: Timestamp) -> String { "\(moment.iso8601.dropLast())+00" }

        fileprivate var settings: [String: String] {
            switch self {
            case .endOfArchive: ["recovery_target_timeline": "latest"]
            case .before(let position):
                [
                    "recovery_target_lsn": position.description, "recovery_target_inclusive": "off",
                    "recovery_target_action": "promote", "recovery_target_timeline": "latest",
                ]
            case .transaction(let number):
                [
                    "recovery_target_xid": String(number), "recovery_target_inclusive": "on",
                    "recovery_target_action": "promote", "recovery_target_timeline": "latest",
                ]
            case .moment(let moment):
                [
                    "recovery_target_time": Self.text(moment), "recovery_target_inclusive": "on",
                    "recovery_target_action": "promote", "recovery_target_timeline": "latest",
                ]
            }
        }
    }

    /// What keeps a backup from being restored there; nil where there is room for it, and for the log that is replayed
    /// and written meanwhile: a fifth of it, and a gigabyte.
    static func lackOfSpace(for backup: PhysicalBackup, in parent: String) async throws -> PhysicalError? {
        let needed = ByteCount(backup.size.bytes / 5 * 6 + 1_073_741_824)
        let free = try await Blocking().run { _ in
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            return try SafeDirectory(parent).availableSpace()
        }
        return free < needed ? .noSpace(path: parent, needed: needed, free: free) : nil
    }

    /// Restores the files; the server is not started.
    ///
    /// - Parameters:
    ///   - parent: the work directory.
    ///   - superuser: of the source's cluster, whose roles the copy has.
    ///   - archiving: what becomes of `archive_mode` in the files' own configuration, which is not that of our server
    ///     (pgBackRest manual, command "restore": option archive-mode).
    ///   - progress: told what pgBackRest says of each file; nil where nobody wants to know.
    ///   - filled: called when the files are there, before any of them is ours.
    /// - Throws: `PhysicalError.notRestored` where the files or the control file are no cluster, `ProgramError` in
    ///   pgBackRest's words, `ClusterError`.
    package static func restore(
        _ backup: PhysicalBackup, from repository: PgBackRest, to goal: Goal, in parent: String,
        on server: ServerPrograms,
        superuser: String, jobs: Int, clock: WallClock, archiving: String = "off",
        progress: (@Sendable (String) -> Void)? = nil,
        filled: @Sendable (PrivateCluster) async throws -> Void = { _ in }
    ) async throws -> RestoredCopy {
        let began = clock.monotonic()
        // Found on the way, needed behind it.
        let found = Mutex<(control: ControlData, seconds: Double)?>(nil)
        let cluster = try await PrivateCluster.filled(server, in: parent, with: repository.programs) { empty in
            let environment = Self.environment(of: repository, beside: empty)
            try await Self.fetch(backup, repository, into: empty, environment, jobs: jobs, archiving, progress)
            try await filled(empty)
            let control = try await ControlData.read(
                empty.dataDirectory, server, as: empty.serverUser, with: repository.programs)
            let seconds = (clock.monotonic() - began).inSeconds
            found.withLock { $0 = (control, seconds) }
            try await Self.signalRecovery(in: empty, with: repository.programs)
            return ClusterOptions(
                superuser: superuser, settings: Self.settings(control, goal, backup, repository, empty.dataDirectory))
        }
        guard let (control, seconds) = found.withLock({ $0 }) else {
            preconditionFailure("a cluster was filled without its control file")
        }
        return RestoredCopy(
            cluster: cluster, control: control, backup: backup, restoreSeconds: seconds,
            environment: Self.environment(of: repository, beside: cluster))
    }

    private static func environment(
        of repository: PgBackRest, beside cluster: PrivateCluster
    ) -> [String: ChildEnvironment.Value] {
        repository.options.environment(of: repository.stanza).merging([
            "PGBACKREST_LOG_LEVEL_FILE": "off", "PGBACKREST_LOG_LEVEL_CONSOLE": "off",
            "PGBACKREST_LOG_LEVEL_STDERR": "warn", "PGBACKREST_LOG_TIMESTAMP": "n",
            "PGBACKREST_LOCK_PATH": "\(cluster.home)/lock",
            "PGBACKREST_SPOOL_PATH": "\(cluster.home)/spool",
        ]) { $1 }
    }

    private static func fetch(
        _ backup: PhysicalBackup, _ repository: PgBackRest, into cluster: PrivateCluster,
        _ environment: [String: ChildEnvironment.Value], jobs: Int, _ archiving: String,
        _ progress: (@Sendable (String) -> Void)?
    ) async throws {
        let data = cluster.dataDirectory
        var child = ChildProgram(
            repository.path,
            [
                "--no-config", "--stanza=\(repository.stanza)", "--pg1-path=\(data)", "--repo=\(backup.repository)",
                "--set=\(backup.label)", "--type=none",
                "--archive-mode=\(archiving)", "--tablespace-map-all=\(cluster.home)/tablespaces",
                "--process-max=\(jobs)",
                "--job-retry=0", "restore",
            ], environment: ["LC_ALL": "C"], workingDirectory: "/", user: cluster.serverUser)
        child.environment.values.merge(environment) { $1 }
        guard let progress else {
            _ = try await repository.programs.run(child).checked()
            return
        }
        child.environment.values["PGBACKREST_LOG_LEVEL_CONSOLE"] = "detail"
        _ = try await repository.programs.run(child) { (line: LineSplitter.Line) in progress(line.text) }.checked()
    }

    /// What makes a server fetch archived WAL when it starts. Made by the server's user: the directory is its own.
    private static func signalRecovery(in cluster: PrivateCluster, with programs: Programs) async throws {
        _ = try await programs.run(
            ChildProgram(
                try programs.find("touch"), ["\(cluster.dataDirectory)/recovery.signal"], workingDirectory: "/",
                user: cluster.serverUser, timeLimit: .seconds(60))
        ).checked()
    }

    private static func settings(
        _ control: ControlData, _ goal: Goal, _ backup: PhysicalBackup, _ repository: PgBackRest, _ data: String
    ) -> [String: String] {
        var settings = goal.settings
        let words = [
            repository.path, "--no-config", "--stanza=\(repository.stanza)", "--pg1-path=\(data)",
            "--repo=\(backup.repository)", "archive-get", "%f",
        ]
        // `%p` stays outside the quotes of a shell: the server puts a plain relative path there.
        settings["restore_command"] = words.map(\.shellQuoted).joined(separator: " ") + " %p"
        return settings.merging(Self.settings(control)) { $1 }
    }

    /// Of a copy of whatever cluster: as its recovery needs them, and nothing of its own that reaches out.
    static func settings(_ control: ControlData) -> [String: String] {
        [
            "archive_mode": "off", "wal_level": "replica", "max_wal_senders": "0", "hot_standby": "off",
            "max_prepared_transactions": String(control.preparedTransactions),
            "max_locks_per_transaction": String(max(128, control.locksPerTransaction)), "max_connections": "40",
            "shared_buffers": "128MB", "max_logical_replication_workers": "0", "max_worker_processes": "8",
            // The log would hold rows and statements of the source; what recovery says is wanted.
            "log_min_messages": "log", "log_min_error_statement": "panic", "log_statement": "none",
            "jit": "off", "restart_after_crash": "off", "primary_conninfo": "", "shared_preload_libraries": "",
        ]
    }

    /// Starts it and waits until its recovery is over.
    ///
    /// - Returns: how long that took.
    /// - Throws: `ClusterError.startFailed` with the last lines of the server's log, also where it ended on the way.
    package func recover(clock: WallClock) async throws -> Double {
        let began = clock.monotonic()
        // pg_ctl is content with a server that recovers and lets nobody in.
        try await cluster.start(environment: environment)
        while true {
            do {
                try await Connection.with(address("postgres"), .unlimited()) { _ in }
                return (clock.monotonic() - began).inSeconds
            } catch let error as PostgreSQLError {
                switch error {
                case .unreachable, .serverNotReady, .connectionLost: break
                default: throw error
                }
                guard cluster.isRunning else {
                    throw ClusterError.startFailed(directory: cluster.home, log: cluster.lastWords)
                }
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    /// How far the recovery came: the end of the last record it replayed, from the server's own log.
    package var redone: LogPosition? {
        for line in cluster.log(last: 60).reversed() {
            guard let range = line.firstRange(of: "redo done at ") else { continue }
            return LogPosition(String(line[range.upperBound...].prefix { $0 != " " }))
        }
        return nil
    }

    /// Why the replay did not come to the end of the archived log; nil where it did. The last segment may be filled up
    /// with nothing; one that was not touched at all may not.
    func shortfall(of archived: LogPosition) -> String? {
        guard let redone else { return "the server replayed nothing, and the archive ends at \(archived)" }
        guard redone.value + control.segmentSize < archived.value else { return nil }
        return "the replay ended at \(redone), and the archived log ends at \(archived)"
    }

    /// What kept the server from fetching its log, where that says nothing of what is archived: it takes every failure of
    /// `restore_command` for the end of the log.
    var closedWay: String? { cluster.log(last: 60).first(where: PhysicalError.isOfTheWay) }

    /// What this host lacks, where the server's last words, or the answer to a connection, are about that.
    func gap(_ words: [String]) -> Comparison.Gap? {
        let major = cluster.server.version.major
        return words.lazy.compactMap { Complaint(program: "postgres", text: $0).gap(major: major) }.first
    }

    /// When the last transaction that was replayed was committed at the source; nil where none was.
    var moment: Timestamp? {
        get async throws {
            try await Connection.with(address("postgres"), .unlimited()) { connection in
                try await connection.query("select pg_catalog.pg_last_xact_replay_timestamp() as at").only["at"]
            }
        }
    }

    /// The time of the last commit the recovery came by, in the words of the server's log.
    var lastCommit: String? {
        for line in cluster.log(last: 60).reversed() {
            guard let range = line.firstRange(of: "last completed transaction was at log time ") else { continue }
            return String(line[range.upperBound...])
        }
        return nil
    }

    /// The first page's header of an archived segment; nil where pgBackRest cannot hand it out, with its words.
    func header(_ segment: WALSegment, from repository: PgBackRest) async throws -> (
        header: WALPageHeader?, reason: String
    ) {
        let goal = "\(cluster.home)/segment-\(segment)"
        var child = ChildProgram(
            repository.path,
            [
                "--no-config", "--stanza=\(repository.stanza)", "--pg1-path=\(cluster.dataDirectory)",
                "--repo=\(backup.repository)", "archive-get",
                segment.description, goal,
            ], environment: ["LC_ALL": "C"], workingDirectory: "/", user: cluster.serverUser, timeLimit: .seconds(600))
        child.environment.values.merge(environment) { $1 }
        let outcome = try await repository.programs.run(child)
        guard outcome.isSuccess else {
            return (nil, outcome.errorOutput.lastLines(1).first ?? "it is not there")
        }
        return try await Blocking().run { _ in
            let bytes = try Descriptor.open(goal).read(upTo: WALPageHeader.length, at: 0)
            try FileManager.default.removeItem(atPath: goal)
            return (WALPageHeader(bytes), "it does not begin as a WAL segment does")
        }
    }

    package func address(_ database: String) -> DatabaseAddress {
        cluster.address(database: database).with(options: RestoreSettings.inProof)
    }

    /// Ends it and removes all its files. Does not suspend.
    package func destroy() throws(ClusterError) { try cluster.destroy() }
}

import Foundation
import Maintenance
import Outside

/// A PostgreSQL server of our own, for restore proofs, drills, rehearsals and tests: made with initdb in a directory of
/// its own, reachable over a socket that only its user can enter, and thrown away. It runs as an unprivileged user when
/// we are root, since PostgreSQL refuses root. Its owner holds a lock, so that `sweep` ends only those whose owner died.
package final class PrivateCluster: Sendable {
    package let server: ServerPrograms
    package let options: ClusterOptions
    /// The directory of the socket: libpq's `host`.
    package let socketDirectory: String
    private let directory: ClusterDirectory
    private let programs: Programs
    private let user: SystemUser?

    private init(
        server: ServerPrograms, options: ClusterOptions, socketDirectory: String, directory: ClusterDirectory,
        programs: Programs, user: SystemUser?
    ) {
        self.server = server
        self.options = options
        self.socketDirectory = socketDirectory
        self.directory = directory
        self.programs = programs
        self.user = user
    }

    /// Makes and starts one.
    ///
    /// - Parameters:
    ///   - parent: where its data go; must be reachable for the user it runs as.
    ///   - sockets: where its socket's directory goes; a short path.
    /// - Throws: `ClusterError`, `ProgramError`; nothing is left behind then.
    package static func start(
        _ server: ServerPrograms, _ options: ClusterOptions = ClusterOptions(), in parent: String,
        sockets: String = "/tmp", with programs: Programs
    ) async throws -> PrivateCluster {
        let user = try SystemUser.unprivileged()
        let directory = try ClusterDirectory.create(in: parent, for: user)
        do {
            let socket = try directory.makeSocketDirectory(in: sockets, for: user)
            let cluster = PrivateCluster(
                server: server, options: options, socketDirectory: socket, directory: directory, programs: programs,
                user: user)
            try await cluster.initialise()
            try await cluster.start()
            return cluster
        } catch {
            // What failed first is what a person has to know; files that resist are left to a sweep.
            do { try directory.destroy() } catch {}
            throw error
        }
    }

    /// Makes one of data that `fill` puts into its data directory, in the place of initdb, and does not start it: a
    /// restored copy. Whatever configuration comes with the data gives way to ours and lets nobody in but through the
    /// socket.
    ///
    /// - Parameter fill: given the cluster, whose data directory is there, empty, and its server's own.
    /// - Throws: `ClusterError`, `ProgramError`, what `fill` throws; nothing is left behind then.
    package static func filled(
        _ server: ServerPrograms, in parent: String, sockets: String = "/tmp", with programs: Programs,
        by fill: @Sendable (PrivateCluster) async throws -> ClusterOptions
    ) async throws -> PrivateCluster {
        let user = try SystemUser.unprivileged()
        let directory = try ClusterDirectory.create(in: parent, for: user)
        do {
            let socket = try directory.makeSocketDirectory(in: sockets, for: user)
            try directory.makeData(for: user)
            let empty = PrivateCluster(
                server: server, options: ClusterOptions(), socketDirectory: socket, directory: directory,
                programs: programs, user: user)
            let options = try await fill(empty)
            let cluster = PrivateCluster(
                server: server, options: options, socketDirectory: socket, directory: directory, programs: programs,
                user: user)
            try cluster.configure(options)
            return cluster
        } catch {
            // What failed first is what a person has to know; files that resist are left to a sweep.
            do { try directory.destroy() } catch {}
            throw error
        }
    }

    /// Writes its configuration anew, for its next start: after another server's files have come over its own.
    ///
    /// - Parameters:
    ///   - options: of the same superuser and port; everything else of them counts.
    ///   - isStandby: whether it follows the server that 'primary_conninfo' names (PostgreSQL manual, "Standby Server
    ///     Operation").
    package func configure(_ options: ClusterOptions, isStandby: Bool = false) throws(ClusterError) {
        var files = [
            ("postgresql.conf", options.configuration(socketDirectory: socketDirectory)), ("postgresql.auto.conf", ""),
            ("pg_hba.conf", "local all all trust\nlocal replication all trust\n"), ("pg_ident.conf", ""),
        ]
        if isStandby { files.append(("standby.signal", "")) }
        for (name, text) in files { _ = try directory.write(text, to: "data/\(name)", for: user) }
    }

    private func initialise() async throws {
        var passwordFile: String?
        if case .loopback(_, let password) = options.listening {
            passwordFile = try directory.write(password.reveal(), to: "password", for: user)
        }
        let arguments = options.initdbArguments(
            data: directory.data, passwordFile: passwordFile, version: server.version)
        _ = try await run("initdb", arguments).checked()
        if let passwordFile { try FileManager.default.removeItem(atPath: passwordFile) }
        try directory.append(
            options.configuration(socketDirectory: socketDirectory), to: "\(directory.data)/postgresql.conf")
    }

    /// Starts it again after a stop.
    ///
    /// - Parameters:
    ///   - environment: the server's own, beside ours: what a `restore_command` needs.
    ///   - limit: until it accepts connections, which it does when its recovery is over.
    /// - Throws: `ClusterError.startFailed` with the last lines of its log.
    package func start(
        environment: [String: ChildEnvironment.Value] = [:], within limit: Duration = .seconds(120)
    ) async throws {
        let outcome = try await run(
            "pg_ctl",
            [
                "start", "--wait", "--timeout=\(limit.components.seconds)", "--pgdata=\(directory.data)",
                "--log=\(directory.log)",
            ], environment: environment, timeLimit: limit + .seconds(60))
        guard outcome.isSuccess else {
            throw ClusterError.startFailed(directory: directory.path, log: directory.lastWords)
        }
    }

    /// How a server ends (PostgreSQL manual, "Shutting Down the Server").
    package enum StopMode: String, Sendable {
        /// Waits for every session.
        case smart
        /// Rolls back and writes a checkpoint.
        case fast
        /// As a crash would.
        case immediate
    }

    package func stop(_ mode: StopMode = .fast) async throws {
        let outcome = try await run(
            "pg_ctl", ["stop", "--wait", "--timeout=120", "--pgdata=\(directory.data)", "--mode=\(mode.rawValue)"])
        guard outcome.isSuccess else {
            throw ClusterError.stopFailed(
                directory: directory.path, reason: outcome.errorOutput.lastLines(3).joined(separator: " / "))
        }
    }

    package func restart(_ mode: StopMode = .fast) async throws {
        try await stop(mode)
        try await start()
    }

    /// Whether its postmaster runs.
    package var isRunning: Bool { directory.serverPID != nil }

    /// The postmaster; nil when it is stopped.
    package var processID: Int32? { directory.serverPID }

    package var dataDirectory: String { directory.data }

    /// What its data directory lies in, the server's own: for what goes with it, such as its tablespaces.
    package var home: String { directory.path }

    /// Whom its programs run as; nil where that is us.
    package var serverUser: SystemUser? { user }

    /// Makes a directory for files that go with the cluster, whoever removes it. Ours; the server's user may read what
    /// its group may read. Once.
    ///
    /// - Throws: `ClusterError`.
    package func makeFilesDirectory() throws(ClusterError) -> String { try directory.makeFiles(for: user) }

    /// The last lines of the server's log, printable.
    package func log(last count: Int = 20) -> [String] { directory.logLines(count) }

    /// Why it did not start, or ended.
    package var lastWords: [String] { directory.lastWords }

    /// Over the socket, as the superuser.
    package func address(database: String = "postgres") -> DatabaseAddress {
        DatabaseAddress(host: socketDirectory, port: options.port, database: database, user: options.superuser)
    }

    /// Over 127.0.0.1, with the password; nil when it does not listen there.
    package func loopbackAddress(database: String = "postgres") -> DatabaseAddress? {
        guard case .loopback(let port, let password) = options.listening else { return nil }
        return DatabaseAddress(
            host: "127.0.0.1", port: port, database: database, user: options.superuser, password: password)
    }

    /// Ends it at once and removes all its files. Does not suspend, so that it can run where a process ends.
    ///
    /// - Throws: `ClusterError`; what is left then goes with a later sweep.
    package func destroy() throws(ClusterError) { try directory.destroy() }

    /// Ends and removes the private clusters below `parent` whose owner is gone, and no others.
    ///
    /// - Returns: how many there were.
    /// - Throws: `ClusterError` for the first that resists, after all were tried.
    @discardableResult
    package static func sweep(_ parent: String) throws(ClusterError) -> Int {
        guard FileManager.default.fileExists(atPath: parent) else { return 0 }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: parent)
        } catch {
            throw .directory(parent, reason: error.localizedDescription)
        }
        var count = 0
        var failure: ClusterError?
        for name in names where name.hasPrefix("cluster-") && name.hasSuffix(".lock") {
            let path = "\(parent)/\(name)"
            guard let lock = OwnerLock.orphaned(path) else { continue }
            do {
                try ClusterDirectory(path: String(path.dropLast(5)), lock: lock).destroy()
                count += 1
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return count
    }

    private func run(
        _ program: String, _ arguments: [String], environment more: [String: ChildEnvironment.Value] = [:],
        timeLimit: Duration = .seconds(180)
    ) async throws -> ProgramOutcome {
        var environment: ChildEnvironment = ["LC_ALL": "C", "PGPASSWORD": ""]
        environment.values.merge(more) { $1 }
        return try await programs.run(
            ChildProgram(
                server.path(program), arguments, environment: environment, workingDirectory: directory.path,
                user: user, timeLimit: timeLimit))
    }
}

import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("private clusters", .temporaryDirectory)
struct PrivateClusterTests {
    private let programs = Programs(environment: ProcessInfo.processInfo.environment)

    private func directory() throws -> String {
        // The server's user has to get there, and a test's own directory is only ours.
        chmod(TemporaryDirectory.current, 0o755)
        return "\(TemporaryDirectory.current)/clusters with space"
    }

    @Test("one starts, stops, starts again, answers only on its socket, and leaves nothing behind")
    func lives() async throws {
        let server = try await ServerPrograms.find(major: 15, with: programs)
        let parent = try directory()
        let cluster = try await PrivateCluster.start(server, in: parent, with: programs)
        let socket = cluster.socketDirectory
        try await Connection.with(cluster.address()) { connection in
            let row = try await connection.query(
                "select current_setting('listen_addresses') as listen, version() as version"
            ).only
            #expect(try row["listen", as: String.self] == "")
            #expect(try row["version", as: String.self].hasPrefix("PostgreSQL 15."))
        }
        #expect(cluster.loopbackAddress() == nil)
        var status = stat()
        #expect(stat(socket, &status) == 0 && status.st_mode & 0o777 == 0o700)
        try await cluster.restart(.immediate)
        #expect(cluster.log().contains { $0.contains("database system is ready") })
        try await cluster.stop()
        #expect(!cluster.isRunning)
        try await cluster.start()
        let pid = try #require(cluster.processID)
        try cluster.destroy()
        #expect(!isAlive(pid))
        #expect(access(socket, F_OK) != 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
    }

    @Test("a cluster that cannot start says why, and leaves nothing behind")
    func reportsFailure() async throws {
        let server = try await ServerPrograms.find(major: 15, with: programs)
        let parent = try directory()
        let error = await #expect(throws: ClusterError.self) {
            try await PrivateCluster.start(
                server, ClusterOptions(settings: ["shared_buffers": "nonsense"]), in: parent, with: programs)
        }
        #expect(error?.code == "cluster.start-failed")
        #expect(error?.problem.contains("shared_buffers") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
        let long = "/tmp/" + String(repeating: "x", count: 90)
        try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)
        defer { rmdir(long) }
        let tooLong = await #expect(throws: ClusterError.self) {
            try await PrivateCluster.start(server, in: parent, sockets: long, with: programs)
        }
        #expect(tooLong?.code == "cluster.socket-path")
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: long).isEmpty)
    }

    @Test("a sweep ends the clusters whose owner is gone, and leaves those whose owner lives")
    func sweepsOrphans() async throws {
        let server = try await ServerPrograms.find(major: 15, with: programs)
        let parent = try directory()
        let owned = try await PrivateCluster.start(server, in: parent, with: programs)
        var orphan: PrivateCluster? = try await PrivateCluster.start(server, in: parent, with: programs)
        let pid = try #require(orphan?.processID)
        let socket = try #require(orphan?.socketDirectory)
        #expect(try PrivateCluster.sweep(parent) == 0)
        let pipe = parent + "/pipe"
        #expect(mkfifo(pipe, 0o666) == 0)
        async let client = programs.run(ChildProgram("cat", [pipe], environment: ["PGHOST": "\(socket)"]))
        try await eventually("the client runs") { StartedPrograms().having("PGHOST", socket).count == 1 }
        // Dropping the owner lets its lock go, as the end of its process would.
        orphan = nil
        // A child program of another test may hold a copy of the lock until it has become itself.
        try await eventually("it is swept") { try PrivateCluster.sweep(parent) == 1 }
        #expect(!isAlive(pid))
        #expect(access(socket, F_OK) != 0)
        #expect(try await client.termination == .signalled(SIGKILL))
        #expect(owned.isRunning)
        try owned.destroy()
    }

    @Test("what cannot be looked through is not taken for empty; where there is nothing there is nothing to sweep")
    func sweepsOnlyWhatItSees() throws {
        let parent = TemporaryDirectory.current
        #expect(try PrivateCluster.sweep(parent + "/none") == 0)
        let file = parent + "/file"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        #expect {
            try PrivateCluster.sweep(file)
        } throws: { ($0 as? ClusterError)?.code == "cluster.directory" }
    }

    @Test("a server is found by its major version, and a missing one names the package")
    func findsServers() async throws {
        let server = try await ServerPrograms.find(major: 15, with: programs)
        #expect(server.version.major >= 15)
        let error = await #expect(throws: ProgramError.self) {
            try await ServerPrograms.find(major: 77, with: programs)
        }
        #expect(error?.hint == "Install it: apt-get install postgresql-77")
    }

    @Test("a program that cannot be started now is not taken for one that is missing")
    func busyMachine() async throws {
        let directory = TemporaryDirectory.current
        let path = directory + "/psql"
        // What a script without its interpreter says: it is there, and the kernel does not start it.
        try "#!/no/such/interpreter\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(chmod(path, 0o755) == 0)
        let found = try await ClientProgram.find(
            "psql", fitting: PostgreSQLVersion(major: 15, minor: 2), in: [directory], with: programs)
        #expect(found.path != path)
        try "#!/bin/sh\nsleep 600\n".write(toFile: path, atomically: false, encoding: .utf8)
        #expect(chmod(path, 0o755) == 0)
        await #expect(throws: ProgramError.self) {
            try await ClientProgram.find(
                "psql", fitting: PostgreSQLVersion(major: 15, minor: 2), in: [directory],
                patience: .milliseconds(200), with: programs)
        }
    }

    @Test("a client program is of the server's version or the next, and a missing one names the package")
    func findsClientPrograms() async throws {
        let equal = try await ClientProgram.find(
            "pg_dump", fitting: PostgreSQLVersion(major: 15, minor: 2), with: programs)
        #expect(equal.version.major == 15)
        let newer = try await ClientProgram.find(
            "psql", fitting: PostgreSQLVersion(major: 14, minor: 0), with: programs)
        #expect(newer.version.major == 15)
        let error = await #expect(throws: ClientProgramError.self) {
            try await ClientProgram.find("pg_dump", fitting: PostgreSQLVersion(major: 77, minor: 0), with: programs)
        }
        #expect(error?.hint == "Install it: apt-get install postgresql-client-77")
        #expect(error?.problem.contains("15.") == true)
    }

    @Test("facts of a server and a role, on every version", arguments: TestServer.allCases)
    func readsFacts(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await SurveySession.with(database.address) { session in
                let facts = try await ServerFacts(session)
                #expect(facts.version.major == version.rawValue)
                #expect(facts.database == database.name)
                #expect(facts.systemIdentifier.flatMap { UInt64($0) } != nil)
                #expect(!facts.isInRecovery)
                #expect(facts.role.isSuperuser && facts.role.canMonitor)
                let settings = try await ServerSetting.read(["max_connections", "no_such_setting"], session)
                #expect(settings.keys.sorted() == ["max_connections"])
                #expect(settings["max_connections"]?.value == "200")
            }
        }
    }
}

/// A process that has ended and that nobody has asked about has no command line any more.
private func isAlive(_ pid: Int32) -> Bool {
    FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map { !$0.isEmpty } ?? false
}

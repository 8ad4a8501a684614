import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("trouble on the way to a server", .serialized, .temporaryDirectory)
struct TroubleTests {
    static let password = "pl4nted-s3cret"

    @Test("nobody listens: unreachable, retryable, status 5")
    func isRefused() async throws {
        let port = try FreePort().port
        let address = DatabaseAddress(host: "127.0.0.1", port: port, database: "shop", password: Secret(Self.password))
        let error = try await failure(address)
        #expect(error.code == "postgresql.unreachable")
        #expect(error.isRetryable)
        #expect(error.exitStatus == .unreachable)
        #expect(error.problem.contains("127.0.0.1:\(port)/shop"))
        #expect(error.problem.lowercased().contains("connection refused"))
    }

    @Test("a host that swallows everything ends in an error at the time limit")
    func isSwallowed() async throws {
        let listener = try FreePort(listening: true)
        let address = DatabaseAddress(host: "127.0.0.1", port: listener.port, database: "shop")
        let clock = ContinuousClock()
        var error: PostgreSQLError?
        let took = try await clock.measure { error = try await failure(address, within: .milliseconds(300)) }
        #expect(error?.code == "postgresql.unreachable")
        #expect(error?.problem.contains("within 300 ms") == true)
        #expect(took < .seconds(5))
    }

    @Test("connecting stops when its task is cancelled")
    func stopsConnecting() async throws {
        let listener = try FreePort(listening: true)
        let address = DatabaseAddress(host: "127.0.0.1", port: listener.port, database: "shop")
        let task = Task { try await Connection.open(address, ConnectionSettings(connectTimeout: .seconds(600))) }
        listener.acceptOne()
        task.cancel()
        await #expect(throws: PostgreSQLError.cancelled) { try await task.value }
    }

    @Test("a name that does not exist is unreachable")
    func isUnknown() async throws {
        let error = try await failure(DatabaseAddress(host: "no-such-host.invalid", database: "shop"))
        #expect(error.code == "postgresql.unreachable")
    }

    @Test("a service that is not defined is a matter of configuration")
    func hasNoService() async throws {
        let error = try await failure(try DatabaseAddress("service=no_such_service"))
        #expect(error.code == "postgresql.bad-address")
        #expect(error.problem.contains("no_such_service"))
    }

    @Test("a wrong password, a missing one, a missing database and a missing role are told apart, without the password")
    func isNotLetIn() async throws {
        try await withServer { cluster in
            let address = try #require(cluster.loopbackAddress())
            try await Connection.with(address) { connection in
                let row = try await connection.query("select inet_server_port() as port").only
                #expect(try row["port", as: Int.self] == cluster.options.port)
            }
            let wrong = try await failure(address.with(password: Secret("wr0ng-s3cret")))
            #expect(wrong.code == "postgresql.authentication-failed")
            #expect(wrong.exitStatus == .configuration)
            let role = try await failure(address.with(user: "nobody_here", password: Secret(Self.password)))
            #expect(role.code == "postgresql.authentication-failed")
            let none = try await failure(
                DatabaseAddress(host: "127.0.0.1", port: cluster.options.port, database: "postgres", user: "postgres"))
            #expect(none.code == "postgresql.authentication-failed")
            let missing = try await failure(try #require(cluster.loopbackAddress(database: "no \"such\" database")))
            #expect(missing.code == "postgresql.no-such-database")
            let file = "\(TemporaryDirectory.current)/pgpass"
            try "127.0.0.1:*:*:postgres:\(Self.password)\n".write(toFile: file, atomically: false, encoding: .utf8)
            chmod(file, 0o600)
            let services = "\(TemporaryDirectory.current)/services"
            try "[shop]\nhost=127.0.0.1\nport=\(cluster.options.port)\ndbname=postgres\nuser=postgres\n"
                .write(toFile: services, atomically: false, encoding: .utf8)
            setenv("PGSERVICEFILE", services, 1)
            defer { unsetenv("PGSERVICEFILE") }
            try await Connection.with(try DatabaseAddress("service=shop passfile=\(file)")) {
                try await $0.execute("select 1")
            }
            for error in [wrong, role, none, missing] {
                #expect(!"\(error)\(String(reflecting: error))".contains("s3cret"))
            }
        }
    }

    @Test("a server that hangs, one that restarts and one that is killed end calls with errors, never with a wait")
    func survivesServer() async throws {
        try await withServer { cluster in
            let connection = try await Connection.open(
                cluster.address(), ConnectionSettings(statementTimeout: nil, lockTimeout: nil))
            let backend = await connection.backendPID
            let server = try #require(cluster.processID)
            kill(backend, SIGSTOP)
            defer { kill(backend, SIGCONT) }
            let hung = await #expect(throws: PostgreSQLError.self) {
                try await connection.execute("select 1", timeout: .milliseconds(100))
            }
            #expect(hung == .timedOut("the statement", after: .milliseconds(100)))
            #expect(await !connection.isOpen)
            let after = await #expect(throws: PostgreSQLError.self) { try await connection.execute("select 1") }
            #expect(after?.code == "postgresql.connection-lost")
            kill(backend, SIGCONT)

            try await Connection.with(cluster.address()) { victim in
                async let stopped: Void = cluster.restart(.fast)
                let lost = await #expect(throws: PostgreSQLError.self) {
                    try await victim.execute("select pg_sleep(60)")
                }
                #expect(["postgresql.connection-lost", "postgresql.server-not-ready"].contains(lost?.code))
                #expect(lost?.isRetryable == true)
                try await stopped
            }
            #expect(try #require(cluster.processID) != server)
            try await Connection.with(cluster.address()) { victim in
                async let stopped: Void = cluster.stop(.immediate)
                let lost = await #expect(throws: PostgreSQLError.self) {
                    try await victim.execute("select pg_sleep(60)")
                }
                #expect(lost?.exitStatus == .unreachable)
                try await stopped
            }
            #expect(try await failure(cluster.address()).code == "postgresql.unreachable")
        }
    }

    @Test("too many connections is its own error")
    func isFull() async throws {
        try await withServer(["max_connections": "5", "superuser_reserved_connections": "0"]) { cluster in
            var open: [Connection] = []
            var error: PostgreSQLError?
            while error == nil, open.count < 10 {
                do {
                    open.append(try await Connection.open(cluster.address()))
                } catch let refusal as PostgreSQLError {
                    error = refusal
                }
            }
            for connection in open { await connection.close() }
            #expect(error?.code == "postgresql.too-many-connections")
            #expect(open.count == 5)
        }
    }

    @Test("large results come over TLS as they do without, and a server without TLS is told apart")
    func speaksTLS() async throws {
        let directory = TemporaryDirectory.current
        let programs = Programs(environment: ProcessInfo.processInfo.environment)
        _ = try await programs.run(
            ChildProgram(
                "openssl",
                [
                    "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost", "-out",
                    "\(directory)/s.crt",
                    "-keyout", "\(directory)/s.key",
                ])
        ).checked()
        if let user = try SystemUser.unprivileged() {
            for file in ["s.crt", "s.key"] { chown("\(directory)/\(file)", user.id, user.group) }
        }
        let settings = ["ssl": "on", "ssl_cert_file": "\(directory)/s.crt", "ssl_key_file": "\(directory)/s.key"]
        try await withServer(settings) { cluster in
            let port = cluster.options.port
            let base = "host=127.0.0.1 port=\(port) dbname=postgres user=postgres password=\(Self.password) sslmode="
            try await Connection.with(try DatabaseAddress(base + "require")) { connection in
                let secure = try await connection.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()").only
                #expect(try secure["ssl", as: Bool.self])
                let bytes = try await connection.copyOut(
                    "copy (select repeat('x', 1 + n % 40000) from generate_series(1, 3000) n) to stdout", into: 0
                ) { $0 += $1.count }
                #expect(bytes == (1...3000).reduce(0) { $0 + 2 + $1 % 40_000 })
                for length in [1, 8_191, 16_384, 16_385, 100_000, 1_000_000] {
                    let row = try await connection.query("select repeat('y', \(length)::int) as text").only
                    #expect(try row["text", as: String.self].utf8.count == length)
                }
            }
            let untrusted = try await failure(try DatabaseAddress(base + "verify-ca sslrootcert=/nonexistent"))
            #expect(untrusted.code == "postgresql.encryption-failed")
        }
        try await withServer { cluster in
            let text = "host=127.0.0.1 port=\(cluster.options.port) dbname=postgres user=postgres sslmode=require"
            let error = try await failure(try DatabaseAddress(text))
            #expect(error.code == "postgresql.encryption-failed")
            #expect(error.exitStatus == .configuration)
        }
    }

    private func failure(_ address: DatabaseAddress, within limit: Duration = .seconds(20)) async throws
        -> PostgreSQLError
    {
        do {
            let connection = try await Connection.open(address, ConnectionSettings(connectTimeout: limit))
            await connection.close()
            throw UnexpectedSuccess()
        } catch let error as PostgreSQLError {
            return error
        }
    }

    private struct UnexpectedSuccess: Error {}

    private func withServer(_ settings: [String: String] = [:], _ body: (PrivateCluster) async throws -> Void)
        async throws
    {
        let programs = Programs(environment: ProcessInfo.processInfo.environment)
        let server = try await ServerPrograms.find(major: 15, with: programs)
        let options = ClusterOptions(
            listening: .loopback(port: try FreePort().port, password: Secret(Self.password)), settings: settings)
        let cluster = try await PrivateCluster.start(server, options, in: TestClusters.directory, with: programs)
        do {
            try await body(cluster)
            try cluster.destroy()
        } catch {
            try cluster.destroy()
            throw error
        }
    }
}

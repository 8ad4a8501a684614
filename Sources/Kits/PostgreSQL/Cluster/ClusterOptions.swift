import Maintenance
import Outside

/// How a private cluster is made.
package struct ClusterOptions: Sendable {
    /// Who may connect, and from where.
    package enum Listening: Sendable {
        /// Nobody but who may enter the socket's directory (mode 0700): the user it runs as, and root.
        case socketOnly
        /// Also 127.0.0.1, with this password.
        case loopback(port: Int, password: Secret)
    }

    /// Whether its data have to survive a crash of the machine.
    package enum Durability: Sendable {
        case safe
        /// Nothing is synced, nothing written twice: for what is thrown away. Restores run about a fifth faster.
        case none
    }

    package var superuser: String
    package var listening: Listening
    package var durability: Durability
    package var encoding: String
    package var locale: String
    package var hasDataChecksums: Bool
    /// Added to postgresql.conf; they win over ours.
    package var settings: [String: String]

    package init(
        superuser: String = "postgres", listening: Listening = .socketOnly, durability: Durability = .none,
        encoding: String = "UTF8", locale: String = "C.UTF-8", hasDataChecksums: Bool = false,
        settings: [String: String] = [:]
    ) {
        self.superuser = superuser
        self.listening = listening
        self.durability = durability
        self.encoding = encoding
        self.locale = locale
        self.hasDataChecksums = hasDataChecksums
        self.settings = settings
    }

    /// The one its socket is named by, too.
    package var port: Int {
        if case .loopback(let port, _) = listening { port } else { 5432 }
    }

    /// The lines added to postgresql.conf (PostgreSQL manual, "Setting Parameters": the last one counts).
    func configuration(socketDirectory: String) -> String {
        var lines = [
            ("port", String(port)), ("unix_socket_directories", socketDirectory), ("unix_socket_permissions", "0700"),
            ("listen_addresses", ""), ("logging_collector", "off"), ("lc_messages", "C"),
            // In its own directory, so that nothing stays in the host's memory when it is killed.
            ("dynamic_shared_memory_type", "mmap"),
        ]
        if case .loopback = listening { lines.append(("listen_addresses", "127.0.0.1")) }
        if case .none = durability {
            // Figures: autovacuum and WAL off save a restore its I/O; a server that only proves needs neither.
            lines += [
                ("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"),
                ("wal_level", "minimal"), ("max_wal_senders", "0"), ("max_wal_size", "32GB"),
                ("checkpoint_timeout", "1d"), ("autovacuum", "off"),
            ]
        }
        lines += settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return lines.map {
            "\($0.0) = '\($0.1.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "'", with: "''"))'\n"
        }.joined()
    }

    func initdbArguments(data: String, passwordFile: String?, version: PostgreSQLVersion) -> [String] {
        var arguments = [
            "--pgdata=\(data)", "--username=\(superuser)", "--encoding=\(encoding)", "--locale=\(locale)",
            "--auth-local=trust", "--auth-host=\(passwordFile == nil ? "reject" : "scram-sha-256")",
        ]
        if let passwordFile { arguments.append("--pwfile=\(passwordFile)") }
        if case .none = durability { arguments.append("--no-sync") }
        if hasDataChecksums { arguments.append("--data-checksums") }
        // From 18 on checksums are the default.
        if !hasDataChecksums, version.major >= 18 { arguments.append("--no-data-checksums") }
        return arguments
    }
}

import Maintenance
import PostgreSQL

/// The memory of the machine a server runs on: as somebody said, else as the server itself reads it there.
struct Machine: Sendable, Hashable {
    var memory: Int64
    /// Where that is known from.
    var source: String

    /// Nil where nobody can tell. `/proc/meminfo` counts in kibibytes; a container's own limit is lower
    /// (https://docs.kernel.org/admin-guide/cgroup-v2.html, `memory.max`).
    static func read(_ session: SurveySession, said: ByteCount?) async throws -> Machine? {
        if let said { return Machine(memory: said.bytes, source: "--memory") }
        let mayRead = try await session.query(
            """
            select pg_catalog.has_function_privilege('pg_catalog.pg_read_file(text,bigint,bigint,boolean)', 'execute')
                and (pg_catalog.pg_has_role('pg_read_server_files', 'usage')
                    or (select rolsuper from pg_catalog.pg_roles where rolname = current_user)) as may
            """
        ).only["may", as: Bool.self]
        guard mayRead else { return nil }
        let row = try await session.query(
            """
            select pg_catalog.pg_read_file('/proc/meminfo', 0, 4096, true) as memory,
                pg_catalog.pg_read_file('/sys/fs/cgroup/memory.max', 0, 64, true) as group_limit
            """
        ).only
        guard let text: String = try row["memory"], let total = kibibytes(text) else { return nil }
        if let group: String = try row["group_limit"], let limit = Int64(group.trimmingWhitespace()), limit < total {
            return Machine(memory: limit, source: "the container's limit")
        }
        return Machine(memory: total, source: "/proc/meminfo of the server")
    }

    /// `MemTotal:  16307932 kB`, in bytes.
    private static func kibibytes(_ text: String) -> Int64? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map { $0 * 1_024 }
        }
        return nil
    }
}

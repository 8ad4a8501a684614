import Maintenance
import PostgreSQL

/// The memory of the machine a server runs on: as somebody said, else as the server itself reads it there.
struct Machine: Sendable, Hashable {
    var memory: Int64
    /// Where that is known from.
    var source: String
    /// Other PostgreSQL servers that run on it, and take of it what nobody here knows.
    var others = 0

    /// Nil where nobody can tell. `/proc/meminfo` counts in kibibytes; a container's own limit is lower
    /// (https://docs.kernel.org/admin-guide/cgroup-v2.html, `memory.max`).
    static func read(_ session: SurveySession, said: ByteCount?) async throws -> Machine? {
        if let said { return Machine(memory: said.bytes, source: "--memory") }
        let mayRead = try await session.query(
            """
            select pg_catalog.has_function_privilege('pg_catalog.pg_read_file(text,bigint,bigint,boolean)', 'execute')
                and pg_catalog.has_function_privilege(
                    'pg_catalog.pg_read_binary_file(text,bigint,bigint,boolean)', 'execute')
                and (pg_catalog.pg_has_role('pg_read_server_files', 'usage')
                    or (select rolsuper from pg_catalog.pg_roles where rolname = current_user)) as may
            """
        ).only["may", as: Bool.self]
        guard mayRead else { return nil }
        let row = try await session.query(
            """
            select pg_catalog.pg_read_file('/proc/meminfo', 0, 4096, true) as memory,
                pg_catalog.pg_read_file('/proc/self/cgroup', 0, 4096, true) as groups
            """
        ).only
        guard let text: String = try row["memory"], let total = kibibytes(text) else { return nil }
        let files = limitFiles(try row["groups", as: String?.self] ?? "")
        let limits = try await session.query(
            "select pg_catalog.pg_read_file(f, 0, 64, true) as said from unnest(\(files)::text[]) f"
        ).compactMap { try $0["said", as: String?.self].flatMap { Int64($0.trimmingWhitespace()) } }
        let others = try await others(session)
        if let limit = limits.min(), limit > 0, limit < total {
            return Machine(memory: limit, source: "the container's limit", others: others)
        }
        return Machine(memory: total, source: "/proc/meminfo of the server", others: others)
    }

    /// Where the limits of a process's control groups stand: its own group's and those of all above, in either version
    /// (https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, `memory.limit_in_bytes`).
    ///
    /// - Parameter groups: `/proc/self/cgroup`: `0::/system.slice/postgresql.service`, `9:memory:/docker/1f2e`.
    static func limitFiles(_ groups: String) -> [String] {
        var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let (root, file): (String, String)
            if parts[0] == "0", parts[1].isEmpty {
                (root, file) = ("/sys/fs/cgroup", "memory.max")
            } else if parts[1].split(separator: ",").contains("memory") {
                (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            } else {
                continue
            }
            var path = root
            for part in parts[2].split(separator: "/") where part != ".." {
                path += "/\(part)"
                files.append("\(path)/\(file)")
            }
        }
        return files
    }

    /// Servers beside this one, as far as its own view of the machine goes; 0 where the role may not look.
    private static func others(_ session: SurveySession) async throws -> Int {
        let mayList = try await session.query(
            "select pg_catalog.has_function_privilege('pg_catalog.pg_ls_dir(text)', 'execute') as may"
        ).only["may", as: Bool.self]
        guard mayList else { return 0 }
        let survey: SurveySQL = """
            with listed as materialized (
                select d::int as pid, encode(pg_catalog.pg_read_binary_file('/proc/' || d || '/stat', 0, 512, true), 'escape')
                    as stat
                from pg_catalog.pg_ls_dir('/proc') d where d ~ '^[0-9]+$'),
            own as (
                select pid, split_part(substring(stat from '[)] . (.*)$'), ' ', 1) as parent from listed
                where stat ~ '^[0-9]+ [(](postgres|postmaster)[)] ')
            select count(*) - 1 as n from own where parent not in (select pid::text from own)
            """
        for _ in 0..<3 {
            do {
                return max(0, try await session.query(survey).only["n"])
            } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
                // A process that ends between listing and reading.
                continue
            }
        }
        return 0
    }

    /// `MemTotal:  16307932 kB`, in bytes.
    private static func kibibytes(_ text: String) -> Int64? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map { $0 * 1_024 }
        }
        return nil
    }
}

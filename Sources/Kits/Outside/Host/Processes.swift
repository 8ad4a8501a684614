import Glibc
import Maintenance

/// The processes of this machine that are asked for, as /proc shows them (proc(5)).
package struct Processes: Sendable {
    /// Where /proc is; another directory in tests.
    private let root: String

    package init(root: String = "") { self.root = root }

    package struct Wanted: Sendable {
        /// The kernel's name of the program; it keeps 15 bytes.
        package var program: String?
        package var commandLine: String?
        package var user: UInt32?

        package init(program: String? = nil, commandLine: String? = nil, user: UInt32? = nil) {
            self.program = program
            self.commandLine = commandLine
            self.user = user
        }
    }

    package struct Found: Sendable, Hashable {
        package var id: Int32
        package var memory: ByteCount
        package var threads: Int
        /// Since boot.
        package var started: Duration
        /// Nil where we may not look.
        package var openFiles: Int?
        package var openFilesLimit: Int?
    }

    /// By process id. One that ends while it is looked at is none. Zombies do not count: nothing of them runs.
    ///
    /// - Throws: `FileError` where there is no /proc.
    package func having(_ wanted: Wanted) throws -> [Found] {
        guard let directory = opendir("\(root)/proc") else { throw FileError(.look, "\(root)/proc", errno) }
        defer { closedir(directory) }
        var found: [Found] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let id = Int32(name), let process = process(id, wanted) else { continue }
            found.append(process)
        }
        return found.sorted { $0.id < $1.id }
    }

    private func process(_ id: Int32, _ wanted: Wanted) -> Found? {
        let path = "\(root)/proc/\(id)"
        if let user = wanted.user {
            var status = stat()
            guard stat(path, &status) == 0, status.st_uid == user else { return nil }
        }
        // `id (name) state …`: the name may hold anything, also parentheses.
        guard let line = text("\(path)/stat"), let open = line.utf8.firstIndex(of: UInt8(ascii: "(")),
            let close = line.utf8.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        let name = line[line.utf8.index(after: open)..<close]
        let fields = line[line.utf8.index(after: close)...].split(separator: " ")
        guard fields.count > 21, fields[0] != "Z", fields[0] != "X", let threads = Int(fields[17]),
            let ticks = Int64(fields[19]), let pages = Int64(fields[21])
        else { return nil }
        if let program = wanted.program {
            guard name.utf8.elementsEqual(program.utf8.prefix(15)) else { return nil }
        }
        if let part = wanted.commandLine {
            guard let words = text("\(path)/cmdline"), words.replacingBytes(of: "\0", with: " ").containsBytes(part)
            else {
                return nil
            }
        }
        let ticksPerSecond = max(1, Int64(sysconf(Int32(_SC_CLK_TCK))))
        return Found(
            id: id, memory: ByteCount(pages * Int64(sysconf(Int32(_SC_PAGESIZE)))), threads: threads,
            started: .milliseconds(ticks * 1_000 / ticksPerSecond), openFiles: entries(of: "\(path)/fd"),
            openFilesLimit: text("\(path)/limits").flatMap(Self.openFilesLimit))
    }

    private static func openFilesLimit(_ limits: String) -> Int? {
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
    }

    private func entries(of path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = -2
        while readdir(directory) != nil { count += 1 }
        return max(0, count)
    }

    private func text(_ path: String) -> String? {
        guard let bytes = try? Descriptor.open(path).contents(limit: 1_048_576) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

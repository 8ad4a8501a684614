import Glibc
import Maintenance

/// Who has a file open for writing, read from /proc (proc(5), /proc/PID/fd and fdinfo).
package struct OpenFiles: Sendable {
    package init() {}

    package struct Writer: Sendable, Hashable {
        package var process: Int32
        /// The program's name, at most 15 characters. Hostile text.
        package var program: String
        /// Opened with O_APPEND: it writes at the file's end, also after the file was emptied.
        package var appends: Bool

        /// `java (process 1234)`.
        package var shown: String { "\(program.printable) (process \(process))" }
    }

    package struct Answer: Sendable {
        package var writers: [Writer]
        /// False when there are processes that we may not look into.
        package var isComplete: Bool

        package init(writers: [Writer], isComplete: Bool) {
            self.writers = writers
            self.isComplete = isComplete
        }
    }

    package func writers(of file: FileIdentity) throws -> Answer {
        try writers(of: [file])[file] ?? Answer(writers: [], isComplete: true)
    }

    /// One look at all processes for all of the files; every file has its answer.
    ///
    /// Takes some milliseconds per thousand open files on the machine: not on the cooperative pool.
    package func writers(of files: Set<FileIdentity>) throws -> [FileIdentity: Answer] {
        guard !files.isEmpty else { return [:] }
        var found: [FileIdentity: [Writer]] = [:]
        var isComplete = true
        for process in try processes() {
            let directory = "/proc/\(process)/fd"
            guard let stream = opendir(directory) else {
                // Gone meanwhile, or not ours to see.
                if errno == EACCES || errno == EPERM { isComplete = false }
                continue
            }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let descriptor = Self.name(of: entry)
                guard let identity = regularFile("\(directory)/\(descriptor)"), files.contains(identity),
                    let flags = flags(process, descriptor), flags & O_ACCMODE != O_RDONLY
                else { continue }
                // A child that we are just starting has copies of our descriptors until its execve(2) closes them.
                if flags & O_CLOEXEC != 0, isOurChild(process) {
                    let isBeforeExec = regularFile("/proc/\(process)/exe") == regularFile("/proc/self/exe")
                    if isBeforeExec || !stays("\(directory)/\(descriptor)", identity) { continue }
                }
                found[identity, default: []].append(
                    Writer(process: process, program: program(process), appends: flags & O_APPEND != 0))
            }
        }
        let answers = files.map { ($0, Answer(writers: found[$0] ?? [], isComplete: isComplete)) }
        return Dictionary(uniqueKeysWithValues: answers)
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Bytes that a process has given to write(2) and its kin since it began, to any file; nil where we may not see it.
    func written(by process: Int32) -> Int64? {
        let lines = text("/proc/\(process)/io")?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("wchar: ") }.flatMap { Int64($0.dropFirst(7)) }
    }

    private func processes() throws(FileError) -> [Int32] {
        guard let directory = opendir("/proc") else { throw FileError(.list, "/proc", errno) }
        defer { closedir(directory) }
        var processes: [Int32] = []
        while let entry = readdir(directory) {
            if let number = Int32(Self.name(of: entry)) { processes.append(number) }
        }
        return processes
    }

    /// The octal `flags:` of fdinfo.
    private func flags(_ process: Int32, _ descriptor: String) -> Int32? {
        let lines = text("/proc/\(process)/fdinfo/\(descriptor)")?.split(separator: "\n") ?? []
        let field = lines.first { $0.hasPrefix("flags:") }?.dropFirst(6).trimmingWhitespace()
        return field.flatMap { Int32($0, radix: 8) }
    }

    private func isOurChild(_ process: Int32) -> Bool {
        let lines = text("/proc/\(process)/status")?.split(separator: "\n") ?? []
        let field = lines.first { $0.hasPrefix("PPid:") }?.dropFirst(5).trimmingWhitespace()
        return field.flatMap { Int32($0) } == getpid()
    }

    /// Whether a descriptor of a child with another program still leads there after some milliseconds: execve(2) puts the
    /// new program in place before it closes what is not for it.
    private func stays(_ link: String, _ identity: FileIdentity) -> Bool {
        for _ in 0..<20 {
            guard regularFile(link) == identity else { return false }
            usleep(250)
        }
        return true
    }

    /// The regular file that a link of /proc leads to; nil where it leads to something else, or is gone.
    private func regularFile(_ link: String) -> FileIdentity? {
        var status = stat()
        guard stat(link, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private func program(_ process: Int32) -> String {
        text("/proc/\(process)/comm")?.trimmingWhitespace() ?? "a program"
    }

    /// A process may end at any moment: then there is no text.
    private func text(_ path: String) -> String? {
        (try? Descriptor.open(path).contents(limit: 65_536)).map { String(decoding: $0, as: UTF8.self) }
    }
}

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
    }

    /// Takes some milliseconds per thousand open files on the machine: not on the cooperative pool.
    package func writers(of file: FileIdentity) throws -> Answer {
        var answer = Answer(writers: [], isComplete: true)
        for process in try processes() {
            guard let directory = opendir("/proc/\(process)/fd") else {
                // Gone meanwhile, or not ours to see.
                if errno == EACCES || errno == EPERM { answer.isComplete = false }
                continue
            }
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                var status = stat()
                guard name.first?.isNumber == true, stat("/proc/\(process)/fd/\(name)", &status) == 0,
                    UInt64(status.st_dev) == file.device, UInt64(status.st_ino) == file.inode,
                    let flags = flags(process, name), flags & O_ACCMODE != O_RDONLY
                else { continue }
                answer.writers.append(
                    Writer(process: process, program: program(process), appends: flags & O_APPEND != 0))
            }
        }
        return answer
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
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { processes.append(number) }
        }
        return processes
    }

    /// The octal `flags:` of fdinfo.
    private func flags(_ process: Int32, _ descriptor: String) -> Int32? {
        let lines = text("/proc/\(process)/fdinfo/\(descriptor)")?.split(separator: "\n") ?? []
        let field = lines.first { $0.hasPrefix("flags:") }?.dropFirst(6).trimmingWhitespace()
        return field.flatMap { Int32($0, radix: 8) }
    }

    private func program(_ process: Int32) -> String {
        text("/proc/\(process)/comm")?.trimmingWhitespace() ?? "a program"
    }

    /// A process may end at any moment: then there is no text.
    private func text(_ path: String) -> String? {
        (try? Descriptor.open(path).contents(limit: 65_536)).map { String(decoding: $0, as: UTF8.self) }
    }
}

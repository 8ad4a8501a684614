import Glibc
import Maintenance
import Outside

/// A real program that writes numbered lines into a log, some 500 kB a second, and opens the log again on SIGHUP.
package struct LogWriter: Sendable {
    package var process: Int32
    package var path: String

    /// `body` runs while it writes; the number of lines it has written comes back when it has ended.
    package static func writing(
        to path: String, pidFile: String, ignoresSignal: Bool = false, _ body: (LogWriter) async throws -> Void
    ) async throws -> Int {
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])
        let (starts, started) = AsyncStream<Int32>.makeStream()
        return try await withThrowingTaskGroup(of: Int.self) { tasks in
            tasks.addTask {
                defer { started.finish() }
                var count = 0
                let writer = ChildProgram(
                    "python3", ["-u", "-c", script, path, pidFile, ignoresSignal ? "ignore" : ""],
                    grace: .milliseconds(100))
                let outcome = try await programs.run(writer) { line in
                    let fields = line.text.split(separator: " ").compactMap { Int($0) }
                    if line.text.hasPrefix("started"), let process = fields.first { started.yield(Int32(process)) }
                    if line.text.hasPrefix("ended"), let lines = fields.first { count = lines }
                }
                _ = try outcome.checked()
                return count
            }
            for await process in starts {
                try await body(LogWriter(process: process, path: path))
                kill(process, SIGTERM)
                break
            }
            guard let count = try await tasks.next() else { preconditionFailure("the writer is one task") }
            return count
        }
    }

    package static let line = "line 00000000 of the log, with some text behind its number\n"

    /// The numbers of the lines in `bytes`, in order; nil for a line that is none.
    package static func numbers(in bytes: [UInt8]) -> [Int?] {
        bytes.split(separator: UInt8(10)).map { line in
            guard line.count == Self.line.utf8.count - 1 else { return nil }
            return Int(String(decoding: line.dropFirst(5).prefix(8), as: UTF8.self))
        }
    }

    private static let script = """
        import os, signal, sys, time
        path, pid_file, ignore = sys.argv[1:4]
        reopen = stop = False
        def on_hup(*_):
            global reopen; reopen = not ignore
        def on_term(*_):
            global stop; stop = True
        signal.signal(signal.SIGHUP, on_hup)
        signal.signal(signal.SIGTERM, on_term)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        log = os.open(path, flags, 0o640)
        with open(pid_file, "w") as file: file.write(f"{os.getpid()}\\n")
        print("started", os.getpid())
        number = 0
        parent = os.getppid()
        while not stop:
            if reopen:
                reopen = False
                os.close(log)
                log = os.open(path, flags, 0o640)
            os.write(log, b"line %08d of the log, with some text behind its number\\n" % number)
            number += 1
            if number % 500 == 0:
                # As busy as a busy program, quiet before it fills the disk, and gone with the test that started it.
                time.sleep(0.05)
                while number >= 3000000 and not stop and not reopen and os.getppid() == parent: time.sleep(0.05)
                if os.getppid() != parent: break
        print("ended", number)
        """
}

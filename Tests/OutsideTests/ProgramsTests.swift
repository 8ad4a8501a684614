import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("child programs", .temporaryDirectory)
struct ProgramsTests {
    @Test("a program is found on the search path by its absolute path")
    func finds() throws {
        #expect(try programs.find("sh").hasSuffix("/sh"))
        #expect(try programs.find("sh").hasPrefix("/"))
    }

    @Test("a missing program names the Debian package that has it, and is a configuration error")
    func missing() throws {
        let bare = Programs(environment: ["PATH": TemporaryDirectory.current])
        let error = #expect(throws: ProgramError.self) { try bare.find("pg_dump") }
        #expect(error?.problem == "the program 'pg_dump' is not installed (looked in \(TemporaryDirectory.current))")
        #expect(error?.hint == "Install it: apt-get install postgresql-client-15")
        #expect(error?.exitStatus == .configuration)
    }

    @Test("a directory and a file without execute permission are not programs")
    func notExecutable() throws {
        let path = TemporaryDirectory.current + "/plain"
        try "#!/bin/sh\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: ProgramError.notExecutable(path: path, reason: "permission denied")) {
            try programs.find(path)
        }
        #expect(throws: ProgramError.notExecutable(path: "/tmp/", reason: "it is not a file")) {
            try programs.find("/tmp/")
        }
    }

    @Test("the exit status, the signal and both streams come back", arguments: [0, 3, 255])
    func outcome(status: Int32) async throws {
        let outcome = try await programs.run(.shell("echo out; echo err >&2; exit \(status)"))
        #expect(outcome.termination == .exited(status))
        #expect(outcome.isSuccess == (status == 0))
        #expect(outcome.output.text == "out\n")
        #expect(outcome.errorOutput.text == "err\n")
    }

    @Test("a program that a signal ended is no success, and its error says so with its last words")
    func signalled() async throws {
        let outcome = try await programs.run(.shell("echo 'no space' >&2; kill -9 $$"))
        #expect(outcome.termination == .signalled(9))
        let error = #expect(throws: ProgramError.self) { try outcome.checked() }
        #expect(error?.problem.hasSuffix("was ended by signal 9: no space") == true)
    }

    @Test("arguments reach the program untouched, whatever they contain")
    func hostileArguments() async throws {
        let arguments = ["a b", "$(id)", "`id`", "; rm -rf x", "'", "\"", "new\nline", "*", "", "ünï", "\u{1b}[31m"]
        let outcome = try await programs.run(ChildProgram("printf", ["%s\\0"] + arguments))
        #expect(outcome.output.text.components(separatedBy: "\0") == arguments + [""])
    }

    @Test("the command line as shown is one that a shell reads back as the same arguments")
    func commandLine() async throws {
        let program = ChildProgram("printf", ["%s|", "it's", "a b", "", "$HOME", "x=1"])
        let outcome = try await programs.run(.shell(program.commandLine))
        #expect(outcome.output.text == "it's|a b||$HOME|x=1|")
        #expect(!ChildProgram("echo", ["\u{1b}[2J"]).commandLine.contains("\u{1b}"))
    }

    @Test("only the named variables reach the child, a secret by the environment and never by argv")
    func environment() async throws {
        let ours = Programs(environment: [
            "PATH": "/usr/bin:/bin", "PGPASSWORD": "leak", "AWS_SECRET": "leak", "LC_TIME": "C", "HOME": "/h",
        ])
        let secret = Secret("s3cr3t")
        let program = ChildProgram(
            "sh", ["-c", "env; tr '\\0' ' ' < /proc/$$/cmdline"],
            environment: ["SHOP_PASSWORD": .secret(secret), "PLAIN": "yes"])
        let outcome = try await ours.run(program)
        let text = outcome.output.text
        for expected in ["SHOP_PASSWORD=s3cr3t", "PLAIN=yes", "LC_TIME=C", "HOME=/h"] {
            #expect(text.contains(expected))
        }
        #expect(!text.contains("leak"))
        #expect(!outcome.commandLine.contains("s3cr3t"))
        #expect(text.components(separatedBy: "s3cr3t").count == 2)
        #expect(!String(describing: program).contains("s3cr3t"))
    }

    @Test("a NUL byte is refused before anything starts, without showing the value")
    func nulBytes() async throws {
        await #expect(throws: ProgramError.invalidEnvironment(name: "A")) {
            try await programs.run(ChildProgram("true", environment: ["A": .secret(Secret("x\0y"))]))
        }
        await #expect(throws: ProgramError.invalidArgument(program: "true", position: 2)) {
            try await programs.run(ChildProgram("true", ["a", "b\0c"]))
        }
    }

    @Test("a child inherits the three standard descriptors and no other")
    func descriptors() async throws {
        let extra = open("/dev/null", O_RDONLY)  // on purpose without O_CLOEXEC
        defer { close(extra) }
        let outcome = try await programs.run(ChildProgram("ls", ["/proc/self/fd"]))
        // The fourth is the one ls reads the directory with.
        #expect(outcome.output.text == "0\n1\n2\n3\n")
    }

    @Test("the working directory is the configured one, and one that is missing is named")
    func workingDirectory() async throws {
        let here = TemporaryDirectory.current
        #expect(try await programs.run(ChildProgram("pwd", workingDirectory: here)).output.text == here + "\n")
        let error = await #expect(throws: ProgramError.self) {
            try await programs.run(ChildProgram("pwd", workingDirectory: here + "/none"))
        }
        #expect(error?.code == "program.working-directory")
    }

    @Test("10 MB go in and come out the same")
    func input() async throws {
        var generator = SeededGenerator(seed: 7)
        let bytes = (0..<10_485_760 / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        var received: [UInt8] = []
        let outcome = try await programs.run(ChildProgram("cat", input: .bytes(bytes))) { received += $0 }
        #expect(outcome.isSuccess)
        #expect(received == bytes)
    }

    @Test("a stream is written as it is made, and a program that stops reading early is no error of ours")
    func streamedInput() async throws {
        let endless = ChildProgram.Input.stream { write in
            for _ in 0..<1_000 { try await write([UInt8](repeating: 65, count: 65_536)) }
        }
        let all = try await programs.run(ChildProgram("wc", ["-c"], input: endless))
        #expect(all.output.text.trimmingWhitespace() == "65536000")
        let some = try await programs.run(ChildProgram("head", ["-c", "5"], input: endless))
        #expect(some.isSuccess)
        #expect(some.output.text == "AAAAA")
    }

    @Test("of a long output the first and the last part are kept, with how much is missing")
    func boundedCapture() async throws {
        let outcome = try await programs.run(ChildProgram("seq", ["1", "100000"]), keeping: ByteCount(1_000))
        #expect(outcome.output.total == 588_895)
        #expect(outcome.output.cut == 587_895)
        #expect(outcome.output.bytes == nil)
        #expect(outcome.output.text.hasPrefix("1\n2\n3\n"))
        #expect(outcome.output.text.hasSuffix("99999\n100000\n"))
        #expect(outcome.output.text.contains("[… 574 kB not kept …]"))
    }

    @Test("1 GB streams through in flat memory")
    func flatMemory() async {
        // In a process of its own, since the other tests need memory too.
        await #expect(processExitsWith: .success) {
            let before = try residentBytes()
            var total = 0
            var peak = 0
            let outcome = try await programs.run(ChildProgram("head", ["-c", "1073741824", "/dev/zero"])) { chunk in
                total += chunk.count
                if total % (64 << 20) < chunk.count { peak = max(peak, try residentBytes()) }
            }
            #expect(outcome.isSuccess)
            #expect(total == 1 << 30)
            #expect(peak - before < 16 << 20)
        }
    }

    @Test("output goes straight to a descriptor, byte for byte")
    func intoDescriptor() async throws {
        let path = TemporaryDirectory.current + "/out"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let outcome = try await programs.run(.shell("printf abc; echo warn >&2"), into: descriptor)
        #expect(outcome.isSuccess)
        #expect(outcome.errorOutput.text == "warn\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "abc")
    }

    @Test("an error of the consumer ends the program and is thrown on")
    func consumerFails() async throws {
        struct Full: Error {}
        var group: Int32?
        await #expect(throws: Full.self) {
            _ = try await programs.run(ChildProgram("sh", ["-c", "echo $$; exec yes"], grace: .seconds(1))) { chunk in
                group = Int32(String(decoding: chunk.prefix { $0 != 10 }, as: UTF8.self))
                throw Full()
            }
        }
        let ended = try #require(group)
        try await eventually("the group is gone") { try members(ofGroup: ended).isEmpty }
    }
}

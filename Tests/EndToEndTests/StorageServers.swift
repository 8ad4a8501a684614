import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Synchronization

/// A server of a test's own on loopback, ended with it: only what it started itself, by number.
final class StorageServer: Sendable {
    let id: Int32
    private let process: Mutex<Process>

    init(_ path: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        guard FileManager.default.createFile(atPath: log, contents: nil) else { throw CocoaError(.fileWriteUnknown) }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let process = Process()
        // Under a shell that stays: sshd closes every descriptor it has, Foundation takes that for its end, and then its
        // one thread for all processes waits for it, and everybody's 'waitUntilExit' with it.
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "\"$@\" & wait", "sh", path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        id = process.processIdentifier
        self.process = Mutex(process)
    }

    deinit { signal(SIGKILL) }

    /// To it and to all that it started.
    func signal(_ number: Int32) {
        for process in Self.family(of: id) { kill(process, number) }
    }

    private static func family(of parent: Int32) -> [Int32] {
        var children: [Int32: [Int32]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name),
                let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1,
                let parent = Int32(fields[1])
            else { continue }
            children[parent, default: []].append(process)
        }
        var family: [Int32] = []
        var rest = [parent]
        while let process = rest.popLast() {
            family.append(process)
            rest += children[process] ?? []
        }
        return family
    }

    /// Whether somebody listens there.
    static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// OpenSSH's own server, with keys of its own.
struct SFTPServer {
    let server: StorageServer
    let repository: String
    /// For `sftp-command`.
    let command: String

    /// - Parameters:
    ///   - isReadOnly: sftp-server's `-R`.
    ///   - program: what serves the files; sshd's own where nothing is said.
    static func start(
        isReadOnly: Bool = false, repository: String? = nil, program: String = "internal-sftp"
    ) async throws -> SFTPServer {
        let directory = "\(TemporaryDirectory.current)/ssh-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let programs = Programs(environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
        for name in ["host", "key"] {
            _ = try await programs.run(
                ChildProgram("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(directory)/\(name)"])
            ) { _ in }.checked()
        }
        if geteuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        let port = UInt16(try freePort())
        try """
        Port \(port)
        ListenAddress 127.0.0.1
        HostKey \(directory)/host
        AuthorizedKeysFile \(directory)/key.pub
        PidFile none
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        Subsystem sftp \(program)\(isReadOnly ? " -R" : "")

        """.write(toFile: "\(directory)/configuration", atomically: true, encoding: .utf8)
        let server = try StorageServer(
            "/usr/sbin/sshd", ["-D", "-e", "-f", "\(directory)/configuration"], log: "\(directory)/log")
        try await eventually("the SFTP server listens") { StorageServer.answers(port) }
        let user = SystemUser.current.name
        let path = repository ?? "\(TemporaryDirectory.current)/sftp-repository"
        return SFTPServer(
            server: server, repository: "sftp:\(user)@127.0.0.1:\(path)",
            command: "ssh -F none -p \(port) -i \(directory)/key -o IdentitiesOnly=yes -o BatchMode=yes "
                + "-o UserKnownHostsFile=\(directory)/known -o StrictHostKeyChecking=accept-new \(user)@127.0.0.1 -s sftp"
        )
    }
}

/// moto's S3 server.
struct ObjectServer {
    let server: StorageServer
    let repository: String
    let port: UInt16

    /// - Parameter isGuarded: whether it refuses keys that it does not know, from the second request on.
    static func start(isGuarded: Bool = false) async throws -> ObjectServer {
        let programs = Programs(environment: ProcessInfo.processInfo.environment)
        let port = UInt16(try freePort())
        let server = try StorageServer(
            try programs.find("python3"), ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)],
            environment: ["PYTHONPATH": "\(TestServer.cache)/moto-5.2.1"].merging(
                isGuarded ? ["INITIAL_NO_AUTH_ACTION_COUNT": "1"] : [:]
            ) { $1 },
            log: "\(TemporaryDirectory.current)/moto-\(port).log")
        try await eventually("the S3 server listens") { StorageServer.answers(port) }
        _ = try await Programs(environment: ["PATH": "/usr/bin:/bin"]).run(
            ChildProgram(
                "curl", ["--silent", "--fail", "-X", "PUT", "http://127.0.0.1:\(port)/bucket"], timeLimit: .seconds(60))
        ) { _ in }.checked()
        return ObjectServer(server: server, repository: "s3:http://127.0.0.1:\(port)/bucket/copies", port: port)
    }
}

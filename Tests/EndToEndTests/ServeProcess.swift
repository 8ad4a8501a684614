import Command
import Foundation
import Glibc
import MaintenanceTesting
import Outside
import Store
import Synchronization

@testable import Engine
@testable import mainstay

/// `mainstay serve` as a process of its own, which a test may stop, continue and kill.
final class ServeProcess: Sendable {
    let id: Int32
    private let process: Mutex<Process>
    private let errors: String

    /// - Parameter name: of the file its lines go to.
    init(_ program: Program, _ name: String = "serve", environment: [String: String] = [:]) throws {
        errors = "\(program.directory)/\(name).log"
        if !FileManager.default.fileExists(atPath: errors) {
            guard FileManager.default.createFile(atPath: errors, contents: nil) else {
                throw CocoaError(.fileWriteUnknown)
            }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["serve"]
        process.currentDirectoryURL = URL(fileURLWithPath: program.directory)
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": program.directory, "MAINSTAY_STATE": "\(program.directory)/state",
            "MAINSTAY_CONFIG": "\(program.directory)/mainstay.yaml",
        ].merging(environment) { $1 }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        try output.seekToEnd()
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        id = process.processIdentifier
        self.process = Mutex(process)
    }

    // A test that failed leaves nothing behind.
    deinit {
        if isRunning { kill(id, SIGKILL) }
    }

    /// What it has said so far.
    var said: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }
    var isRunning: Bool { process.withLock { $0.isRunning } }

    func says(_ text: String) async throws {
        try await eventually("'serve' says '\(text)'") {
            guard self.isRunning || self.said.contains(text) else { throw EndedEarly(said: self.said) }
            return self.said.contains(text)
        }
    }

    func signal(_ number: Int32) { kill(id, number) }

    /// The exit status, or nil where a signal ended it.
    func end(_ number: Int32 = SIGTERM) async throws -> Int32? {
        kill(id, number)
        kill(id, SIGCONT)
        try await eventually("'serve' ends") { !self.isRunning }
        return process.withLock { $0.terminationReason == .exit ? $0.terminationStatus : nil }
    }

    struct EndedEarly: Error, CustomStringConvertible {
        var said: String
        var description: String { "'serve' has ended: \(said)" }
    }
}

extension Program {
    /// What the program wrote down, read as it reads it.
    func log() throws -> RunLog {
        let store = try Store(directory: "\(directory)/state", migrations: Mainstay.application([:]).migrations)
        return RunLog(store: store, clock: .system, actor: Requester(user: "test", host: "here", processID: 1))
    }
}

import Command
import Composition
import Engine
import Foundation
import Logs
import Maintenance
import MaintenanceTesting
import Outside
import Settings

/// One environment with one resource of files or logs, and the engine over it, in the test's own directory.
struct FileEstate {
    let directory = TemporaryDirectory.current
    let clock: ManualClock
    var harness: TaskHarness

    init(_ access: ResourceAccess, isProtected: Bool = false, clock: ManualClock = ManualClock()) throws {
        self.clock = clock
        let environment = Environment("test", isProtected: isProtected, [Resource("files", access)])
        harness = try TaskHarness(
            Capability.logs.tasks.map(\.entry), inventory: Inventory(environment), clock: clock.clock)
        // Child programs have their time limits from the clock on the wall.
        harness.programs = Programs(environment: ["PATH": "/usr/bin:/bin"])
    }

    static func line(_ number: Int) -> SourceLocation { SourceLocation(file: "mainstay.yaml", line: number, column: 5) }

    func write(_ name: String, _ content: String, daysOld: Double = 0) throws {
        let url = URL(fileURLWithPath: directory).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: url)
        let date = Date(timeIntervalSince1970: (clock.clock.now() - .seconds(daysOld * 86_400)).seconds)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: url.path)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")), as: UTF8.self)
    }

    /// What a compressed file of the test's directory holds.
    func unpack(_ name: String) async throws -> String {
        let program = ChildProgram(name.hasSuffix(".zst") ? "zstd" : "gzip", ["-dc", "\(directory)/\(name)"])
        return try await harness.programs.run(program, keeping: ByteCount(1 << 30)).checked().output.text
    }

    /// Everything in the test's directory but the state, by relative path.
    func listing(_ part: String = "") throws -> [String] {
        let all = try FileManager.default.subpathsOfDirectory(atPath: directory + part)
        return all.filter { !$0.hasPrefix("state") }.sorted()
    }

    /// Lets the clock run while `body` waits on it.
    func withRunningClock<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let clock = clock
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                while !Task.isCancelled {
                    await clock.sleepers(atLeast: 1)
                    clock.advance(by: .milliseconds(100))
                    await Task.yield()
                }
            }
            defer { tasks.cancelAll() }
            return try await body()
        }
    }
}

extension RunSummary {
    var states: [String] { changes.map { "\($0.change.kind) \($0.state)" } }
}

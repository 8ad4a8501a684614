import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Health

/// Lines of a log that should not come.
@Suite("Patterns in logs", .temporaryDirectory)
struct LogPatternTests {
    private let clock = ManualClock()
    private let path = TemporaryDirectory.current + "/app.log"

    private func write(_ text: String) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    private func harness(_ keys: String) throws -> TaskHarness {
        try "ERROR from long ago\n".write(toFile: path, atomically: true, encoding: .utf8)
        let resources = try written("kind: log-pattern\npath: \(path)\n\(keys)")
        return try TaskHarness(
            healthEntries, inventory: Inventory(Environment("test", resources)), clock: clock.clock)
    }

    private func ask(_ harness: TaskHarness) async throws -> CheckOutcome {
        try #require(try await harness.run("health check --check=log.matches").check("log.matches"))
    }

    @Test("lines that match are a warning for as long as they count, and what was there before is not counted")
    func counts() async throws {
        let harness = try harness("pattern: ERROR|FATAL\nignore: 'ERROR .*cancell?ed'\nwithin: 10m")
        #expect(try await ask(harness).state == .passed)
        try write("INFO fine\nERROR one\nFATAL two\nERROR 17 cancelled by user\nERROR not yet")
        clock.advance(by: .seconds(60))
        var outcome = try await ask(harness)
        #expect(outcome.state == .warning)
        #expect(outcome.summary == "2 lines within 10 min")
        clock.advance(by: .seconds(300))
        try write(" whole\n")
        outcome = try await ask(harness)
        #expect(outcome.summary == "3 lines within 10 min")
        // The first two do not count any more, the third still does.
        clock.advance(by: .seconds(310))
        #expect(try await ask(harness).summary == "1 line within 10 min")
        clock.advance(by: .seconds(600))
        outcome = try await ask(harness)
        #expect(outcome.state == .passed)
        #expect(outcome.summary == "0 lines within 10 min")
    }

    @Test("conditions take the place of the standing thresholds, and nothing of a line is shown")
    func conditions() async throws {
        let harness = try harness("pattern: secret\nconditions: [matches < 3]\nwarnings: [age < 1h, size < 1M]")
        _ = try await ask(harness)
        try write("secret s3cret-1\nsecret s3cret-2\n")
        #expect(try await ask(harness).state == .passed)
        try write("secret s3cret-3\n")
        let run = try await harness.run("health check --check=log.matches")
        #expect(run.check("log.matches")?.state == .critical)
        #expect(run.check("log.matches")?.summary == "matches < 3: it is 3")
        #expect(!"\(run)".contains("s3cret"))
    }

    @Test("a log that is not there is a gap, and so is one that may not be read")
    func missing() async throws {
        let harness = try harness("pattern: x")
        try FileManager.default.removeItem(atPath: path)
        let run = try await harness.run("health check --check=log.matches")
        #expect(run.check("log.matches")?.state == .unknown)
        #expect(run.gaps.first?.reason.problem.contains(path) == true)
    }

    @Test("what a log's memory holds stays small, and comes back as it was written")
    func memory() {
        var memory = LogMemory([:])
        let mark = GrowingLog.Mark(file: FileIdentity(device: .max, inode: 7), offset: 12)
        let start = clock.clock.now()
        for second in 0..<5_000 {
            memory.note(mark, 1, at: start + .seconds(Int64(second)), within: .seconds(86_400))
        }
        #expect(memory.count == 5_000)
        #expect(LogMemory(memory.facts) == memory)
        #expect(memory.mark == mark)
        #expect((memory.facts["looks"].map { "\($0)".utf8.count } ?? 0) < 10_000)
    }

    @Test("what is no regular expression is refused with its place")
    func refused() {
        let error = #expect(throws: ConfigurationError.self) {
            try written("kind: log-pattern\npath: /var/log/app.log\npattern: 'ERROR('")
        }
        #expect(error.map { "\($0)" }?.contains("pattern: 'ERROR(' is no regular expression") == true)
    }
}

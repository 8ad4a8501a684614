import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Health

/// Programs that say themselves when they are done.
@Suite("heartbeats", .temporaryDirectory)
struct HeartbeatTests {
    private let clock = ManualClock()

    @Test("late is a warning, down is critical, a failure and a start without an end too, and silence is never well")
    func judges() async throws {
        let resources = try written("kind: heartbeat\nkey: nightly-import-4f1c8e2a9b\nevery: 1d\ngrace: 2h")
        let harness = try TaskHarness(
            healthEntries, inventory: Inventory(Environment("test", resources)), clock: clock.clock)
        let target = Target(environment: "test", resource: try #require(resources.first?.name))
        func outcome() async throws -> CheckOutcome {
            try #require(try await harness.run("health check --check=heartbeat.heard").check("heartbeat.heard"))
        }
        #expect(try await outcome().state == .unknown)
        try await harness.log.hear(.log, "", from: target)
        #expect(try await outcome().state == .unknown)
        try await harness.log.hear(.start, "", from: target)
        clock.advance(by: .seconds(600))
        #expect(try await outcome().state == .unknown)
        try await harness.log.hear(.success, "12 rows", from: target)
        #expect(try await outcome().state == .passed)
        clock.advance(by: .seconds(86_400 + 60))
        var seen = try await outcome()
        #expect(seen.state == .warning && seen.summary.hasPrefix("it is late"))
        clock.advance(by: .seconds(7_200))
        seen = try await outcome()
        #expect(seen.state == .critical && seen.summary.hasPrefix("it is down"))
        try await harness.log.hear(.success, "", from: target)
        try await harness.log.hear(.start, "", from: target)
        clock.advance(by: .seconds(7_200))
        #expect(try await outcome().state == .passed)
        clock.advance(by: .seconds(1))
        #expect(try await outcome().state == .critical)
        try await harness.log.hear(.fail, "no disk", from: target)
        seen = try await outcome()
        #expect(seen.state == .critical && seen.summary.contains("failed"))
        #expect(try await harness.log.heartbeat(of: target)?.took == 7_201)
    }
}

import Calendar
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Engine

/// How long a command is expected to take of which nothing is known yet, and what that lets start.
@Suite("what a command is expected to take", .temporaryDirectory)
struct CommandEstimateTests {
    @Test(
        "a short time-out is what it takes at most, so that it fits into a short window",
        arguments: [
            (30, 30.0, "its time-out", true), (300, 300, "its time-out", true), (480, 480, "its time-out", false),
            (600, 600, "nothing is known of it", false), (3_600, 600, "nothing is known of it", false),
        ])
    func isBounded(limit: Int, seconds: Double, source: String, starts: Bool) async throws {
        // 2026-11-21 02:00 UTC.
        let clock = ManualClock()
        var settings = CommandSettings(program: ["/bin/true"])
        settings.timeLimit = .seconds(limit)
        settings.effect = .maintains
        var inventory = Inventory(Environment("test", []))
        inventory.environments[0].windows = [try .test("daily 02:00-02:07")]
        let schedule = try ScheduleExpression("daily 02:00 UTC", zones: ZoneDirectory(environment: [:]))
        inventory.routines = [
            RoutineSettings(
                name: "own", schedule: Written(schedule, at: .test),
                steps: [RoutineStep(.command(settings), location: .test)], location: .test)
        ]
        let harness = try TaskHarness([], inventory: inventory, clock: clock.clock)
        let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
        var request = try #require(try book.request("own", in: ["test"], by: .ann, at: clock.clock.now()))
        request.isDryRun = true
        let packing = try #require(try await harness.runner.run(request).plans.first?.packing)
        let entry = try #require(packing.entries.first)
        #expect(entry.expected.seconds == seconds && entry.expected.source == source)
        #expect((entry.startsAt != nil) == starts, "\(entry.reason ?? "")")
    }
}

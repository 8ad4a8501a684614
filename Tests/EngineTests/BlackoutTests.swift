import Calendar
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Engine

/// Blackouts of one environment: no change is made in it while they last, whatever starts it.
@Suite("blackouts of an environment", .temporaryDirectory, .cluster)
struct BlackoutTests {
    /// From 2026-11-21 01:00 UTC, which is an hour ago, to 05:00.
    private func estate(
        _ windows: [WindowRule] = [], in environments: [String]? = ["production"], file: String? = nil
    ) async throws -> (estate: WindowEstate, harness: TaskHarness) {
        let estate = try await WindowEstate(windows, keys: ["a"])
        var harness = estate.harness
        harness.inventory.calendars = [
            CalendarSettings(
                source: CalendarSource(
                    name: "freeze", isBlackout: true,
                    days: file == nil ? ["2026-11-21 01:00 to 2026-11-21 05:00"] : [], file: file),
                environments: environments, location: .test)
        ]
        return (estate, harness)
    }

    @Test("what would change something waits until it is over and says so, by hand too; then it is done")
    func waits() async throws {
        let (estate, harness) = try await estate()
        let run = try await harness.run("test ledger")
        #expect(run.step.state == .waiting)
        #expect(
            run.step.error?.problem
                == "changes of production/main wait for their window, which opens 2026-11-21 05:00 UTC: "
                + "the blackout 'freeze' lasts")
        #expect(try await estate.rows().isEmpty)
        try estate.set("2026-11-21T05:00:00Z")
        #expect(try await harness.resume().run.state == .succeeded)
    }

    @Test("nothing is started that would not end before it begins")
    func fitsBefore() async throws {
        let (estate, harness) = try await estate()
        try estate.set("2026-11-21T00:55:00Z")
        let late = try await harness.run("test ledger")
        #expect(late.step.error?.problem.contains("it is expected to take 10 min, and 5 min are left") == true)
        try estate.set("2026-11-21T00:45:00Z")
        #expect(try await harness.run("test ledger").run.state == .succeeded)
    }

    @Test("windows are closed while it lasts, those that are always open too", arguments: [nil, "daily 01:30-06:00"])
    func closesWindows(during: String?) async throws {
        let rule = try WindowRule.test(during, during == nil ? .anytime : .primary)
        let (_, harness) = try await estate([rule])
        let run = try await harness.run("test ledger")
        #expect(run.step.state == .waiting)
        #expect(run.step.error?.problem.contains("which opens 2026-11-21 05:00 UTC") == true)
    }

    @Test("what cannot wait starts in an emergency window, once somebody has approved it")
    func emergency() async throws {
        let (_, harness) = try await estate([.test(nil, .emergency)])
        let run = try await harness.run("test ledger", by: .ann)
        #expect(run.step.state == .waiting)
        let id = try #require(try await harness.approvals(by: .bob).waiting().first?.ballot.request.id)
        try await harness.approvals(by: .bob).approve(id, reason: "the disk fills", isEmergency: true)
        #expect(try await harness.resume(by: .ann).run.state == .succeeded)
    }

    @Test("other environments are not concerned, and schedules go on")
    func leavesOthersAlone() async throws {
        let (_, other) = try await estate(in: ["staging"])
        #expect(try await other.run("test ledger").run.state == .succeeded)
        let (_, harness) = try await estate()
        let zones = ZoneDirectory(environment: [:])
        func first(_ environment: String?) throws -> Timestamp? {
            let context = harness.inventory.scheduleContext(zones, environment: environment)
            return try Schedule("daily 03:00", in: context).next(after: estateStart)
        }
        #expect(try first(nil) == estateStart + .seconds(3_600))
        #expect(try first("staging") == estateStart + .seconds(3_600))
        #expect(try first("production") == estateStart + .seconds(25 * 3_600))
    }

    private var estateStart: Timestamp { ManualClock().clock.now() }

    @Test("one that cannot be read keeps everything from being changed there, and says why")
    func failsClosed() async throws {
        let (estate, harness) = try await estate(file: "/none.ics")
        let run = try await harness.run("test ledger")
        #expect(run.step.state == .waiting)
        #expect(run.step.error?.problem.contains("the calendar 'freeze' cannot be read") == true)
        #expect(try await estate.rows().isEmpty)
    }
}

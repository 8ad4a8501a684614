import Calendar
import Command
import Engine
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@testable import mainstay

@Suite("the shipped routines")
struct ShippedRoutineTests {
    private let application = Mainstay.application([:])

    private func names(_ mode: RoutineMode) -> [String] {
        application.routines.filter { $0.schedule != nil && $0.mode == mode }.map(\.name).sorted()
    }

    @Test("they start as the guides have them, and people start what the guides leave to people")
    func modes() {
        #expect(names(.semiAutomatic) == ["weekly"])
        #expect(names(.manual) == ["monthly", "quarterly"])
        #expect(names(.automatic) == ["daily", "monthly-baseline", "monthly-database", "weekly-performance"])
        #expect(application.routines.filter { $0.schedule == nil }.map(\.name) == ["morning", "evening", "emergency"])
    }

    @Test(
        "their starts are in UTC, whatever the zone of the machine",
        arguments: [
            ("daily", "2026-11-23 02:00 UTC"), ("weekly", "2026-11-29 03:00 UTC"),
            ("weekly-performance", "2026-11-28 03:00 UTC"), ("monthly-baseline", "2026-12-06 01:00 UTC"),
            ("monthly", "2026-12-06 02:00 UTC"), ("monthly-database", "2026-12-13 02:00 UTC"),
            ("quarterly", "2027-01-03 04:00 UTC"),
        ])
    func starts(name: String, start: String) throws {
        let inventory = try inventory("time-zone: Asia/Tokyo\nenvironments: { a: {} }")
        let scheduled = try application.book(inventory).scheduled(application.zones)
        let routine = try #require(scheduled.first { $0.name == name })
        let after = try #require(Timestamp(iso8601: "2026-11-22T12:00:00Z"))
        #expect(routine.schedule.next(1, after: after).map(\.description) == [start])
    }

    @Test("every step is a task with options that it has, and what is not for everybody names a step")
    func areSound() {
        for routine in application.routines {
            for words in routine.steps {
                #expect(throws: Never.self, "\(routine.name): \(words)") { try application.catalog.parse(words) }
            }
            let met = routine.steps.filter { routine.requirement(of: $0) != nil }
            #expect(met.count == routine.requirements.count, "\(routine.name)")
        }
    }

    @Test("one of them writes the report of the day, and each period has its own")
    func reports() {
        func writing(_ report: String) -> [String] {
            application.routines.filter { $0.steps.contains { $0.starts(with: ["report", report]) } }.map(\.name)
        }
        #expect(writing("daily") == ["daily"])
        #expect(writing("weekly") == ["weekly"])
        #expect(writing("monthly") == ["monthly"])
        #expect(writing("quarterly") == ["quarterly"])
        #expect(writing("performance") == ["evening", "weekly-performance", "monthly-baseline"])
        let evening = application.routines.first { $0.name == "evening" }
        #expect(evening?.steps.last?.contains("--no-email") == true)
    }

    private static let estate = """
        environments:
          production:
            resources:
              main: { kind: postgresql, service: shop, backups: { physical: { stanza: shop } } }
              other: { kind: postgresql, service: other }
        """
    private static let storage = """
        backups:
          storage:
            offsite: { repository: /mnt/nas/mainstay, password: "file:/etc/mainstay/offsite.password" }
        """

    private func inventory(_ text: String) throws -> Inventory {
        try ConfigurationReader(vocabulary: application.vocabulary)
            .read([("mainstay.yaml", text)], directory: "/etc/mainstay").inventory
    }

    /// What `weekly` does of the two tasks that need more than a database: `recovery.pitr-test main`.
    private func needy(_ more: String) throws -> [String] {
        let book = application.book(try inventory("\(Self.estate)\n\(more)"))
        let now = try #require(Timestamp(iso8601: "2026-11-22T03:00:00Z"))
        let ann = Requester(user: "ann", host: "here", processID: 1)
        let request = try #require(try book.request("weekly", in: ["production"], by: ann, at: now))
        return request.steps.map { "\($0.task.declaration.name) \($0.target.resource)" }
            .filter { $0.hasPrefix("recovery.pitr-test ") || $0.hasPrefix("backup.cross-region ") }
    }

    @Test("a step that needs physical backups or another storage is for those who have them")
    func requirements() throws {
        #expect(try needy("") == ["recovery.pitr-test main"])
        #expect(
            try needy(Self.storage)
                == ["recovery.pitr-test main", "backup.cross-region main", "backup.cross-region other"])
    }

    @Test("where a team writes such a step itself, or adapts the routine, its word counts")
    func ownSteps() throws {
        let adapted = "routines: { weekly: { leave-out: [logs rotate] } }"
        #expect(try needy(adapted) == ["recovery.pitr-test main"])
        let also = "routines: { weekly: { leave-out: [recovery pitr-test], also: [recovery pitr-test] } }"
        #expect(try needy(also) == ["recovery.pitr-test main", "recovery.pitr-test other"])
        let own = "routines: { weekly: { steps: [backup cross-region] } }"
        #expect(try needy(own) == ["backup.cross-region main", "backup.cross-region other"])
    }
}

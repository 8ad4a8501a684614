import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings

/// A protected environment with one database and the ledger, people who act there, and a clock that stands still.
struct ApprovalEstate: Sendable {
    let clock = ManualClock()
    let harness: TaskHarness

    init() async throws {
        try await TestDatabase.current.run(Ledger.table)
        harness = try Self.harness(["a", "b"], clock)
    }

    /// The same estate, in which the task proposes something else.
    func harness(_ keys: [String], adapting: (inout Ledger) -> Void = { _ in }) throws -> TaskHarness {
        try Self.harness(keys, clock, adapting: adapting)
    }

    private static func harness(
        _ keys: [String], _ clock: ManualClock, adapting: (inout Ledger) -> Void = { _ in }
    ) throws -> TaskHarness {
        var ledger = Ledger()
        ledger.keys = keys
        ledger.effect = .destroys
        adapting(&ledger)
        var inventory = Inventory(
            Environment("production", isProtected: true, [try TestDatabase.current.resource("main")]))
        inventory.approvals.sharedAccounts = ["deploy"]
        return try TaskHarness([TaskEntry(ledger)], inventory: inventory, clock: clock.clock)
    }

    func rows() async throws -> [String] { try await Ledger.rows(TestDatabase.current) }

    /// The only approval that is waited for.
    func waiting(_ harness: TaskHarness? = nil) async throws -> String? {
        let waiting = try await (harness ?? self.harness).approvals(by: .bob).waiting()
        guard waiting.count < 2 else { preconditionFailure("\(waiting.count) approvals wait") }
        return waiting.first?.ballot.request.id
    }
}

extension Requester {
    static func person(_ user: String, sudo: String? = nil) -> Requester {
        Requester(user: user, sudoUser: sudo, host: "localhost", processID: 1)
    }

    static let ann = person("ann")
    static let bob = person("bob")
    static let root = person("root")
    static let deploy = person("deploy")
    static let annByRoot = person("root", sudo: "ann")
    static let annByDeploy = person("deploy", sudo: "ann")
    static let bobByRoot = person("root", sudo: "bob")
    static let bobByDeploy = person("deploy", sudo: "bob")
    /// Bob in ann's account, or ann who says that she is bob: nobody can tell, so it is both.
    static let bobAsAnn = person("ann", sudo: "bob")
}

extension ApprovalRule {
    static func test(_ adapt: (inout ApprovalRule) -> Void) -> ApprovalRule {
        var rule = ApprovalRule(location: .test)
        adapt(&rule)
        return rule
    }
}

import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@Suite("policy", .temporaryDirectory, .cluster)
struct PolicyTests {
    private func harness(
        isProtected: Bool = true, effect: Effect = .destroys, authority: String? = nil
    ) async throws -> TaskHarness {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.effect = effect
        ledger.authority = authority
        let resource = try TestDatabase.current.resource("main")
        return try TaskHarness(
            [TaskEntry(ledger)],
            inventory: Inventory(Environment("production", isProtected: isProtected, [resource])))
    }

    private func rows() async throws -> [String] { try await Ledger.rows(TestDatabase.current) }

    @Test("what removes data in a protected environment waits for another person, whatever the requester says")
    func needsApproval() async throws {
        let summary = try await harness().run("test ledger", confirm: { _ in true })
        #expect(summary.step.state == .waiting && summary.run.state == .waiting)
        #expect(summary.step.error?.code == "approval.waits")
        #expect(summary.exitStatus(failOn: nil) == .waiting)
        #expect(try await rows().isEmpty)
    }

    @Test("what is allowed in writing is confirmed by hand: a no is heard, and a yes", arguments: [true, false])
    func asks(answer: Bool) async throws {
        let harness = try await harness(authority: "mainstay.yaml:12")
        let summary = try await harness.run("test ledger", confirm: { _ in answer })
        #expect(summary.step.state == (answer ? .succeeded : .refused))
        #expect(try await rows() == (answer ? ["a"] : []))
    }

    @Test("a person who cannot be asked confirms nothing")
    func needsConfirmation() async throws {
        let summary = try await harness(authority: "mainstay.yaml:12").run("test ledger")
        #expect(summary.step.error?.code == "policy.needs-confirmation")
        #expect(try await rows().isEmpty)
    }

    @Test(
        "a routine removes only what configuration allows in writing, the rest waits",
        arguments: ["mainstay.yaml:12", nil])
    func needsAuthority(authority: String?) async throws {
        let summary = try await harness(authority: authority).run("test ledger", isRoutine: true)
        #expect(summary.step.state == (authority == nil ? .waiting : .succeeded))
        #expect(summary.plans[0].changes[0].authority == authority)
        #expect(try await rows() == (authority == nil ? [] : ["a"]))
    }

    @Test("what keeps all data needs no word, nor does an environment that is not protected")
    func letsThrough() async throws {
        #expect(try await harness(effect: .maintains).run("test ledger").step.state == .succeeded)
        try await TestDatabase.current.run("drop table ledger")
        #expect(try await harness(isProtected: false).run("test ledger").step.state == .succeeded)
    }
}

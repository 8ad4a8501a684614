import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@testable import Engine

/// `primary: Sunday 02:00-04:00 UTC`, `emergency: 24/7 with approval`; it is Saturday.
@Suite("emergency windows", .temporaryDirectory, .cluster)
struct EmergencyTests {
    private func estate(isProtected: Bool = true, effect: Effect = .maintains) async throws -> WindowEstate {
        try await WindowEstate(
            [.test("Sundays 02:00-04:00"), .test(nil, .emergency)], isProtected: isProtected, keys: ["a"]
        ) { $0.effect = effect }
    }

    @Test("what cannot wait starts when somebody else approved that with a reason, and the trail tells why")
    func starts() async throws {
        let estate = try await estate()
        let run = try await estate.harness.run("test ledger", by: .ann)
        #expect(run.step.error?.code == "window.closed")
        let id = try #require(try await estate.request())
        #expect(run.step.error?.hint?.contains("mainstay approve \(id) --emergency --reason") == true)
        #expect(try await estate.attentions().first?.resolve == "mainstay approve \(id) --emergency --reason TEXT")
        let approvals = estate.harness.approvals(by: .bob)
        await expect("approval.only-for-emergency") { try await approvals.approve(id, reason: "go") }
        for reason in [nil, "", "  "] {
            await expect("approval.emergency-needs-reason") {
                try await approvals.approve(id, reason: reason, isEmergency: true)
            }
        }
        await expect("approval.own-request") {
            try await estate.harness.approvals(by: .ann).approve(id, reason: "mine", isEmergency: true)
        }
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        #expect(try await estate.rows().isEmpty)
        try await approvals.approve(id, reason: "the disk is full", isEmergency: true)
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
        #expect(try await estate.rows() == ["a"])
        let told = try await estate.harness.log.audit(AuditFilter(most: 50))
        #expect(told.first { $0.kind == .approved }?.detail["reason"] == "the disk is full")
        #expect(told.first { $0.kind == .used }?.detail["emergency"] == .boolean(true))
    }

    @Test("if nobody answers it starts in its window, and needs no approval there")
    func waitsForItsWindow() async throws {
        let estate = try await estate()
        _ = try await estate.harness.run("test ledger", by: .ann)
        #expect(try await estate.request() != nil)
        try estate.set("2026-11-22T02:00:00Z")
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
        #expect(try await estate.request() == nil)
    }

    @Test("an approval for its window is none for an emergency; who gave it may go further")
    func isNotTheUsualApproval() async throws {
        let estate = try await estate(effect: .destroys)
        let run = try await estate.harness.run("test ledger", by: .ann)
        #expect(run.step.error?.code == "approval.waits")
        let id = try #require(try await estate.request())
        try await estate.harness.approvals(by: .bob).approve(id, reason: "seen")
        let waiting = try await estate.harness.resume(by: .ann)
        #expect(waiting.step.state == .waiting && waiting.step.error?.code == "window.closed")
        #expect(try await estate.rows().isEmpty)
        await expect("approval.already-given") { try await estate.harness.approvals(by: .bob).approve(id) }
        try await estate.harness.approvals(by: .bob).approve(id, reason: "it burns", isEmergency: true)
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
    }

    @Test("an approval for its window is used there")
    func usesItInTheWindow() async throws {
        let estate = try await estate(effect: .destroys)
        // Requests last a day.
        try estate.set("2026-11-21T12:00:00Z")
        _ = try await estate.harness.run("test ledger", by: .ann)
        try await estate.harness.approvals(by: .bob).approve(try #require(try await estate.request()))
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        try estate.set("2026-11-22T02:00:00Z")
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
        #expect(try await estate.rows() == ["a"])
    }

    @Test("without an emergency window nobody can approve one, and going on waits")
    func needsWindow() async throws {
        let estate = try await estate(effect: .destroys)
        var harness = estate.harness
        harness.inventory.environments[0].windows.removeLast()
        _ = try await harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.request())
        await expect("approval.no-emergency-window") {
            try await harness.approvals(by: .bob).approve(id, reason: "go", isEmergency: true)
        }
    }

    @Test("after its time a request is asked anew, and what was approved too late starts nothing")
    func expires() async throws {
        let estate = try await estate()
        _ = try await estate.harness.run("test ledger", by: .ann)
        let old = try #require(try await estate.request())
        try estate.set("2026-11-23T02:00:00Z")
        await expect("approval.expired") {
            try await estate.harness.approvals(by: .bob).approve(old, reason: "late", isEmergency: true)
        }
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        let new = try #require(try await estate.request())
        #expect(new != old)
        try await estate.harness.approvals(by: .bob).approve(new, reason: "now", isEmergency: true)
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
    }

    @Test("the plan that was approved is the only one that starts")
    func isBoundToThePlan() async throws {
        let estate = try await estate()
        _ = try await estate.harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.request())
        try await estate.harness.approvals(by: .bob).approve(id, reason: "now", isEmergency: true)
        let other = estate.proposing(["a", "z"])
        #expect(try await other.resume(by: .ann).step.state == .waiting)
        #expect(try await estate.rows().isEmpty)
    }
}

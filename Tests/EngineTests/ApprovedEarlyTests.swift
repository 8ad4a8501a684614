import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@testable import Engine

/// Measured early, approved early, done in a window that is days away.
@Suite("what is approved days before its window", .temporaryDirectory, .cluster)
struct ApprovedEarlyTests {
    /// A protected database that may only be changed on Sundays, and a plan of the Monday before.
    private func waiting(emergency: Bool = false) async throws -> (estate: WindowEstate, request: String) {
        let more: [WindowRule] = emergency ? [try .test(nil, .emergency)] : []
        let estate = try await WindowEstate(
            [.test("Sundays 03:00-03:30")] + more, isProtected: true, keys: ["a"]
        ) { $0.effect = .destroys }
        try estate.set("2026-11-23T02:00:00Z")
        #expect(try await estate.harness.run("test ledger", by: .ann).step.state == .waiting)
        return (estate, try #require(try await estate.request()))
    }

    @Test("counts until that window ends, and everybody can see until when")
    func counts() async throws {
        let (estate, id) = try await waiting()
        let before = try #require(try await estate.attentions().first)
        #expect(before.resolve == "mainstay approve \(id)")
        #expect(before.reason.hasSuffix("the request lapses at 2026-11-29 03:30 UTC"), "\(before.reason)")
        let given = try await estate.harness.approvals(by: .bob).approve(id)
        #expect(given.ballot.request.expiresAt.description == "2026-11-29 03:30 UTC")
        // Days later somebody goes on with it too early: that changes nothing.
        try estate.set("2026-11-27T02:00:00Z")
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        let between = try #require(try await estate.attentions().first)
        #expect(between.reason.contains("window that opens 2026-11-29 03:00 UTC"), "\(between.reason)")
        #expect(between.reason.hasSuffix("what was approved counts until 2026-11-29 03:30 UTC"))
        try estate.set("2026-11-29T03:05:00Z")
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
        #expect(try await estate.rows() == ["a"])
    }

    @Test("after that window it is asked anew")
    func lapses() async throws {
        let (estate, id) = try await waiting()
        try await estate.harness.approvals(by: .bob).approve(id)
        try estate.set("2026-11-29T03:30:00Z")
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        #expect(try #require(try await estate.request()) != id)
        #expect(try await estate.rows().isEmpty)
    }

    @Test("what is approved to start at once is not for days later")
    func emergencyEnds() async throws {
        let (estate, id) = try await waiting(emergency: true)
        try await estate.harness.approvals(by: .bob).approve(id, reason: "it burns", isEmergency: true)
        try estate.set("2026-11-25T02:00:00Z")
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        #expect(try await estate.rows().isEmpty)
    }

    @Test("a plan whose window is near waits as long as 'expires' says")
    func isAtLeastExpires() async throws {
        let estate = try await WindowEstate(
            [.test("daily 03:00-03:30")], isProtected: true, keys: ["a"]
        ) { $0.effect = .destroys }
        _ = try await estate.harness.run("test ledger", by: .ann)
        let standing = try #require(try await estate.harness.approvals(by: .bob).waiting().first)
        let request = standing.ballot.request
        #expect(request.expiresAt == request.askedAt + .seconds(86_400))
    }
}

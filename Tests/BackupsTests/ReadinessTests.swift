import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Backup
@testable import Backups

@Suite("dr readiness-check", .temporaryDirectory)
struct ReadinessTests {
    private func shelf(rpo: Duration? = nil, rto: Duration? = nil) -> MadeShelf {
        MadeShelf { policy in
            var targets = RecoveryTargets()
            targets.rpo = rpo
            targets.rto = rto
            policy.recovery = targets.isEmpty ? nil : targets
        }
    }

    private func check(_ shelf: MadeShelf) async throws -> (codes: [String], facts: Facts, rows: [String: String]) {
        let summary = try await shelf.harness().run("dr readiness-check")
        let observation = try #require(summary.steps.first?.observation)
        let rows = try #require(observation.listings.first).rows.map { ("\($0[0])", "\($0[1])") }
        return (
            observation.findings.map(\.code).sorted(), observation.evidence,
            Dictionary(rows, uniquingKeysWith: { first, _ in first })
        )
    }

    @Test("what is not known is not ready")
    func nothing() async throws {
        let found = try await check(shelf())
        #expect(found.codes == ["DR001", "DR002", "DR003", "DR007", "DR008"])
        #expect(found.facts["ready"] == .boolean(false))
        #expect(found.rows["back in time"] == "unknown")
    }

    @Test("a young proved backup, restored fast enough, is ready but for its copies and this host")
    func ready() async throws {
        let shelf = shelf(rpo: .seconds(86_400), rto: .seconds(10))
        try shelf.add(age: 0.9, .proved)
        let found = try await check(shelf)
        #expect(!found.codes.contains { ["DR001", "DR002", "DR003", "DR004"].contains($0) }, "\(found)")
        #expect(found.rows["a backup young enough"] == "well")
        #expect(found.rows["back in time"] == "well")
        #expect(found.rows["a copy elsewhere"] == "warning", "no other storage is configured")
    }

    @Test("what takes longer, or loses more, than it may is found")
    func late() async throws {
        let shelf = shelf(rpo: .seconds(3_600), rto: .seconds(5))
        try shelf.add(age: 0.9, .proved)
        let found = try await check(shelf)
        #expect(found.codes.contains("DR001") && found.codes.contains("DR003"), "\(found)")
    }

    @Test("a bad newest backup counts for more than an older good one")
    func bad() async throws {
        let shelf = shelf()
        try shelf.add(age: 1, .proved)
        let bad = try shelf.add(age: 0.1)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(shelf.folder.path(of: bad))/manifest.json"))
        let found = try await check(shelf)
        #expect(found.codes.contains("DR001"))
        #expect(!found.codes.contains("DR002"))
    }
}

import Foundation
import Maintenance
import Testing

@testable import Backups
@testable import Engine

@Suite("when a recovery takes longer than it may")
struct RecoveryProspectTests {
    private let target = Target(environment: "production", resource: "main")
    private let start = Timestamp(seconds: 1_795_226_400)
    private let day: Duration = .seconds(86_400)

    private func series(_ name: String, _ seconds: [Double], of other: Target? = nil) -> SampledSeries {
        SampledSeries(
            series: Measurement.Series(name: name, target: other ?? target, unit: .seconds),
            samples: seconds.enumerated().map { SampledSeries.Sample(at: start + day * $0.offset, value: $0.element) })
    }

    @Test(
        "what grows passes its limit on a day, whatever measures it",
        arguments: [
            ("backup.restore.seconds", "a restore"), ("backup.physical.restore.seconds", "a physical restore"),
            ("recovery.rto.seconds", "a recovery to a point in time"),
        ])
    func grows(name: String, what: String) throws {
        let found = try #require(
            RecoveryProspect(
                [series(name, (0..<10).map { 100 + 10 * Double($0) })], of: target, limit: .seconds(290)))
        let passes = try #require(found.passes)
        // 190 s on the tenth day, 10 s more each day.
        #expect(abs((passes - (start + day * 19)).inSeconds) < 1, "\(passes)")
        #expect(found.words.contains("at the present growth \(what) passes"), "\(found.words)")
    }

    @Test("of all that is measured the one that passes first is told, and nothing of another database")
    func first() throws {
        let slow = series("backup.restore.seconds", (0..<10).map { 100 + Double($0) })
        let fast = series("recovery.rto.seconds", (0..<10).map { 100 + 10 * Double($0) })
        let foreign = series(
            "backup.restore.seconds", (0..<10).map { 100 + 100 * Double($0) },
            of: Target(environment: "test", resource: "main"))
        let found = try #require(RecoveryProspect([slow, foreign, fast], of: target, limit: .seconds(290)))
        #expect(found.what == "a recovery to a point in time")
        let still = series("backup.restore.seconds", Array(repeating: 100, count: 10))
        let calm = try #require(RecoveryProspect([still], of: target, limit: .seconds(290)))
        #expect(calm.passes == nil && calm.words.contains("for years"))
        #expect(RecoveryProspect([foreign], of: target, limit: .seconds(290)) == nil)
    }
}

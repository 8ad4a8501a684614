import Engine
import Foundation
import Maintenance
import Settings
import Testing

@testable import Health

@Suite("where thresholds come from")
struct GuideThresholdsTests {
    private static let everything =
        HealthChecks.all.compactMap(\.schema.thresholds)
        + [OverallHealth.schema, ErrorRate.schema].compactMap(\.thresholds)

    @Test("what a guide is said to say stands there, to the letter")
    func quoted() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        var counted = 0
        for origin in Self.everything.compactMap(\.origin) {
            for saying in origin.sayings {
                let path = root.appending(path: "Fixtures/guides/\(saying.guide).md")
                let guide = try String(contentsOf: path, encoding: .utf8)
                #expect(guide.contains(saying.text), "\(saying.guide) does not say '\(saying.text)'")
                counted += 1
            }
        }
        #expect(counted > 30)
    }

    @Test("the numbers in force are numbers of the guides wherever the guides have any")
    func values() throws {
        for thresholds in Self.everything {
            guard let origin = thresholds.origin, !origin.sayings.isEmpty else { continue }
            let text = origin.text
            // Of a connection the warning is ours, and of a transaction what is critical; the reason says so.
            let isOurs = thresholds.warning == 300 || thresholds.warning == 1 && thresholds.critical == 5
            let values = isOurs ? [] : [thresholds.warning, thresholds.critical].compactMap { $0 }
            for value in values {
                let digits =
                    switch thresholds.unit {
                    case .seconds: ["\(Int(value * 1_000))ms", "\(Int(value * 1_000))"]
                    default: ["\(Int(value))%", ": \(Int(value))"]
                    }
                #expect(digits.contains { text.contains($0) }, "\(value) is nowhere in: \(text)")
            }
            #expect(text.hasSuffix("."))
            for guide in origin.guides { #expect(text.contains("\(guide.name): '")) }
        }
    }

    @Test("every threshold says where it is from, and is that of a check")
    func complete() {
        let known = Set(Self.everything.compactMap(\.origin))
        for thresholds in GuideThresholds.all {
            let origin = thresholds.origin
            #expect(origin?.reason.isEmpty == false)
            #expect(origin.map { known.contains($0) } ?? false, "\(origin?.reason ?? "") is used by no check")
        }
        #expect(GuideThresholds.lockWait.origin?.text.hasPrefix("No guide bounds it. ") ?? false)
    }
}

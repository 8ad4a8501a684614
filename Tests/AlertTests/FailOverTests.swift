import Maintenance
import Outside
import Testing

@testable import Alert

@Suite("fail-over to other channels")
struct FailOverTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private static let ways = [FailOver.Way(channel: "page"), FailOver.Way(channel: "text", recipient: "+49301")]

    private static func message(_ number: Int, firing: Set<String>, resolved: Set<String>) -> AlertNotification {
        func records(_ names: Set<String>) -> [AlertRecord] {
            names.sorted().map { name in
                let labels: Labels = ["alert": name, "severity": "critical"]
                return AlertRecord(
                    labels: labels, fingerprint: name, annotations: [:], at: start, turns: [])
            }
        }
        return AlertNotification(
            id: "n\(number)", decidedAt: start + .seconds(number), receiver: "team", channel: "mail",
            recipients: ["ada@example.org"], groupKey: "g", groupLabels: [:], firing: records(firing),
            resolved: records(resolved), reason: .firstOfGroup)
    }

    @Test("what is refused is told by every way, with an id and a reason of its own, and its end as well")
    func refused() throws {
        var failOver = FailOver()
        let told = failOver.refused(
            Self.message(1, firing: ["a"], resolved: []), ways: Self.ways, problem: "no such user")
        #expect(told.map(\.way) == Self.ways)
        #expect(told.map(\.notification.id) == ["n1-page", "n1-text"])
        #expect(told.map(\.notification.channel) == ["page", "text"])
        #expect(told.map(\.notification.recipients) == [[], ["+49301"]])
        #expect(told.allSatisfy { $0.notification.reason == .instead(of: "mail", problem: "no such user") })
        let again = failOver.taken(Self.message(2, firing: ["a"], resolved: []))
        #expect(again.isEmpty)
        // Also where the configuration names nobody any more.
        let over = failOver.refused(Self.message(3, firing: [], resolved: ["a"]), ways: [], problem: "no such user")
        #expect(Set(over.map(\.way)) == Set(Self.ways))
        #expect(failOver.open.isEmpty)
    }

    @Test("the end of what nobody was told of instead is told to nobody instead")
    func ends() {
        var failOver = FailOver()
        #expect(
            failOver.refused(Self.message(1, firing: [], resolved: ["a"]), ways: Self.ways, problem: "").isEmpty)
        #expect(failOver.taken(Self.message(2, firing: [], resolved: ["a"])).isEmpty)
    }

    /// The shortest way to say what another channel ought to know: what was refused it was told, and each end after that.
    @Test("random messages and answers leave no way that knows less than the channel, or of an end without a beginning")
    func random() {
        var count = 0
        for seed in 0..<2_000 {
            var random = SeededGenerator(seed: UInt64(seed))
            var failOver = FailOver()
            var firing: Set<String> = []
            var known: [FailOver.Way: Set<String>] = [:]
            for number in 0..<30 {
                let names = Set(["a", "b", "c", "d"].filter { _ in Bool.random(using: &random) })
                let resolved = firing.subtracting(names)
                guard !names.isEmpty || !resolved.isEmpty else { continue }
                firing = names
                let message = Self.message(number, firing: names, resolved: resolved)
                let isRefused = Bool.random(using: &random)
                let ways = Array(Self.ways.prefix(Int.random(in: 0...2, using: &random)))
                let told =
                    isRefused
                    ? failOver.refused(message, ways: ways, problem: "down") : failOver.taken(message)
                count += told.count
                for way in Self.ways {
                    let before = known[way] ?? []
                    let isToTell =
                        isRefused && ways.contains(way) && !names.isEmpty || !before.isDisjoint(with: resolved)
                    #expect(told.count { $0.way == way } == (isToTell ? 1 : 0), "seed \(seed), message \(number)")
                    if isToTell { known[way] = before.union(names).subtracting(resolved) }
                }
            }
        }
        #expect(count > 10_000)
    }
}

import Alert
import Foundation
import Maintenance
import Outside
import Testing

@Suite("the router against the reference model")
struct RouterPropertyTests {
    /// `scripts/soak` gives many more (`MAINSTAY_SOAK` is their number).
    static let count = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 20_000
    static let portions = [0, 1]

    @Test("random streams of events lead to what the reference model sends, second by second", arguments: portions)
    func agrees(portion: Int) async throws {
        // On a thread of its own: half a minute of work would hold up every other test.
        let (notifications, problem) = try await Blocking().run { _ in Self.judge(portion) }
        #expect(problem == nil)
        // A generator that only makes silence would prove nothing.
        #expect(notifications > Self.count / Self.portions.count)
    }

    /// How much was sent, and the first story that was told otherwise.
    private static func judge(_ portion: Int) -> (notifications: Int, problem: String?) {
        var notifications = 0
        for seed in stride(from: portion, to: count, by: portions.count) {
            let scenario = RandomScenario(seed: seed)
            let expected = ReferenceModel(scenario).sent
            let found = run(scenario)
            guard counts(found) == counts(expected) else {
                let missing = expected.filter { !found.contains($0) }
                let extra = found.filter { !expected.contains($0) }
                return (notifications, "seed \(seed): missing \(missing.prefix(3)), not expected \(extra.prefix(3))")
            }
            notifications += found.count
        }
        return (notifications, nil)
    }

    private static func counts(_ sent: [ReferenceModel.Sent]) -> [ReferenceModel.Sent: Int] {
        sent.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// Wakes the router only for events and when it says that something is due.
    static func run(_ scenario: RandomScenario) -> [ReferenceModel.Sent] {
        var router = Router(scenario.rules)
        var sent: [ReferenceModel.Sent] = []
        for second in 0...RandomScenario.length {
            let now = RandomScenario.at(second)
            let events = scenario.events[second] ?? []
            guard !events.isEmpty || router.nextDue.map({ $0 <= now }) ?? false else { continue }
            sent += router.take(events, at: now).notifications.map { Self.sent($0, second) }
        }
        return sent
    }

    static func sent(_ notification: AlertNotification, _ second: Int) -> ReferenceModel.Sent {
        ReferenceModel.Sent(
            second: second, receiver: notification.receiver, channel: notification.channel,
            recipients: Set(notification.recipients), isEscalation: notification.groupKey.contains("|escalation "),
            firing: Set(notification.firing.map(\.labels)), resolved: Set(notification.resolved.map(\.labels)))
    }

    @Test("a crash between any two steps loses nothing, and repeats only what has the same id")
    func survivesCrashes() async throws {
        let (count, problem) = try await Blocking().run { _ in try Self.crash(0..<Self.count / 40) }
        #expect(problem == nil)
        #expect(count > Self.count / 40)
    }

    /// How many crashes there were, and the first story that was told otherwise because of one.
    private static func crash(_ seeds: Range<Int>) throws -> (crashes: Int, problem: String?) {
        var crashes = 0
        for seed in seeds {
            let scenario = RandomScenario(seed: seed)
            let undisturbed = try spooled(scenario, crashes: nil)
            var random = SeededGenerator(seed: UInt64(seed) &+ 77)
            let disturbed = try spooled(scenario) {
                let isCrash = Int.random(in: 0..<4, using: &random) == 0
                if isCrash { crashes += 1 }
                return isCrash
            }
            guard Set(disturbed) == Set(undisturbed), undisturbed.count == Set(undisturbed).count else {
                return (crashes, "seed \(seed)")
            }
        }
        return (crashes, nil)
    }

    /// What is delivered, as ids, where the state and the spool are written together before anything is sent, and the
    /// process may die before the write, before a delivery and before it is ticked off.
    private static func spooled(_ scenario: RandomScenario, crashes: (() -> Bool)?) throws -> [String] {
        struct Disk: Codable {
            var state: RouterState
            var spool: [String]
        }
        var disk = try JSONEncoder().encode(Disk(state: RouterState(), spool: []))
        var delivered: [String] = []
        var due: Timestamp?
        var isWaiting = false
        for second in 0...RandomScenario.length {
            let isQuiet = scenario.events[second] == nil && due.map { $0 > RandomScenario.at(second) } ?? true
            // Nothing is at work, so that nothing can be interrupted.
            if isQuiet, !isWaiting { continue }
            var isDone = false
            while !isDone {
                // A new process, or the old one: it knows what is on the disk.
                var content = try JSONDecoder().decode(Disk.self, from: disk)
                var router = Router(scenario.rules, state: content.state)
                let outcome = router.take(scenario.events[second] ?? [], at: RandomScenario.at(second))
                if crashes?() ?? false { continue }
                content = Disk(state: router.state, spool: content.spool + outcome.notifications.map(\.id))
                disk = try JSONEncoder().encode(content)
                due = router.nextDue
                isDone = true
                while let next = content.spool.first {
                    if crashes?() ?? false { break }
                    delivered.append(next)
                    if crashes?() ?? false { break }
                    content.spool.removeFirst()
                    disk = try JSONEncoder().encode(content)
                }
                isWaiting = !content.spool.isEmpty
            }
        }
        let content = try JSONDecoder().decode(Disk.self, from: disk)
        return delivered + content.spool.filter { !delivered.contains($0) }
    }

    @Test("a critical alert that nothing hides is told within its group's bound")
    func boundHolds() throws {
        var judged = 0
        for seed in 0..<Self.count / 10 {
            var scenario = RandomScenario(seed: seed)
            scenario.rules.inhibitions = []
            scenario.rules.times = [:]
            scenario.events = scenario.events.mapValues { $0.filter { if case .silenced = $0 { false } else { true } } }
            let sent = Self.run(scenario)
            for (alert, from, until) in Self.stretches(scenario) where alert["severity"] == "critical" {
                for route in scenario.rules.route.matching(alert) where route.active.isEmpty {
                    guard let bound = Self.bound(route), from + bound <= min(until - 1, RandomScenario.length) else {
                        continue
                    }
                    judged += 1
                    let receiver = try #require(scenario.rules.receivers[route.receiver])
                    let about = scenario.rules.channel(of: alert)
                    let others = (receiver.deliveries + scenario.rules.ways).filter { $0.channel != about }
                    // What is about a channel is told by others, of which there may be none.
                    let own = receiver.deliveries.filter { $0.channel != about }
                    let telling = !own.isEmpty ? own : others.isEmpty ? receiver.deliveries : others
                    for delivery in telling {
                        // Told before, it may be told again within the repetition only.
                        let isTold = sent.contains {
                            $0.channel == delivery.channel && $0.firing.contains(alert) && $0.second <= from + bound
                        }
                        #expect(isTold, "seed \(seed): \(alert) of second \(from) on \(delivery.channel)")
                    }
                }
            }
        }
        #expect(judged > 500)
    }

    /// From when until when each alert is wrong.
    private static func stretches(_ scenario: RandomScenario) -> [(Labels, Int, Int)] {
        var open: [Labels: Int] = [:]
        var stretches: [(Labels, Int, Int)] = []
        for second in 0...RandomScenario.length {
            for event in scenario.events[second] ?? [] {
                if case .wrong(let labels, _) = event, open[labels] == nil { open[labels] = second }
                if case .well(let labels) = event, let from = open.removeValue(forKey: labels) {
                    stretches.append((labels, from, second))
                }
            }
        }
        return stretches + open.map { ($0.key, $0.value, .max) }
    }

    /// Seconds from wrong to told; nil where a batch's own times count.
    private static func bound(_ route: Route) -> Int? {
        let extra: Duration
        switch route.timing {
        case .immediate: return 2
        case .standard: extra = .zero
        case .delayed(let delay): extra = delay
        case .batched: return nil
        }
        let wait = max(route.groupWait, route.groupInterval) + extra + .seconds(2)
        return Int(wait.microseconds / 1_000_000)
    }
}

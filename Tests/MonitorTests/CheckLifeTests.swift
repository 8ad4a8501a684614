import Maintenance
import Monitor
import Outside
import Testing

@Suite("the life of a check that runs all the time")
struct CheckLifeTests {
    private static let start = Timestamp(microseconds: 1_795_226_400_000_000)

    /// Takes states in, ten seconds apart, and says how it stood after each.
    private func standings(_ states: [CheckOutcome.State], _ rules: LifeRules) -> [CheckOutcome.State] {
        var life = CheckLife()
        return states.enumerated().map { index, state in
            _ = life.take(
                .init(at: Self.start + .seconds(10 * index), state: state, elapsed: .seconds(index == 0 ? 0 : 10)),
                rules
            )
            return life.standing
        }
    }

    @Test("is unknown until it was seen to be well or is believed to be bad")
    func begins() {
        #expect(standings([.unknown, .passed], LifeRules(failures: 3, successes: 3)) == [.unknown, .passed])
        #expect(standings([.critical, .critical], LifeRules(failures: 2)) == [.unknown, .critical])
    }

    @Test("counts as bad from the last of the rounds it takes")
    func failureThreshold() {
        let states: [CheckOutcome.State] = [.passed, .warning, .warning, .warning, .warning]
        #expect(
            standings(states, LifeRules(failures: 3)) == [.passed, .passed, .passed, .warning, .warning])
    }

    @Test("one good round in between begins the count anew")
    func interruption() {
        let states: [CheckOutcome.State] = [.passed, .critical, .passed, .critical, .critical]
        #expect(standings(states, LifeRules(failures: 2)) == [.passed, .passed, .passed, .passed, .critical])
    }

    @Test("is well again after as many good rounds as that takes")
    func successThreshold() {
        let states: [CheckOutcome.State] = [.critical, .passed, .critical, .passed, .passed, .passed]
        #expect(
            standings(states, LifeRules(successes: 3)) == [
                .critical, .critical, .critical, .critical, .critical, .passed,
            ])
    }

    @Test("has to be bad for as long as 'for' says, by the time between rounds and not by their number")
    func hold() {
        let states: [CheckOutcome.State] = [.passed, .warning, .warning, .warning, .warning]
        #expect(
            standings(states, LifeRules(hold: .seconds(25))) == [.passed, .passed, .passed, .passed, .warning])
        #expect(standings(states, LifeRules(hold: .seconds(20))) == [.passed, .passed, .passed, .warning, .warning])
    }

    @Test("gets worse and better level by level, each by its own rounds")
    func levels() {
        let states: [CheckOutcome.State] = [.warning, .critical, .critical, .warning, .warning, .passed, .passed]
        #expect(
            standings(states, LifeRules(failures: 2, successes: 2)) == [
                .unknown, .warning, .critical, .critical, .warning, .warning, .passed,
            ])
    }

    @Test("a round that could not look proves nothing about the thing, and in a row that nobody can look")
    func blindness() {
        let states: [CheckOutcome.State] = [.critical, .unknown, .critical, .unknown, .unknown, .passed]
        #expect(
            standings(states, LifeRules(failures: 2)) == [
                .unknown, .unknown, .critical, .critical, .unknown, .passed,
            ])
    }

    @Test("what is bad while we work there ourselves does not count, and what is well does")
    func plannedWork() {
        var life = CheckLife()
        let rules = LifeRules(failures: 1, successes: 1)
        func take(_ state: CheckOutcome.State, isPlanned: Bool) -> CheckOutcome.State {
            _ = life.take(.init(at: Self.start, state: state, elapsed: .seconds(10), isPlanned: isPlanned), rules)
            return life.standing
        }
        #expect(take(.passed, isPlanned: false) == .passed)
        #expect(take(.critical, isPlanned: true) == .passed)
        #expect(take(.unknown, isPlanned: true) == .passed)
        #expect(life.phase == .well)
        #expect(take(.critical, isPlanned: false) == .critical)
        #expect(take(.passed, isPlanned: true) == .passed)
    }

    @Test("time in which nobody looked counts for no more than the gap that is allowed")
    func gap() {
        var life = CheckLife()
        let rules = LifeRules(hold: .seconds(60), gap: .seconds(20))
        for elapsed in [Duration.zero, .seconds(86_400)] {
            _ = life.take(.init(at: Self.start, state: .critical, elapsed: elapsed), rules)
        }
        #expect(life.standing == .unknown)
        #expect(life.phase == .pending)
        #expect(life.warning.time == .seconds(20))
    }

    @Test("says what it was when it changes, since when it stands so, and since when that is in doubt")
    func instants() {
        var life = CheckLife()
        let rules = LifeRules(failures: 2)
        func take(_ second: Int, _ state: CheckOutcome.State) -> CheckOutcome.State? {
            life.take(.init(at: Self.start + .seconds(second), state: state, elapsed: .seconds(10)), rules)
        }
        #expect(take(0, .passed) == .unknown)
        #expect(take(10, .critical) == nil)
        #expect(life.phase == .pending)
        #expect(life.since == Self.start)
        #expect(life.doubtedSince == Self.start + .seconds(10))
        #expect(take(20, .critical) == .passed)
        #expect(life.phase == .failing)
        #expect(life.since == Self.start + .seconds(20))
        #expect(life.doubtedSince == nil)
    }

    @Test("is read back as it was written, at any moment", arguments: [1, 2, 3] as [UInt64])
    func text(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var life = CheckLife()
        for _ in 0..<300 {
            _ = life.take(.random(&random, at: Self.start), LifeRules(failures: 3, successes: 2, hold: .seconds(30)))
            #expect(CheckLife(text: life.text) == life, "seed \(seed): \(life.text)")
        }
    }

    @Test(
        "nothing else is read",
        arguments: ["", "1", "2 0,0,0 0,0,0 0,0,0 - -", "1 0,0,0 0,0,0 0,-1,0 - -", "1 0,0,0 0,0,0 0,0,0 x -"])
    func refusals(text: String) {
        #expect(CheckLife(text: text) == nil)
    }
}

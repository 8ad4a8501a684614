import Maintenance
import Monitor
import Outside
import Testing

@Suite("the life of a check against its reference")
struct LifePropertyTests {
    @Test("stands as the whole past says, in 20,000 random streams")
    func agrees() async {
        let start = Timestamp(microseconds: 1_795_226_400_000_000)
        for seed in UInt64(1)...20_000 {
            if seed.isMultiple(of: 500) { await Task.yield() }
            var random = SeededGenerator(seed: seed)
            let rules = LifeRules(
                failures: Int.random(in: 1...4, using: &random), successes: Int.random(in: 1...4, using: &random),
                hold: .seconds(Int.random(in: 0...1, using: &random) * Int.random(in: 0...60, using: &random)),
                gap: .seconds(Int.random(in: 5...60, using: &random)))
            var life = CheckLife()
            var reference = ReferenceLife(rules)
            var round = CheckLife.Round.random(&random, at: start)
            for step in 0..<24 {
                // Half of them go on as they were.
                let next = CheckLife.Round.random(&random, at: start + .seconds(step))
                let state = Bool.random(using: &random) ? round.state : next.state
                round = next
                round.state = state
                let before = life.standing
                let told = life.take(round, rules)
                reference.take(round)
                guard life.standing == reference.standing, told == (life.standing == before ? nil : before) else {
                    Issue.record(
                        "seed \(seed), step \(step): stands \(life.standing), and should \(reference.standing); \(rules)"
                    )
                    return
                }
                // What is critical is a warning too.
                if life.critical.isHeld, !life.warning.isHeld {
                    Issue.record("seed \(seed), step \(step): critical and no warning")
                    return
                }
            }
        }
    }
}

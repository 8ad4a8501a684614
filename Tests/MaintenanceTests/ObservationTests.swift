import Maintenance
import Testing

@Suite("what a survey could have reported")
struct ObservationTests {
    private let main = Target(environment: "production", resource: "main")

    private func finding(_ object: String?, at target: Target? = nil, code: String = "DR014") -> Finding {
        Finding(code: code, severity: .critical, target: target ?? main, object: object, summary: "it is so")
    }

    private func observation(_ reach: Observation.Reach?) -> Observation {
        var observation = Observation()
        observation.examined = ["DR014", "DR010"]
        observation.reach = reach.map { ["DR014": $0] }
        return observation
    }

    @Test("is everything with one of its codes at its target")
    func all() {
        let seen = observation(nil)
        #expect(seen.couldReport(finding("ransomware"), at: main))
        #expect(seen.couldReport(finding(nil), at: .estate))
        #expect(!seen.couldReport(finding(nil, code: "DR011"), at: .estate))
        #expect(!seen.couldReport(finding(nil, at: Target(environment: "production", resource: "other")), at: main))
    }

    @Test("is no more than it reaches, whatever its step's target is")
    func reach() {
        let seen = observation(.init(main, object: "database-failure"))
        #expect(seen.couldReport(finding("database-failure"), at: .estate))
        #expect(seen.couldReport(finding("database-failure, disk"), at: main))
        #expect(!seen.couldReport(finding("database-failure-too"), at: main))
        #expect(!seen.couldReport(finding("ransomware"), at: main))
        #expect(!seen.couldReport(finding(nil), at: main))
        let elsewhere = Target(environment: "staging", resource: "main")
        #expect(!seen.couldReport(finding("database-failure", at: elsewhere), at: .estate))
        #expect(seen.couldReport(finding("ransomware", code: "DR010"), at: main))
    }

    @Test("reaches as far as both do, for each code, where two are put together")
    func merged() {
        var seen = observation(.init(main, object: "ransomware"))
        var other = Observation()
        other.examined = ["DR011"]
        other.reach = ["DR011": .init(main, object: "failover")]
        seen.merge(other)
        #expect(seen.couldReport(finding("ransomware"), at: main))
        #expect(seen.couldReport(finding("failover", code: "DR011"), at: main))
        #expect(!seen.couldReport(finding("ransomware", code: "DR011"), at: main))
    }
}

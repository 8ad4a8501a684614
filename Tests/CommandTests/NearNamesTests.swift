import Maintenance
import Testing

@testable import Command

@Suite("what is called most like something")
struct NearNamesTests {
    private static let names: Set = [
        "backup run", "backup verify", "backup:verify", "db:optimize", "db optimize", "health check", "health:check",
        "maintenance:daily", "maintenance:daily:app-performance", "report performance", "security:audit", "logs rotate",
    ]

    /// Letter by letter against all of them, and by words where none is near.
    private static func slowly(_ spelling: String) -> String? {
        if let near = nearest(to: spelling, among: names) { return near }
        func words(_ text: String) -> Set<String> {
            Set(text.lowercased().split { !$0.isLetter }.map(String.init))
                .subtracting(["maintenance", "daily", "weekly", "monthly", "quarterly"])
        }
        let wanted = words(spelling)
        let scored = names.map { name in
            let own = words(name)
            return (name, Double(own.intersection(wanted).count) / Double(max(1, own.union(wanted).count)))
        }
        guard let best = scored.max(by: { ($0.1, $1.0) < ($1.1, $0.0) }), best.1 >= 0.5 else { return nil }
        return best.0
    }

    @Test(
        "is found as if every name were compared letter by letter",
        arguments: [
            "backup:verfiy", "bakup:verify", "Backup:Verify", "db:optimise", "optimize:db", "verify:backup", "health",
            "maintenance:weekly:app-performance", "audit", "security", "x", "", "ünïcode", "db\r\noptimize",
            "maintenance:daly", "something:else:entirely", "rotate:logs", "performance", "healthcheck", "backuprun",
        ])
    func isSame(spelling: String) {
        #expect(NearNames(Self.names).nearest(to: spelling) == Self.slowly(spelling))
    }
}

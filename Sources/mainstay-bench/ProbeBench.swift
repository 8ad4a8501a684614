import Foundation
import Glibc
import Maintenance
import Outside
import Settings

/// What an HTTP check costs this process: a new connection, the request, its answer judged by two conditions.
enum ProbeBench {
    /// `probes URL COUNT CONCURRENCY [CA-FILE]`: the answer has to be 200 and contain `ok`. `%` in the URL's host is the last
    /// number of an address of its own, so that not all connections have the same four numbers (`http://127.0.0.%:8080/`).
    static func run(_ url: String, count: Int, concurrency: Int, authorities: String?) async throws -> Facts {
        let text = """
            environments:
              bench:
                resources:
                  one: { kind: http, url: "http://x/", conditions: [status == 200, body contains ok] }
            """
        let inventory = try ConfigurationReader(vocabulary: SettingsVocabulary())
            .read([(file: "bench.yaml", text: text)], directory: "/").inventory
        guard case .http(let access)? = inventory.environments.first?.resources.first?.access else {
            preconditionFailure("an endpoint was read as something else")
        }
        let expected = access.expected
        let prober = HTTPProber()
        let trust = authorities.map { HTTPProbe.Trust.file(path: $0) } ?? .system
        @Sendable func one(_ number: Int) async throws -> Bool {
            let target = try HTTPTarget(url.replacing("%", with: String(1 + number % 250)))
            let observation = try await prober.observe(HTTPProbe(target, trust: trust))
            guard let response = observation.response else { return false }
            let facts = ConditionFacts([
                "status": .number(Double(response.status)), "body": .document(response.body, isCut: response.isBodyCut),
            ])
            return facts.verdicts(on: expected.all).allSatisfy(\.isMet)
        }
        _ = try await one(0)
        let begin = clock()
        let wall = WallClock.system.monotonic()
        let met = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<concurrency {
                group.addTask {
                    var met = 0
                    for number in stride(from: worker, to: count, by: concurrency) where try await one(number) {
                        met += 1
                    }
                    return met
                }
            }
            return try await group.reduce(0, +)
        }
        let processor = Double(clock() - begin) / Double(CLOCKS_PER_SEC)
        return [
            "checks": Scalar(count), "met": Scalar(met), "CPU ms a check": .number(processor * 1_000 / Double(count)),
            "seconds": .number((WallClock.system.monotonic() - wall).inSeconds),
        ]
    }
}

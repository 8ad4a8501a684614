import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Synchronization
import Testing

/// A real Alertmanager hears the same stories at the same moments, in real time, all at once. What is compared are moments
/// to half a second, which two cores that are busy with other tests do not keep: `scripts/soak` gives it the machine.
@Suite(
    "side by side with Alertmanager", .temporaryDirectory,
    .enabled(if: ProcessInfo.processInfo.environment["MAINSTAY_SOAK"] != nil, "it compares moments: see scripts/soak"))
struct AlertmanagerTests {
    static let count = 60
    private static let programs = Programs(environment: ProcessInfo.processInfo.environment)

    @Test("sixty random stories are told the same way at the same time")
    func sameNotifications() async throws {
        let stories = (0..<Self.count).map { SideBySide.stable(seed: $0) }
        let (found, times) = try await Self.told(stories)
        var notifications = 0
        var judged = 0
        for story in stories {
            // The router is told what Alertmanager was told: on a busy machine an event comes a little later.
            let actual = times[story.seed] ?? []
            let isOnTime = zip(actual, story.events).allSatisfy { $0 - $1.at < SideBySide.slack }
            guard isOnTime, actual.count == story.events.count else { continue }
            let expected = story.told(at: actual)
            let real = found[story.seed, default: []].sorted { $0.seconds < $1.seconds }
            judged += 1
            notifications += expected.count
            let isSame = Self.isSame(real, expected)
            #expect(isSame, "seed \(story.seed): Alertmanager \(real), the router \(expected), of \(story.events)")
        }
        #expect(judged >= 50)
        #expect(notifications > 2 * judged)
    }

    /// The same sets at the same times, where those of one moment have no order.
    private static func isSame(_ real: [SideBySide.Told], _ expected: [SideBySide.Told]) -> Bool {
        var rest = real
        for told in expected {
            guard
                let match = rest.firstIndex(where: {
                    $0.firing == told.firing && $0.resolved == told.resolved && abs($0.seconds - told.seconds) < 0.6
                })
            else { return false }
            rest.remove(at: match)
        }
        return rest.isEmpty
    }

    /// What Alertmanager told of each story, and when each of its events really came.
    private static func told(_ stories: [SideBySide]) async throws -> ([Int: [SideBySide.Told]], [Int: [Double]]) {
        let directory = TemporaryDirectory.current
        let script = try await run(
            "python3", ["-c", "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1])"])
        let port = script.trimmingWhitespace()
        let lines = Heard()
        let clock = WallClock.system
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let (ports, found) = AsyncStream<Int>.makeStream()
            group.addTask {
                let child = ChildProgram("python3", ["-u", "-c", hook], grace: .milliseconds(100))
                let outcome = try await programs.run(child) { line in
                    if let port = Int(line.text) {
                        found.yield(port)
                    } else {
                        lines.add(line.text, at: clock.now())
                    }
                }
                _ = try outcome.checked()
            }
            guard let hookPort = await ports.first(where: { _ in true }) else { throw ServerMissing() }
            try configuration(stories, hookPort).write(
                toFile: "\(directory)/alertmanager.yml", atomically: true, encoding: .utf8)
            group.addTask {
                let child = ChildProgram(
                    "prometheus-alertmanager",
                    [
                        "--config.file=\(directory)/alertmanager.yml", "--storage.path=\(directory)/data",
                        "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=", "--log.level=error",
                    ], grace: .milliseconds(500))
                _ = try await programs.run(child).checked()
            }
            let base = "http://127.0.0.1:\(port)"
            try await eventually("Alertmanager is ready") {
                let probe = HTTPProbe(try HTTPTarget("\(base)/-/ready"))
                return (try? await HTTPProber().observe(probe).response?.status) == 200
            }
            let start = clock.now() + .milliseconds(300)
            let times = try await tell(stories, base, start, clock)
            try await clock.sleep(until: start + .milliseconds(Int64(SideBySide.length * 1_000)))
            return (try decoded(lines.all, start), times)
        }
    }

    private static func configuration(_ stories: [SideBySide], _ port: Int) -> String {
        let parts = stories.map(\.configuration)
        return """
            route:
              receiver: none
              routes:
            \(parts.map(\.route).joined(separator: "\n"))
            inhibit_rules:
            \(parts.compactMap(\.inhibition).joined(separator: "\n"))
            receivers:
              - name: none
            \(parts.map(\.receiver).joined(separator: "\n"))
            """.replacingOccurrences(of: "PORT", with: "\(port)")
    }

    /// Each event at its moment; when each really came, by story.
    private static func tell(
        _ stories: [SideBySide], _ base: String, _ start: Timestamp, _ clock: WallClock
    ) async throws -> [Int: [Double]] {
        let shift = start - RandomScenario.start
        let prober = HTTPProber()
        return try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
            for story in stories {
                group.addTask {
                    var since: [Labels: Timestamp] = [:]
                    var times: [Double] = []
                    for (at, event) in story.events {
                        try await clock.sleep(until: start + .milliseconds(Int64(at * 1_000)))
                        let now = clock.now()
                        times.append((now - start).inSeconds)
                        let request: (path: String, body: Any)
                        switch event {
                        case .wrong(let labels, _):
                            since[labels] = now
                            request = ("alerts", [["labels": labels.values, "startsAt": now.iso8601]])
                        case .well(let labels):
                            let from = since[labels] ?? now
                            request = (
                                "alerts",
                                [["labels": labels.values, "startsAt": from.iso8601, "endsAt": now.iso8601]]
                            )
                        case .silenced(let silence):
                            request = (
                                "silences",
                                [
                                    "matchers": silence.matchers.map {
                                        ["name": $0.name, "value": $0.value, "isRegex": false, "isEqual": true]
                                    },
                                    "startsAt": now.iso8601, "endsAt": (silence.ends + shift).iso8601,
                                    "createdBy": silence.author, "comment": silence.comment,
                                ]
                            )
                        case .acknowledged, .unsilenced: continue
                        }
                        var probe = HTTPProbe(try HTTPTarget("\(base)/api/v2/\(request.path)"), method: .post)
                        probe.headers = [try .init(name: "Content-Type", value: Secret("application/json"))]
                        probe.content = Array(try JSONSerialization.data(withJSONObject: request.body))
                        let status = try await prober.observe(probe).response?.status
                        #expect(status == 200, "story \(story.seed)")
                    }
                    return (story.seed, times)
                }
            }
            var times: [Int: [Double]] = [:]
            for try await (seed, seconds) in group { times[seed] = seconds }
            return times
        }
    }

    private static func decoded(_ lines: [(at: Timestamp, text: String)], _ start: Timestamp) throws -> [Int:
        [SideBySide.Told]]
    {
        struct Payload: Decodable {
            struct Alert: Decodable {
                var status: String
                var labels: [String: String]
            }
            var path: String
            var alerts: [Alert]
        }
        var told: [Int: [SideBySide.Told]] = [:]
        for line in lines {
            let payload = try JSONDecoder().decode(Payload.self, from: Data(line.text.utf8))
            let numbers = { (status: String) in
                Set(payload.alerts.filter { $0.status == status }.compactMap { $0.labels["number"] })
            }
            guard let seed = Int(payload.path.dropFirst()) else { continue }
            told[seed, default: []].append(
                SideBySide.Told(
                    seconds: (line.at - start).inSeconds, firing: numbers("firing"), resolved: numbers("resolved")))
        }
        return told
    }

    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await programs.run(ChildProgram(program, arguments)).checked().output.text
    }

    private struct ServerMissing: Error {}

    /// What the hook said, and when it came.
    private final class Heard: Sendable {
        private let lines = Mutex<[(at: Timestamp, text: String)]>([])

        var all: [(at: Timestamp, text: String)] { lines.withLock { $0 } }

        func add(_ text: String, at instant: Timestamp) { lines.withLock { $0.append((instant, text)) } }
    }

    private static let hook = #"""
        import http.server, json, sys

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sys.stdout.write(json.dumps({"path": self.path, "alerts": payload["alerts"]}) + "\n")
                sys.stdout.flush()
                self.send_response(200)
                self.end_headers()
            def log_message(self, *arguments): pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """#
}

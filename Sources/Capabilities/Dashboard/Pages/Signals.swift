import Settings
import Outside
import Engine
import Maintenance
import Web

/// What programs ask the server itself: whether it lives, whether it can do its work, how things stand, what is new.
enum Signals {
    /// Answers as long as the process does.
    static func live(_ visit: Visit) async throws -> WebResponse { WebResponse(text: "alive\n") }

    /// Whether the state can be read: a process that cannot is of no use to anybody.
    static func ready(_ visit: Visit) async throws -> WebResponse {
        do {
            _ = try await visit.site.log.recentRuns(most: 1)
            return WebResponse(text: "ready\n")
        } catch {
            try Task.checkCancellation()
            return WebResponse(503, text: "the state cannot be read\n")
        }
    }

    /// How often a stream that has nothing to say shows that it is there: below what proxies close at (60 s).
    private static let beat: Duration = .seconds(20)

    /// Server-sent events: one whenever something was written. Whoever comes back (`Last-Event-ID`) may have missed
    /// something and is told to look at once.
    static func events(_ visit: Visit) async throws -> WebResponse {
        let live = visit.site.live
        let clock = visit.site.clock
        let gate = visit.site.gate
        let request = visit.request
        let isBack = request[header: "last-event-id"] != nil
        return WebResponse { stream in
            let changes = live.changes()
            let now = live.number
            try await stream.write(Array("retry: 2000\n\n".utf8))
            if isBack { try await stream.send(event: "change", id: String(now), data: String(now)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await number in changes {
                        try await stream.send(event: "change", id: String(number), data: String(number))
                    }
                }
                group.addTask {
                    while true {
                        try await clock.sleep(for: beat)
                        // Whoever was signed out meanwhile is told nothing more.
                        guard try await gate.visitor(request) != nil else { return }
                        try await stream.keepAlive()
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    /// Prometheus's text format, version 0.0.4.
    static func metrics(_ visit: Visit) async throws -> WebResponse {
        var text = MetricsText()
        let log = visit.site.log
        text.family("mainstay_info", "gauge", "What runs here.", [([("version", Release.name)], 1)])
        let scheduler = try await log.schedulerState()
        text.family(
            "mainstay_scheduler_up", "gauge", "Whether a scheduler leads on this state.",
            [([], scheduler.isRunning ? 1 : 0)])
        let open = try await log.openFindings().filter { visit.sees($0.finding.target.environment) }
        let groups = Dictionary(grouping: open) { [$0.finding.target.environment, $0.finding.severity.rawValue] }
        text.family(
            "mainstay_findings_open", "gauge", "Findings that are open.",
            groups.map { (zip(["environment", "severity"], $0.key).map { ($0, $1) }, Double($0.value.count)) })
        var health: [([(String, String)], Double)] = []
        var checked: [([(String, String)], Double)] = []
        for environment in visit.site.inventory.environments where visit.sees(environment.name) {
            let step = try await log.lastStep(of: EnvironmentLook.healthTask, in: environment.name)
            guard let step, let endedAt = step.endedAt else { continue }
            let labels = [("environment", environment.name)]
            checked.append((labels, endedAt.seconds))
            if let percentage = HealthScore((step.observation?.checks ?? []).map(\.state)).percentage {
                health.append((labels, percentage.value))
            }
        }
        text.family("mainstay_health_percent", "gauge", "Health by the last health check.", health)
        text.family("mainstay_health_checked_seconds", "gauge", "When that check ended, Unix time.", checked)
        text.family(
            "mainstay_answers_total", "counter", "Answers of this server since its start, by status.",
            visit.site.counters.byStatus.map { ([("status", String($0.status))], Double($0.count)) })
        text.family(
            "mainstay_connections_refused_total", "counter", "Connections closed at once because there were too many.",
            [([], Double(visit.site.counters.refused))])
        text.family(
            "mainstay_watchers", "gauge", "Pages that are watched live.", [([], Double(visit.site.live.watchers))])
        return WebResponse(200, Array(text.text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

/// Lines of Prometheus's text format ("Exposition formats"); a name or a value of a label breaks out of none.
struct MetricsText {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String, _ samples: [([(String, String)], Double)]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for line in samples.map({ Self.line(name, $0.0, $0.1) }).sorted() { text += line }
    }

    private static func line(_ name: String, _ labels: [(String, String)], _ value: Double) -> String {
        let words = labels.map { label, value in
            let safe = value.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"")
                .replacingBytes(of: "\n", with: "\\n")
            return "\(label)=\"\(safe)\""
        }
        return "\(name)\(words.isEmpty ? "" : "{\(words.joined(separator: ","))}") \(value)\n"
    }
}

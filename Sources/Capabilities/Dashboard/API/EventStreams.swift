import Command
import Engine
import Foundation
import Maintenance
import Outside
import Web

/// Server-sent events for programs (HTML Standard, 9.2), with ids that outlive this process: whoever comes back with
/// `Last-Event-ID` misses nothing.
enum EventStreams {
    private static let beat: Duration = .seconds(20)
    /// Entries that are read at once.
    private static let page = 200

    /// The audit trail as it grows; an event's id is the entry's number.
    static func all(_ visit: Visit) async throws -> WebResponse {
        let log = visit.site.log
        var last = try await log.auditHead()?.number ?? 0
        if let id = visit.request[header: "last-event-id"] {
            guard let number = Int64(id), number >= 0 else {
                throw Refusal.malformed("'Last-Event-ID' is none of ours")
            }
            last = min(number, last)
        }
        let begin = last
        return stream(visit) { stream in
            var last = begin
            try await visit.each { visit in
                var told = false
                while true {
                    let entries = try await log.audit(after: last, most: page)
                    for entry in entries {
                        last = entry.number
                        guard visit.sees(entry.target.environment) else { continue }
                        told = true
                        try await stream.send(
                            event: entry.kind.rawValue, id: String(entry.number), data: try text(entry))
                    }
                    if entries.count < page { break }
                }
                if !told { try await stream.send(event: "change", data: "{}") }
                return true
            }
        }
    }

    /// One run until it ends. An event is the run as it stands then; its id is the state's own digest.
    static func run(_ visit: Visit) async throws -> WebResponse {
        if try await RunRequests.detail(visit) == nil { _ = try await RunRequests.known(visit) }
        let known = visit.request[header: "last-event-id"]
        return stream(visit) { stream in
            var last = known
            try await visit.each { visit in
                guard let detail = try await RunRequests.detail(visit) else {
                    let document: AcceptedRun
                    do {
                        let (id, standing) = try await RunRequests.known(visit)
                        document = AcceptedRun(id, standing)
                    } catch Refusal.notFound { return false }
                    try await stream.send(event: "accepted", data: try text(document))
                    return document.state == .accepted
                }
                let progress = RunProgress(detail)
                let data = try text(progress)
                let id = String(Keys.digest(data).prefix(16))
                if id != last { try await stream.send(event: "run", id: id, data: data) }
                last = id
                return !detail.run.state.isEnded
            }
        }
    }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func stream(
        _ visit: Visit, _ body: @escaping @Sendable (WebStream) async throws -> Void
    ) -> WebResponse {
        let clock = visit.site.clock
        return WebResponse { stream in
            try await stream.write(Array("retry: 2000\n\n".utf8))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body(stream) }
                group.addTask {
                    while true {
                        try await clock.sleep(for: beat)
                        // Whoever was shut out meanwhile is told nothing more.
                        guard try await visit.site.gate.visitor(visit.request) != nil else { return }
                        try await stream.keepAlive()
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}

extension Visit {
    /// Now, and whenever something was written, as whoever asks may see it then; until `body` says that it is enough or
    /// they may see nothing more.
    fileprivate func each(_ body: (Visit) async throws -> Bool) async throws {
        let changes = site.live.changes()
        guard try await body(self) else { return }
        for await _ in changes {
            var current = self
            guard let visitor = try await site.gate.visitor(request) else { return }
            current.visitor = visitor
            guard try await body(current) else { return }
        }
    }
}

/// How far a run is, in few words.
struct RunProgress: Codable, Sendable {
    struct Step: Codable, Sendable {
        var number: Int
        var title: String
        var state: StepState
        var error: ErrorReport?
        /// By state.
        var changes: [String: Int]
    }

    var run: RunRecord
    var steps: [Step]

    init(_ detail: RunDetail) {
        run = detail.run
        steps = detail.steps.map { step in
            let changes = detail.changes.filter { $0.step == step.number }
            return Step(
                number: step.number, title: step.title, state: step.state, error: step.error,
                changes: Dictionary(grouping: changes) { $0.state.rawValue }.mapValues(\.count))
        }
    }
}

import Foundation
import Maintenance
import Outside
import Settings

/// Tells whoever watches from outside how a routine goes, so that a machine that is gone is missed too.
///
/// The protocol of Healthchecks (healthchecks.io/docs/http_api): a POST to the routine's URL says that a run succeeded, to
/// `/start` that one began, to `/fail` that one failed, to `/log` anything else; `rid` ties those of one run together.
/// Only the runs that a scheduler began count: a trial by hand in one environment is not the night's run.
struct RoutinePings: Sendable {
    let inventory: Inventory
    let programs: Programs
    let log: RunLog

    private static let attempts = 3
    private static let patience: Duration = .seconds(5)

    /// Throws where the store cannot be written.
    func began(_ run: RunRecord) async throws {
        try await tell(run, "/start", "\(run.name) began")
    }

    /// Throws where the store cannot be written.
    func ended(_ summary: RunSummary) async throws {
        let path =
            switch summary.run.state {
            case .succeeded: ""
            // It goes on when somebody has said so, or when the scheduler starts again: nothing has failed.
            case .waiting, .cancelled, .running: "/log"
            case .failed, .uncertain: "/fail"
            }
        try await tell(summary.run, path, Self.words(summary))
    }

    /// A ping never ends a run otherwise than it ended: what keeps it from being heard is a finding.
    private func tell(_ run: RunRecord, _ path: String, _ words: String) async throws {
        guard run.isRoutine, !run.isDryRun, run.requester.service == Scheduler.serviceName,
            let url = inventory[routine: run.name]?.ping
        else { return }
        do {
            try await send(words, to: url, path, of: run)
        } catch is CancellationError {
            // The run is being ended, and its end will be told.
            return
        } catch {
            let problem = Self.withoutAddress(ErrorReport(error))
            let finding = ScheduleFinding.unheard.finding(
                run.name, "who watches '\(run.name)' from outside could not be told: \(problem)",
                evidence: ["run": .text(run.id)], mend: "mainstay config show")
            return try await log.open(finding)
        }
        try await log.resolve(.unheard, of: run.name)
    }

    private func send(_ words: String, to url: ConfiguredText, _ path: String, of run: RunRecord) async throws {
        let address = try await url.resolve(with: programs).reveal()
        var target = try HTTPTarget(address)
        let query = target.path.unicodeScalars.firstIndex(of: "?").map { String(target.path[$0...]) } ?? ""
        let base = target.path.dropLast(query.utf8.count)
        let separator = query.isEmpty ? "?" : "&"
        target.path =
            "\(base.utf8.last == UInt8(ascii: "/") ? base.dropLast() : base)\(path)\(query)\(separator)rid="
            + Self.identifier(of: run.id)
        var probe = HTTPProbe(target, method: .post, timeLimit: Self.patience)
        probe.content = Array(words.utf8)
        var attempt = 1
        while true {
            do {
                let observation = try await HTTPProber(clock: log.clock).observe(probe)
                guard let response = observation.response else { throw PingError.untrusted }
                guard (200...299).contains(response.status) else { throw PingError.answered(response.status) }
                return
            } catch {
                guard attempt < Self.attempts, ErrorReport(error).isRetryable else { throw error }
            }
            try await log.clock.sleep(for: .seconds(attempt))
            attempt += 1
        }
    }

    /// What came of the run, without names of objects or texts of errors: it leaves the house.
    private static func words(_ summary: RunSummary) -> String {
        let run = summary.run
        let proved = summary.changes.filter { $0.state == .proved }.count
        var lines = [
            "\(run.name) \(run.state.rawValue)",
            "run \(run.id): \("step".counted(summary.steps.count)), \("change".counted(proved)) proved",
        ]
        for step in summary.steps where step.state != .succeeded && step.state != .skipped {
            let code = step.error.map { " (\($0.code))" } ?? ""
            lines.append("step \(step.number) \(step.task) \(step.target): \(step.state.rawValue)\(code)")
        }
        return lines.prefix(100).joined(separator: "\n")
    }

    /// The same UUID (version 8, RFC 9562) for all pings of one run.
    static func identifier(of run: String) -> String {
        var digest = CanonicalDigest()
        digest.add(run)
        var digits = Array(digest.hexadecimal.utf8.prefix(32))
        digits[12] = UInt8(ascii: "8")
        digits[16] = UInt8(ascii: "a")
        let text = String(decoding: digits, as: UTF8.self)
        var parts: [Substring] = []
        var rest = text[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    /// The URL is a secret: whoever has it can say that all is well.
    private static func withoutAddress(_ report: ErrorReport) -> String {
        switch report.code {
        case "http.refused": "it refuses connections"
        case "http.no-such-host": "its host cannot be found"
        case "http.timed-out": "it did not answer within \(patience.short)"
        case "http.handshake-failed": "the TLS handshake failed"
        case let code where code.hasPrefix("http."): "it could not be reached (\(code))"
        default: report.problem
        }
    }
}

enum PingError: MaintenanceError {
    case answered(Int)
    case untrusted

    var code: String {
        switch self {
        case .answered: "ping.answered"
        case .untrusted: "ping.untrusted"
        }
    }

    var problem: String {
        switch self {
        case .answered(let status): "it answered with status \(status)"
        case .untrusted: "its certificate is not trusted"
        }
    }

    var isRetryable: Bool {
        if case .answered(let status) = self { status >= 500 || status == 429 } else { false }
    }
}

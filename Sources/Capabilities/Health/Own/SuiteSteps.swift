import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let suiteSteps = Check(
        CheckSchema(
            name: "suite.steps", summary: "whether requests that need each other go through, one after the other",
            thresholds: .init(.seconds, warning: nil, critical: nil), timeout: .seconds(900)),
        code: "HC069",
        title: "Sequence",
        kind: .suite,
        explanation: """
            Does the suite's requests in their order, each over a new connection to the same origin. What a step keeps of \
            its answer, a later one may send: log in, then call. A step without conditions has to answer with 2xx. After a \
            step that failed the others are not done, but for those that are 'always' done, so that nothing is left behind. \
            What was kept is never shown. The value is the time of all steps together.
            """,
        source: "https://www.rfc-editor.org/rfc/rfc9110"
    ) { context in
        guard case .suite(let suite) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a suite and is \(context.resource.kind)")
        }
        var walk = try await SuiteWalk(suite, context)
        var reading = Reading(state: .passed)
        var clauses: [String] = []
        var isBroken = false
        for step in suite.steps where !isBroken || step.isAlways {
            let outcome = try await walk.take(step)
            reading.state = [reading.state ?? .passed, outcome.state].worst
            if outcome.state != .passed { clauses.append("\(step.name): \(outcome.words)") }
            reading.evidence[step.name] = .text(outcome.words)
            if let duration = outcome.duration {
                reading.measurements.append(
                    Measurement(
                        "suite.step", context.target, object: step.name, unit: .seconds, value: duration.inSeconds))
            }
            isBroken = isBroken || outcome.state == .critical
        }
        reading.value = walk.total.inSeconds
        let left = suite.steps.count - walk.taken
        reading.summary =
            clauses.isEmpty
            ? "all \("step".counted(suite.steps.count)) in \(walk.total.short)"
            : clauses.joined(separator: "; ") + (left > 0 ? "; \("step".counted(left)) not done" : "")
        if clauses.isEmpty {
            reading.state = context.limits.judge(walk.total.inSeconds)
            if reading.state != .passed { reading.summary? += " (\(context.limits.text))" }
        }
        return reading
    }
}

/// One walk through a suite, with what was kept on the way.
private struct SuiteWalk {
    let suite: SuiteAccess
    let context: CheckContext
    let base: String
    var total: Duration = .zero
    var taken = 0
    private var kept: [String: String] = [:]
    private var cookies: [String: String] = [:]

    struct Outcome {
        var state: CheckOutcome.State
        var words: String
        var duration: Duration?
    }

    init(_ suite: SuiteAccess, _ context: CheckContext) async throws {
        self.suite = suite
        self.context = context
        var url = try await suite.url.resolve(with: context.look.programs).reveal()
        while url.utf8.last == UInt8(ascii: "/") { url.removeLast() }
        base = url
    }

    mutating func take(_ step: SuiteAccess.Step) async throws -> Outcome {
        taken += 1
        let probe: HTTPProbe
        do {
            probe = try await self.probe(step)
        } catch let error as KeptValueMissing {
            return Outcome(state: .critical, words: error.problem)
        }
        let observation: HTTPObservation
        do {
            observation = try await context.look.probers.http.observe(probe)
        } catch let error as HTTPError {
            // Of the target nothing but the origin: kept values may stand in its path.
            return Outcome(state: .critical, words: error.problem.replacing(probe.target.path, with: step.path))
        }
        total += observation.times.total
        guard let response = observation.response else {
            return Outcome(state: .critical, words: "no answer is accepted: \(observation.distrust)")
        }
        let facts = observation.facts(at: context.look.clock.now())
        var reading = Reading(summary: "status \(response.status)", state: .passed)
        if !step.expected.mentions("status"), !(200...299).contains(response.status) {
            return Outcome(
                state: .critical, words: "status \(response.status), expected 2xx", duration: observation.times.total)
        }
        reading.judge(step.expected, by: facts)
        for (name, subject) in step.keep.sorted(by: { $0.key < $1.key }) {
            guard let value = facts.value(of: subject).keptText else {
                return Outcome(
                    state: .critical, words: "its answer has nothing to keep at '\(subject)'",
                    duration: observation.times.total)
            }
            kept[name] = value
        }
        if suite.keepsCookies { take(cookiesOf: response) }
        return Outcome(
            state: reading.state ?? .passed, words: reading.summary ?? "", duration: observation.times.total)
    }

    private func probe(_ step: SuiteAccess.Step) async throws -> HTTPProbe {
        let programs = context.look.programs
        let path = try KeptText(step.path).filled(kept) { $0.urlComponent }
        var headers: [HTTPProbe.Header] = []
        var contentType = ""
        for (name, value) in step.headers.sorted(by: { $0.key < $1.key }) {
            let text = try KeptText(try await value.resolve(with: programs).reveal()).filled(kept)
            if name.lowercased() == "content-type" { contentType = text.lowercased() }
            headers.append(try HTTPProbe.Header(name: name, value: Secret(text)))
        }
        if !cookies.isEmpty {
            let line = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            headers.append(try HTTPProbe.Header(name: "Cookie", value: Secret(line)))
        }
        var probe = HTTPProbe(
            try HTTPTarget(base + path), method: step.method.probed, headers: headers, timeLimit: suite.timeout,
            trust: suite.certificateAuthorityFile.map { .file(path: $0) } ?? .system)
        if let content = step.content {
            // What a server gave must not become part of another field there.
            let template = KeptText(try await content.resolve(with: programs).reveal())
            let text =
                if contentType.containsBytes("json") {
                    try template.filled(kept) { $0.insideJSON }
                } else if contentType.containsBytes("urlencoded") {
                    try template.filled(kept) { $0.urlComponent }
                } else {
                    try template.filled(kept)
                }
            probe.content = Array(text.utf8)
        }
        return probe
    }

    /// Name and value; all steps have one origin, and a suite lasts moments (RFC 6265, section 5.2). An emptied one is gone.
    private mutating func take(cookiesOf response: HTTPObservation.Response) {
        for (name, value) in response.headers where name.lowercased() == "set-cookie" {
            let pair = value.unicodeScalars.prefix { $0 != ";" }
            guard let sign = pair.firstIndex(of: "=") else { continue }
            let key = String(pair[..<sign]).trimmingWhitespace()
            let content = String(pair[pair.index(after: sign)...]).trimmingWhitespace()
            cookies[key] = content.isEmpty ? nil : content
        }
    }
}

extension String {
    /// As it stands between the quotes of a JSON string (RFC 8259, section 7).
    fileprivate var insideJSON: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20: text += "\\u00" + [UInt8(scalar.value)].hexadecimal
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension ConditionFacts.Value {
    /// As text to send on; nil for what is none.
    fileprivate var keptText: String? {
        switch self {
        case .text(let text): text
        case .number(let number): Scalar.number(number).description
        case .boolean(let flag): flag ? "true" : "false"
        case .document(let bytes, false): String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
        default: nil
        }
    }
}

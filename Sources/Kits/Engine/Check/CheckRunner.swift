import Maintenance
import Outside
import Settings

/// Runs checks at one resource and puts what they say together.
package struct CheckRunner: Sendable {
    let look: Look
    let resource: Resource
    let target: Target
    /// What a check counts as by now, and how far behind a threshold it has to come back; nil where it is asked once.
    let held: (@Sendable (Check) -> (standing: CheckOutcome.State, hysteresis: Percentage)?)?

    package init(
        _ look: Look, _ resource: Resource,
        held: (@Sendable (Check) -> (standing: CheckOutcome.State, hysteresis: Percentage)?)? = nil
    ) {
        self.look = look
        self.resource = resource
        self.held = held
        target = Target(environment: look.target.environment, resource: resource.name)
    }

    /// What one check said: an observation with one outcome.
    package struct Answer: Sendable {
        package var check: Check
        package var observation: Observation
        /// False where the gate had stayed closed.
        package var isAsked: Bool
    }

    /// One after the other. Where `gate` is given it comes first, and when it cannot be answered the others are `unknown`:
    /// a server that cannot be reached is one trouble and not twenty.
    package func run(_ checks: [Check], gate: Check? = nil) async throws -> Observation {
        var observation = Observation()
        for answer in try await answers(checks, gate: gate) { observation.merge(answer.observation) }
        return observation
    }

    /// The same, one by one: an answer for each check that is enabled, in their order, the gate's first.
    package func answers(_ checks: [Check], gate: Check? = nil) async throws -> [Answer] {
        var answers: [Answer] = []
        var closed: String?
        for check in (gate.map { [$0] } ?? []) + checks.filter({ $0.name != gate?.name }) {
            let setting = look.inventory.check(check.name, in: target.environment)
            guard setting.isEnabled?.value ?? true else { continue }
            try Task.checkCancellation()
            var observation = Observation()
            if let closed {
                observation.checks = [outcome(check, .unknown, closed, nil, .zero)]
                answers.append(Answer(check: check, observation: observation, isAsked: false))
                continue
            }
            var limits = CheckLimits(check.schema, setting, standard: check.standard?(look.inventory, target))
            if let held = held?(check) {
                limits.standing = held.standing
                limits.hysteresis = held.hysteresis
            }
            let begin = look.clock.monotonic()
            do {
                let reading = try await read(check, limits)
                add(reading, of: check, limits, look.clock.monotonic() - begin, to: &observation)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                let report = ErrorReport(error)
                let duration = look.clock.monotonic() - begin
                observation.gaps.append(Observation.Gap("\(check.name) at \(target)", report))
                if check.name == gate?.name {
                    // What keeps the gate from answering is the trouble itself.
                    let reading = Reading(summary: report.problem, state: .critical)
                    add(reading, of: check, limits, duration, to: &observation)
                    closed = "not asked: \(target) cannot be reached"
                } else {
                    observation.checks.append(outcome(check, .unknown, report.problem, nil, duration))
                }
            }
            answers.append(Answer(check: check, observation: observation, isAsked: true))
        }
        return answers
    }

    /// The probe, again after a pause where it throws something that may pass, each attempt within the time-out.
    private func read(_ check: Check, _ limits: CheckLimits) async throws -> Reading {
        let context = CheckContext(look: look, resource: resource, target: target, limits: limits)
        var pause: Duration = .milliseconds(250)
        for _ in 0..<limits.retries {
            do {
                return try await within(limits.timeout, check) { try await check.probe(context) }
            } catch {
                guard ErrorReport(error).isRetryable else { throw error }
                await look.sessions.drop(resource)
                try await look.clock.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
        return try await within(limits.timeout, check) { try await check.probe(context) }
    }

    private func within<Value: Sendable>(
        _ limit: Duration, _ check: Check, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask { [clock = look.clock] in
                try await clock.sleep(for: limit)
                throw CheckTimeout(check: check.name, limit: limit)
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { preconditionFailure("a group of two gave nothing") }
            return first
        }
    }

    private func add(
        _ reading: Reading, of check: Check, _ limits: CheckLimits, _ duration: Duration,
        to observation: inout Observation
    ) {
        let state = reading.state ?? reading.value.map(limits.judge) ?? .unknown
        let value = reading.value.map { (limits.unit ?? .count).text($0) }
        let against = limits.text.isEmpty ? "" : " (\(limits.text))"
        let summary = reading.summary ?? value.map { "\(check.title.lowercased()) \($0)\(against)" } ?? check.title
        var outcome = outcome(check, state, summary, reading.value, duration, unit: limits.unit)
        if reading.value != nil, limits.warning != nil || limits.critical != nil {
            outcome.limits = CheckOutcome.Limits(
                warning: limits.warning, critical: limits.critical, isLower: limits.worse == .lower)
        }
        observation.checks.append(outcome)
        observation.findings += reading.findings
        if reading.findings.isEmpty, let severity = state.severity {
            var evidence = reading.evidence
            if let value = reading.value { evidence["value"] = .number(value) }
            observation.findings.append(
                Finding(
                    code: check.code, severity: severity, target: target, summary: summary, evidence: evidence,
                    mend: check.mend?.replacing("{environment}", with: target.environment)))
        }
        if reading.gaps.isEmpty { observation.examined.insert(check.code) }
        observation.measurements += reading.measurements
        if let value = reading.value, let unit = limits.unit {
            observation.measurements.append(Measurement(check.name, target, unit: unit, value: value))
        }
        observation.gaps += reading.gaps
    }

    private func outcome(
        _ check: Check, _ state: CheckOutcome.State, _ summary: String, _ value: Double?, _ duration: Duration,
        unit: Measurement.Unit? = nil
    ) -> CheckOutcome {
        CheckOutcome(
            check: check.name, code: check.code, title: check.title, target: target, state: state, summary: summary,
            value: value, unit: value == nil ? nil : unit, seconds: duration.inSeconds)
    }
}

extension CheckOutcome.State {
    /// How bad a finding made from it is; nil where it is none.
    fileprivate var severity: Severity? {
        switch self {
        case .passed: nil
        case .warning: .warning
        case .critical: .critical
        case .unknown: nil
        }
    }
}

/// A check that did not answer in its time.
struct CheckTimeout: MaintenanceError {
    var check: String
    var limit: Duration

    var code: String { "check.timed-out" }
    var problem: String { "no answer within \(limit.short)" }
    var hint: String? { "Raise 'checks.\(check).timeout' if that is expected." }
    var isRetryable: Bool { true }
    var exitStatus: ExitStatus { .unreachable }
}

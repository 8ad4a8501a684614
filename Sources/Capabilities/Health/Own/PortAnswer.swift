import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let portAnswer = Check(
        CheckSchema(
            name: "tcp.answer", summary: "whether a port takes connections and says what it has to",
            thresholds: .init(.seconds, warning: nil, critical: nil), timeout: .seconds(60), retries: 1),
        code: "HC060",
        title: "Port",
        kind: .tcp,
        explanation: """
            Connects to the resource's address, sends its 'send' if there is one, and where its conditions speak of \
            'received' listens until they are met, the other side closes, or the time is over. What a condition asks for \
            and does not get, and a port that takes no connection, is critical. The value is the time all of it took; \
            without thresholds of yours only the conditions judge it.
            """,
        source: "https://www.rfc-editor.org/rfc/rfc9293"
    ) { context in
        guard case .tcp(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a port and is \(context.resource.kind)")
        }
        let content = try await access.content?.resolve(with: context.look.programs).reveal()
        let wanted = access.expected.all.filter { $0.subject.name == "received" }
        let talk = PlainTalk(
            content: content.map { Array($0.utf8) }, limit: access.receiveLimit, isEnough: Self.listening(for: wanted))
        let probe = SocketProbe(access.address.host, access.address.port, timeLimit: access.timeout, talk)
        let observation: SocketObservation
        do {
            observation = try await context.look.probers.socket.observe(probe)
        } catch let error as SocketError {
            return Reading(summary: error.problem, state: .critical)
        }
        var reading = Reading(value: observation.times.total.inSeconds)
        reading.state = context.limits.judge(observation.times.total.inSeconds)
        reading.summary = "it answered in \(observation.times.total.short)"
        if reading.state != .passed { reading.summary? += " (\(context.limits.text))" }
        var facts = ConditionFacts(observation.times.facts)
        let isCut = observation.heard.count == Int(access.receiveLimit.bytes)
        facts.values["received"] = .document(observation.heard, isCut: isCut)
        reading.judge(access.expected, by: facts)
        return reading
    }

    /// Whether what was heard meets the conditions about it; nil where there are none.
    private static func listening(for wanted: [CheckCondition]) -> (@Sendable ([UInt8]) -> Bool)? {
        guard !wanted.isEmpty else { return nil }
        return { heard in
            ConditionFacts(["received": .document(heard, isCut: false)]).verdicts(on: wanted).allSatisfy(\.isMet)
        }
    }
}

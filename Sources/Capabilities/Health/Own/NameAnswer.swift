import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let nameAnswer = Check(
        CheckSchema(
            name: "dns.answer", summary: "whether the domain name system says about a name what it has to",
            thresholds: .init(.seconds, warning: nil, critical: nil), timeout: .seconds(60), retries: 1),
        code: "HC065",
        title: "Name",
        kind: .dns,
        explanation: """
            Asks the system's servers, or the one the resource names, for the records of a name, with glibc's own \
            resolver. No answer, any response code but NOERROR, and an answer without records are critical; where \
            conditions speak of 'rcode' or 'answers', those decide instead. The value is the time it took.
            """,
        source: "https://www.rfc-editor.org/rfc/rfc1035"
    ) { context in
        guard case .dns(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a name and is \(context.resource.kind)")
        }
        let question = DNSQuestion(
            access.name, access.kind, server: access.resolver.flatMap { DNSQuestion.Server($0) },
            timeLimit: access.timeout)
        let answer: DNSAnswer
        do {
            answer = try await question.ask(Blocking(label: "mainstay.dns"), clock: context.look.clock)
        } catch let error as DNSError {
            return Reading(summary: error.problem, state: .critical)
        }
        var reading = Reading(value: answer.duration.inSeconds)
        reading.state = context.limits.judge(answer.duration.inSeconds)
        let shown = answer.values.prefix(3).joined(separator: ", ").prefix(120).printable
        let rest = answer.values.count > 3 ? " and \(answer.values.count - 3) more" : ""
        reading.summary =
            answer.values.isEmpty ? "\(answer.code), no \(access.kind.rawValue) record" : "\(shown)\(rest)"
        let isFree = access.expected.mentions("rcode") || access.expected.mentions("answers")
        if !isFree, answer.code != "NOERROR" || answer.values.isEmpty { reading.state = .critical }
        let facts = ConditionFacts([
            "answers": .list(answer.values), "rcode": .text(answer.code),
            "ttl": answer.timeToLive.map { .number($0.inSeconds) } ?? .missing("there is no record"),
            "response-time": .number(answer.duration.inSeconds),
        ])
        let isCritical = reading.state == .critical
        let said = reading.summary
        reading.judge(access.expected, by: facts)
        if isCritical, reading.evidence["not met 1"] == nil { reading.summary = said }
        return reading
    }
}

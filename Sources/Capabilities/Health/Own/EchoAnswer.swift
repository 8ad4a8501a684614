import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let echoAnswer = Check(
        CheckSchema(
            name: "ping.loss", summary: "how many packets a machine leaves unanswered",
            thresholds: .init(.percent, warning: 20, critical: 60), timeout: .seconds(120)),
        code: "HC066",
        title: "Lost packets",
        kind: .ping,
        explanation: """
            Sends ICMP echo requests with the system's ping(8), which may do so where the kernel allows unprivileged ICMP \
            sockets (net.ipv4.ping_group_range) or the program has the right itself, and judges the share that came back \
            unanswered. A machine may be well and answer none, where a firewall drops them: then ask one of its ports.
            """,
        source: "https://www.rfc-editor.org/rfc/rfc792"
    ) { context in
        guard case .ping(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked for echoes and is \(context.resource.kind)")
        }
        let wait = access.timeout.inSeconds.rounded(.up)
        let program = ChildProgram(
            "ping",
            [
                "-n", "-q", "-c", String(access.packets), "-i", "0.2", "-W", String(Int(wait)), "--", access.address,
            ], environment: ["LC_ALL": "C"],
            timeLimit: .seconds(wait + 0.2 * Double(access.packets) + 5))
        let outcome = try await context.look.programs.run(program)
        // 0: answered; 1: nobody did; 2: it could not ask at all.
        guard let echoes = EchoStatistics(outcome.output.text) else {
            let words = outcome.errorOutput.lastLines(1).first ?? outcome.termination.description
            if words.contains("not known") || words.contains("failure in name resolution") {
                return Reading(summary: words, state: .critical)
            }
            throw EchoesNotAllowed(words: words)
        }
        var reading = Reading(value: echoes.loss)
        reading.state = context.limits.judge(echoes.loss)
        let time = echoes.mean.map { ", answered in \($0.short) (mean)" } ?? ""
        reading.summary = "\(echoes.received) of \(echoes.sent) packets answered\(time) (\(context.limits.text))"
        let missing = ConditionFacts.Value.missing("no packet was answered")
        let facts = ConditionFacts([
            "loss": .number(echoes.loss), "round-trip": echoes.mean.map { .number($0.inSeconds) } ?? missing,
            "slowest": echoes.slowest.map { .number($0.inSeconds) } ?? missing,
        ])
        if let mean = echoes.mean {
            reading.measurements = [
                Measurement("ping.round-trip", context.target, unit: .seconds, value: mean.inSeconds)
            ]
        }
        reading.judge(access.expected, by: facts)
        return reading
    }
}

/// The last lines of iputils' ping(8) with `-q`:
/// `3 packets transmitted, 3 received, 0% packet loss, time 402ms` and `rtt min/avg/max/mdev = 0.03/0.04/0.05/0.01 ms`.
struct EchoStatistics: Hashable {
    var sent: Int
    var received: Int
    var mean: Duration?
    var slowest: Duration?

    /// In percent.
    var loss: Double { sent == 0 ? 100 : Double(sent - received) / Double(sent) * 100 }

    init?(_ text: String) {
        let lines = text.split(separator: "\n")
        guard let line = lines.first(where: { $0.containsBytes(" packets transmitted, ") }) else { return nil }
        let words = line.split(separator: " ")
        guard words.count > 3, let sent = Int(words[0]), let received = Int(words[3]), received <= sent else {
            return nil
        }
        self.sent = sent
        self.received = received
        guard let times = lines.first(where: { $0.hasPrefix("rtt ") })?.split(separator: " ").dropFirst(3).first else {
            return
        }
        let values = times.split(separator: "/").compactMap { Double($0) }
        guard values.count == 4 else { return }
        mean = .microseconds(Int64(values[1] * 1_000))
        slowest = .microseconds(Int64(values[2] * 1_000))
    }
}

/// ping(8) could not send anything.
struct EchoesNotAllowed: MaintenanceError {
    var words: String

    var code: String { "health.ping" }
    var problem: String { "ping could not ask: \(words.printable)" }
    var hint: String? {
        "Allow it: sysctl net.ipv4.ping_group_range='0 2147483647', or give ping the capability CAP_NET_RAW."
    }
    var exitStatus: ExitStatus { .configuration }
}

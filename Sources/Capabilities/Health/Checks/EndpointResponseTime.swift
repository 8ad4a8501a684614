import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let endpointResponseTime = Check(
        CheckSchema(
            name: "endpoint.response-time", summary: "how long the endpoint takes for a whole answer",
            thresholds: GuideThresholds.responseTime, timeout: .seconds(60), retries: 1, baseline: 150,
            guideKeys: ["performance_metrics.response_time"]),
        code: "HC021",
        title: "Endpoint's response time",
        kind: .http,
        explanation: """
            Measures one whole exchange over a new connection, as a new visitor meets it: looking up the name, \
            connecting, the TLS handshake, waiting for the first byte, reading the body, redirects included. The parts \
            stand in the evidence and say where the time goes.
            """
    ) { context in
        let observation = try await Endpoint(context).observe()
        guard observation.response != nil else {
            return Reading(summary: "nothing to measure: \(observation.distrust)", state: .unknown)
        }
        let times = observation.times
        var reading = Reading(value: times.total.inSeconds)
        reading.evidence = [
            "name": .text(times.resolve.short), "connection": .text(times.connect.short),
            "handshake": times.handshake.map { .text($0.short) } ?? .null,
            "first byte": times.firstByte.map { .text($0.short) } ?? .null,
        ]
        return reading
    }
}

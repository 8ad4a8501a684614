import Engine
import Maintenance
import Outside
import Settings

extension Check {
    /// The gate of all other checks of an endpoint.
    static let endpointAnswer = Check(
        CheckSchema(
            name: "endpoint.answer", summary: "whether the endpoint answers as it has to", timeout: .seconds(60),
            retries: 1),
        code: "HC020",
        title: "Endpoint",
        kind: .http,
        explanation: """
            Sends the request that the resource describes over a new connection and compares the answer with its 'expect': \
            the status, text the body has to contain, a pattern it has to match; and with its 'conditions' and 'warnings'. \
            Any other answer, an answer over a certificate that is not trusted, and no answer at all are critical. Of the \
            body nothing is kept but the values a condition names and does not find as it wants them.
            """,
        source: "https://www.rfc-editor.org/rfc/rfc9110#name-status-codes"
    ) { context in
        let endpoint = Endpoint(context)
        let observation = try await endpoint.observe()
        guard let response = observation.response else {
            return Reading(summary: "no answer is accepted: \(observation.distrust)", state: .critical)
        }
        let expected = endpoint.access.expectation
        var reading = Reading(state: .passed)
        reading.evidence = ["status": Scalar(response.status), "bytes": Scalar(response.body.count)]
        if !observation.redirects.isEmpty { reading.evidence["redirects"] = Scalar(observation.redirects.count) }
        // Whoever writes conditions about the status means those, and not the default.
        let isStatusFree =
            endpoint.access.expected.mentions("status") && expected.status == HTTPAccess.Expectation().status
        guard isStatusFree || expected.status.contains(where: { $0.contains(response.status) }) else {
            let wanted = expected.status.map(\.description).joined(separator: ", ")
            reading.summary = "status \(response.status), expected \(wanted)"
            reading.state = .critical
            return reading
        }
        let cut = response.isBodyCut ? " in its first \(ByteCount(Int64(response.body.count)))" : ""
        if let text = expected.body, try !BodyExpectation.contains(text).isMet(by: response.body) {
            reading.summary = "status \(response.status), but the body does not contain '\(text.printable)'\(cut)"
            reading.state = .critical
        } else if let pattern = expected.bodyPattern, try !BodyExpectation.matches(pattern).isMet(by: response.body) {
            reading.summary = "status \(response.status), but the body does not match '\(pattern.printable)'\(cut)"
            reading.state = .critical
        } else {
            let body = expected.body ?? expected.bodyPattern
            reading.summary = "status \(response.status)" + (body == nil ? "" : ", the body is as expected")
            reading.judge(endpoint.access.expected, by: observation.facts(at: context.look.clock.now()))
        }
        return reading
    }
}

extension HTTPObservation {
    /// Why the server's certificate is not trusted.
    var distrust: String {
        if case .failed(let reason)? = tls?.verification { return reason.printable }
        return "the certificate is not trusted"
    }
}

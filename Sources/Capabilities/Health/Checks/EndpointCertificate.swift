import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let endpointCertificate = Check(
        CheckSchema(
            name: "endpoint.certificate", summary: "how many days the endpoint's certificate is still valid",
            timeout: .seconds(60), retries: 1, every: .seconds(3_600)),
        code: "HC022",
        title: "Certificate",
        kind: .http,
        explanation: """
            Reads the certificate the endpoint shows in the TLS handshake: until when it is valid, and whether its \
            authority, its time and its names are trusted for this host. How many days before its end it is a finding \
            stands at the resource ('certificate-days'; 30 and 7 unless it says otherwise, event-manager's guide renews \
            at 30). A certificate that is not trusted is critical whatever its days. Plain HTTP has none, and passes.
            """,
        source: "https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5"
    ) { context in
        let endpoint = Endpoint(context)
        let observation = try await endpoint.observe()
        guard let facts = observation.tls else {
            return Reading(summary: "plain HTTP, no certificate", state: .passed)
        }
        let now = context.look.clock.now()
        var reading = Reading(of: facts, endpoint.access.certificateDays, at: now)
        reading.measurements = [
            Measurement(
                "endpoint.certificate.days", context.target, unit: .count, value: Double(facts.daysLeft(at: now)))
        ]
        return reading
    }
}

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
        let days = facts.daysLeft(at: context.look.clock.now())
        let limits = endpoint.access.certificateDays
        var reading = Reading(value: Double(days))
        reading.state = days <= limits.critical ? .critical : days <= limits.warning ? .warning : .passed
        reading.summary =
            "valid until \(facts.notAfter), \(days) day\(days == 1 ? "" : "s") "
            + "(warning \(limits.warning), critical \(limits.critical))"
        if case .failed(let reason) = facts.verification {
            reading.state = .critical
            reading.summary = "\(reason.printable); \(reading.summary ?? "")"
        }
        reading.evidence = [
            "subject": .text(facts.subject.printable), "issuer": .text(facts.issuer.printable),
            "not after": .text(facts.notAfter.iso8601), "protocol": .text(facts.version),
        ]
        reading.measurements = [
            Measurement("endpoint.certificate.days", context.target, unit: .count, value: Double(days))
        ]
        return reading
    }
}

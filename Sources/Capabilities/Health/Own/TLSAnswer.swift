import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let tlsAnswer = Check(
        CheckSchema(
            name: "tls.certificate", summary: "whether a server's certificate is trusted, and for how long still",
            timeout: .seconds(60), retries: 1),
        code: "HC061",
        title: "Certificate of a server",
        kind: .tls,
        explanation: """
            Connects to the resource's address, asks for TLS in its protocol ('starttls': PostgreSQL's SSLRequest, SMTP's \
            or IMAP's STARTTLS; none begins at once), and reads the certificate: until when it is valid, and whether \
            authority, time and names are trusted. Nothing is sent after the handshake. How many days before its end it is \
            a finding stands at the resource ('certificate-days'; 30 and 7). A server that takes no connection, does not do \
            TLS, or says more than its yes before TLS begins is critical, and so is a certificate that is not trusted.
            """,
        source: "https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL"
    ) { context in
        guard case .tls(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked for TLS and is \(context.resource.kind)")
        }
        var probe = SocketProbe(
            access.address.host, access.address.port, timeLimit: access.timeout, TLSOpening(access.opening.dialect))
        probe.serverName = access.serverName
        probe.trust = access.certificateAuthorityFile.map { .file(path: $0) } ?? .system
        // PostgreSQL 17 and later refuse a client that offers anything else.
        if access.opening == .postgresql { probe.protocols = ["postgresql"] }
        let observation: SocketObservation
        do {
            observation = try await context.look.probers.socket.observe(probe)
        } catch let error as SocketError {
            return Reading(summary: error.problem, state: .critical)
        }
        let now = context.look.clock.now()
        guard let tls = observation.tls else { preconditionFailure("a handshake that was done has no certificate") }
        // Whoever asks about trust in conditions means those.
        let isTrustFree = access.expected.mentions("certificate-trusted")
        var reading = Reading(of: tls, access.certificateDays, at: now, isTrustAsked: !isTrustFree)
        reading.measurements = [
            Measurement("tls.certificate.days", context.target, unit: .count, value: Double(tls.daysLeft(at: now)))
        ]
        var facts = ConditionFacts(observation.times.facts)
        facts.values.merge(TLSFacts.facts(tls, at: now)) { $1 }
        reading.judge(access.expected, by: facts)
        return reading
    }
}

extension Reading {
    /// What a certificate's days and its trust say.
    init(of tls: TLSFacts, _ limits: HTTPAccess.CertificateDays, at now: Timestamp, isTrustAsked: Bool = true) {
        let days = tls.daysLeft(at: now)
        self.init(value: Double(days))
        state = days <= limits.critical ? .critical : days <= limits.warning ? .warning : .passed
        summary =
            "valid until \(tls.notAfter), \(days) day\(days == 1 ? "" : "s") "
            + "(warning \(limits.warning), critical \(limits.critical))"
        if isTrustAsked, case .failed(let reason) = tls.verification {
            state = .critical
            summary = "\(reason.printable); \(summary ?? "")"
        }
        evidence = [
            "subject": .text(tls.subject.printable), "issuer": .text(tls.issuer.printable),
            "not after": .text(tls.notAfter.iso8601), "protocol": .text(tls.version),
        ]
    }
}

extension TLSAccess.Opening {
    fileprivate var dialect: TLSOpening.Dialect {
        switch self {
        case .none: .none
        case .postgresql: .postgresql
        case .smtp: .smtp
        case .imap: .imap
        }
    }
}

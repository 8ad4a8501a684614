import Maintenance

extension DrillCertificate.Part {
    /// A logical backup, as its own proof found it.
    ///
    /// - Parameters:
    ///   - source: where it lay.
    ///   - fetching: how long its copy took to come here, in seconds; nil where it was here.
    package init(_ certificate: Certificate, source: String, fetching: Double?) {
        self.init(
            kind: .database, name: certificate.backup.description, source: source, asOf: certificate.snapshot)
        let facts = certificate.content
        content = "\("table".counted(facts.tables)), \("row".counted(Int(clamping: facts.rows)))"
        standing = certificate.verdict
        problems =
            certificate.gaps.map(\.problem) + certificate.differences.prefix(20).map(\.description)
        comparisons = certificate.parts.map { "\($0.kind), \($0.count.grouped): \($0.method)" }
        if let assertions = certificate.assertions, !assertions.isEmpty {
            comparisons.append("\("assertion".counted(assertions.count)) of the team")
        }
        if let smokeTest = certificate.smokeTest {
            comparisons.append("the application's own test: \(smokeTest.commandLine)")
        }
        let times = certificate.times
        let asked = (certificate.assertions ?? []).reduce(0) { $0 + $1.seconds }
        let measured: [(String, Double?, Bool)] = [
            ("fetching", fetching, true), ("checksums", times.checksums, true), ("server", times.cluster, true),
            ("restore", times.restore, true), ("comparison", times.comparison, false),
            ("assertions", asked > 0 ? asked : nil, false), ("smoke test", certificate.smokeTest?.seconds, false),
        ]
        phases = measured.compactMap { name, seconds, isRecovery in
            seconds.map { .init(name, $0, isRecovery: isRecovery) }
        }
        let kinds = Dictionary(grouping: certificate.uncovered, by: \.kind).sorted { $0.key < $1.key }
        uncovered = kinds.map { kind, omissions in "\(kind): \(omissions[0].reason)" }
    }
}

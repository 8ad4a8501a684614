/// Something wrong or worth knowing at one target, with what proves it and what mends it.
package struct Finding: Codable, Hashable, Sendable {
    /// Stable, `DB012`; never reused for something else.
    package var code: String
    package var severity: Severity
    package var target: Target
    /// The thing inside the target it is about, as people write it: `public.events`, `/var/log/app.log`. Hostile text.
    package var object: String?
    /// One clause: what was found against what is expected. Hostile text.
    package var summary: String
    package var evidence: Facts
    /// The command that mends it, or says more; nil where only a person can.
    package var mend: String?

    package init(
        code: String, severity: Severity, target: Target, object: String? = nil, summary: String,
        evidence: Facts = [:], mend: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.target = target
        self.object = object
        self.summary = summary
        self.evidence = evidence
        self.mend = mend
    }

    /// Equal for the same trouble seen twice, whatever its numbers are by then: code, target and object.
    package var fingerprint: String {
        var digest = CanonicalDigest()
        digest.add([code, target.environment, target.resource, object ?? ""])
        return String(digest.hexadecimal.prefix(32))
    }
}

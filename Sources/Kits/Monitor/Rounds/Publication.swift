import Maintenance

/// What becomes of the findings that one round made, given how its check stands after it.
package struct Publication: Hashable, Sendable {
    /// Open from now on, or still.
    package var open: [Finding]
    /// Whether every other finding of the check at the target is over.
    package var endsOthers: Bool

    /// Nil where the round says nothing that counts: it could not look, we worked there ourselves, or it speaks against
    /// how the check stands and is not believed yet.
    ///
    /// - Parameters:
    ///   - seen: what the round itself says.
    ///   - standing: how the check stands, with this round taken in.
    ///   - isComplete: whether the round looked at all there is to look at.
    package init?(
        _ findings: [Finding], seen: CheckOutcome.State, standing: CheckOutcome.State, isComplete: Bool,
        isPlanned: Bool
    ) {
        switch (seen, standing) {
        case (.passed, .passed):
            open = findings.filter { $0.severity == .info }
        case (.warning, .warning), (.critical, .critical):
            open = findings
        case (.critical, .warning):
            // Not believed to be critical yet.
            open = findings.map { finding in
                var capped = finding
                capped.severity = min(finding.severity, .warning)
                return capped
            }
        case (.unknown, _), (_, .unknown), (.passed, _), (_, .passed), (.warning, .critical): return nil
        }
        guard !isPlanned || seen == .passed else { return nil }
        endsOthers = isComplete
    }
}

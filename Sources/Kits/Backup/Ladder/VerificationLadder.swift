import Maintenance

/// How far one backup has been proved, rung by rung; each rests on the one below it.
///
/// Figures of an auditor: the score is how many rungs hold now, of all that there are for this kind of backup. What
/// cannot be had here, what nobody wrote, and what has expired counts as not proved.
package struct VerificationLadder: Codable, Hashable, Sendable {
    /// In the order in which they are climbed.
    package var rungs: [Rung]

    package init(_ rungs: [Rung]) { self.rungs = rungs }

    package struct Rung: Codable, Hashable, Sendable {
        package var kind: Kind
        package var standing: Standing
        /// When that was found; nil where it never was looked at.
        package var at: Timestamp?
        /// How long looking took.
        package var seconds: Double?
        /// What it rests on, or why it does not hold: one clause. Hostile text.
        package var evidence: String

        package init(
            _ kind: Kind, _ standing: Standing, at: Timestamp? = nil, seconds: Double? = nil, evidence: String
        ) {
            self.kind = kind
            self.standing = standing
            self.at = at
            self.seconds = seconds
            self.evidence = evidence
        }
    }

    package enum Kind: String, Codable, CaseIterable, Sendable {
        /// It is there, whole, and signed by our key.
        case exists
        /// Every file is byte by byte as it was written.
        case checksums
        /// The write-ahead log is there without a gap up to the end that is promised.
        case continuity
        /// A server starts from it without an error.
        case restores
        /// Every page and every index can be read and agrees with its table.
        case structure
        /// What comes out is what went in.
        case equality
        /// What the team says must be so, is so.
        case assertions
        /// The application works on it.
        case smokeTest = "smoke test"
    }

    package enum Standing: String, Codable, CaseIterable, Sendable {
        case proved, failed
        /// Of some parts of the rows, and the others are still to come.
        case partly = "partly proved"
        /// This host or this backup has no way to find out; the evidence says why.
        case notPossible = "not possible here"
        case notLooked = "not looked at"
        /// It held once; nobody has looked again since.
        case expired
    }

    package var proved: Int { rungs.count { $0.standing == .proved } }
    package var hasFailed: Bool { rungs.contains { $0.standing == .failed } }

    /// `4 of 6`.
    package var score: String { "\(proved) of \(rungs.count)" }

    /// As it counts at a moment: what was found longer ago than the promise holds has expired.
    package func standing(at now: Timestamp, until end: Timestamp) -> VerificationLadder {
        guard now > end else { return self }
        return VerificationLadder(
            rungs.map { rung in
                var rung = rung
                if rung.standing == .proved || rung.standing == .partly, rung.kind != .exists {
                    rung.standing = .expired
                }
                return rung
            })
    }
}

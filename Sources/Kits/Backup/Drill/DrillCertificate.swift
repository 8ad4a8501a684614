import Maintenance

/// What a drill of a disaster found: what was supposed to be lost, what came back from where, how it was compared, what it
/// cost in time and work, and what nobody looked at. Signed with the key of the backups as every certificate is.
package struct DrillCertificate: Codable, Hashable, Sendable {
    package static let format = "mainstay-drill-certificate/1"

    package var format = Self.format
    package var madeBy: String
    package var runID: String
    package var target: Target
    package var scenario: DrillScenario
    package var verdict: Certificate.Verdict
    /// The moment that was stated: of the break-in, of the mistake.
    package var moment: Timestamp?
    package var parts: [Part]
    /// What this scenario needs and does not have here, each with what to do: one keeps it from being proved.
    package var obstacles: [Comparison.Gap]
    package var measured: Measured
    /// Of a failover.
    package var failover: FailoverOutcome?
    package var notes: [String]
    /// What is not covered, a sentence each.
    package var uncovered: [String]
    package var began: Timestamp
    package var ended: Timestamp
    /// After that it proves nothing any more.
    package var countsUntil: Timestamp
    /// The head of the audit trail when it was signed.
    package var audit: String?
    /// The public key that verifies its detached signature.
    package var signedBy: String?

    /// One thing that was brought back.
    package struct Part: Codable, Hashable, Sendable {
        package enum Kind: String, Codable, Sendable {
            case database, cluster, files
        }

        package var kind: Kind
        /// Of the backup, or of the file set.
        package var name: String
        /// Where it came from: a directory, a storage, a stanza.
        package var source: String
        /// What was committed, or written, before this is in it.
        package var asOf: Timestamp?
        /// How far the archived log was replayed, for a cluster.
        package var replayedTo: String?
        /// `12 tables, 3,400 rows`.
        package var content: String
        /// How it was compared, a sentence each.
        package var comparisons: [String]
        package var standing: Certificate.Verdict
        /// What refutes it or keeps it from being proved. Hostile text.
        package var problems: [String]
        package var phases: [Phase]
        package var uncovered: [String]

        package init(kind: Kind, name: String, source: String, asOf: Timestamp? = nil) {
            self.kind = kind
            self.name = name
            self.source = source
            self.asOf = asOf
            content = ""
            comparisons = []
            standing = .unproven
            problems = []
            phases = []
            uncovered = []
        }
    }

    package struct Phase: Codable, Hashable, Sendable {
        package var name: String
        package var seconds: Double
        /// Whether the service waits for it: comparing comes when everything is back.
        package var isRecovery: Bool

        package init(_ name: String, _ seconds: Double, isRecovery: Bool = true) {
            self.name = name
            self.seconds = seconds
            self.isRecovery = isRecovery
        }
    }

    /// What the loss would have cost, beside what it may.
    package struct Measured: Codable, Hashable, Sendable {
        /// Work that would be gone, in time: the recovery point. Nil where nothing came back.
        package var lossSeconds: Double?
        /// Why it is not more exact; nil where it is.
        package var lossNote: String?
        /// Work done since the stated moment, which goes with what is undone.
        package var undoneSeconds: Double?
        /// From the start until everything was back, nothing compared yet.
        package var backSeconds: Double?
        /// From the start until everything was compared: the recovery time.
        package var provedSeconds: Double
        /// As they were configured then.
        package var rpoSeconds: Double?
        package var rtoSeconds: Double?

        package init(provedSeconds: Double) { self.provedSeconds = provedSeconds }

        package var missesRPO: Bool {
            guard let rpoSeconds, let lossSeconds else { return false }
            return lossSeconds > rpoSeconds
        }

        package var missesRTO: Bool { rtoSeconds.map { provedSeconds > $0 } ?? false }
    }

    package init(
        _ scenario: DrillScenario, target: Target, runID: String, parts: [Part], obstacles: [Comparison.Gap],
        measured: Measured, began: Timestamp, ended: Timestamp, countsFor: Duration
    ) {
        madeBy = Release.name
        self.runID = runID
        self.target = target
        self.scenario = scenario
        self.parts = parts
        self.obstacles = obstacles
        self.measured = measured
        self.began = began
        self.ended = ended
        notes = []
        uncovered = []
        countsUntil = ended + countsFor
        verdict = Self.verdict(parts.map(\.standing), obstacles)
    }

    /// One part that is refuted refutes it; anything that is missing leaves it unproven.
    private static func verdict(
        _ standings: [Certificate.Verdict], _ obstacles: [Comparison.Gap]
    ) -> Certificate.Verdict {
        if standings.contains(.refuted) { return .refuted }
        return standings.contains { $0 != .proved } || standings.isEmpty || !obstacles.isEmpty ? .unproven : .proved
    }
}

extension DrillCertificate {
    package func proves(at now: Timestamp) -> Bool { verdict == .proved && now <= countsUntil }

    /// One line, safe to print.
    package var summary: String {
        let trouble = parts.first { $0.standing != .proved }
        switch verdict {
        case .proved:
            let names = parts.map { "\($0.kind.rawValue) \($0.name)" }.joined(separator: ", ")
            return "back and compared in \(Duration.seconds(measured.provedSeconds).short): \(names.printable)"
        case .refuted, .unproven, .partly:
            let problem = trouble?.problems.first ?? obstacles.first?.problem
            return (problem ?? "nothing was brought back").printable
        }
    }
}

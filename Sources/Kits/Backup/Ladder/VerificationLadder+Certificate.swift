import Maintenance

extension Certificate {
    /// The rungs of a logical backup, as this proof found them.
    package var ladder: VerificationLadder {
        VerificationLadder([exists, checksums, restores, equality, assertionsHold, smokeTestPasses])
    }

    private func differences(_ kinds: String...) -> [Comparison.Difference] {
        differences.filter { kinds.contains($0.kind) }
    }

    private var exists: VerificationLadder.Rung {
        .init(
            .exists, .proved, at: times.began,
            evidence: "\("file".counted(content.files)), \(content.stored); the manifest has our signature")
    }

    private var checksums: VerificationLadder.Rung {
        guard let seconds = times.checksums else { return .init(.checksums, .notLooked, evidence: "not come to") }
        let bad = differences("file")
        return .init(
            .checksums, bad.isEmpty ? .proved : .failed, at: times.began, seconds: seconds,
            evidence: bad.first?.description ?? "length and SHA-256 of every file, and no other file")
    }

    private var restores: VerificationLadder.Rung {
        if let gap = gaps.first { return .init(.restores, .notPossible, at: times.ended, evidence: gap.problem) }
        let bad = differences("restore")
        guard bad.isEmpty else {
            return .init(.restores, .failed, at: times.ended, seconds: times.restore, evidence: bad[0].description)
        }
        guard let restore else { return .init(.restores, .notLooked, evidence: "not come to") }
        return .init(
            .restores, reached, at: times.ended, seconds: times.restore,
            evidence: "without an error, \(restore.server)\(coverageWords)")
    }

    private var equality: VerificationLadder.Rung {
        guard let seconds = times.comparison else { return .init(.equality, .notLooked, evidence: "not come to") }
        let others = ["file", "restore", Self.assertionKind, Self.smokeTestKind]
        let bad = differences.first { !others.contains($0.kind) }
        let (tables, rows) = coverage.map { ($0.tables, $0.rows) } ?? (content.tables, content.rows)
        return .init(
            .equality, bad == nil ? reached : .failed, at: times.ended, seconds: seconds,
            evidence: bad?.description
                ?? "\("table".counted(tables)), \("row".counted(Int(clamping: rows))), the schema, by digest\(coverageWords)"
        )
    }

    /// What equal rows prove.
    private var reached: VerificationLadder.Standing { verdict == .partly ? .partly : .proved }

    private var coverageWords: String {
        coverage.map { "; part \($0.part), proved \($0.words(at: times.ended))" } ?? ""
    }

    private var assertionsHold: VerificationLadder.Rung {
        if coverage != nil { return .init(.assertions, .notLooked, evidence: Self.needsAll) }
        guard let assertions, !assertions.isEmpty else {
            return .init(.assertions, .notLooked, evidence: "none are written under 'backups.assertions'")
        }
        let bad = assertions.filter { $0.problem != nil }
        let names = bad.map(\.name).joined(separator: ", ")
        return .init(
            .assertions, bad.isEmpty ? .proved : .failed, at: times.ended,
            seconds: assertions.reduce(0) { $0 + $1.seconds },
            evidence: bad.isEmpty ? "\(assertions.count) hold" : "\(bad.count) of \(assertions.count) do not: \(names)")
    }

    private var smokeTestPasses: VerificationLadder.Rung {
        if coverage != nil { return .init(.smokeTest, .notLooked, evidence: Self.needsAll) }
        guard let smokeTest else {
            return .init(.smokeTest, .notLooked, evidence: "none is written under 'backups.smoke-test'")
        }
        return .init(
            .smokeTest, smokeTest.problem == nil ? .proved : .failed, at: times.ended, seconds: smokeTest.seconds,
            evidence: smokeTest.problem ?? smokeTest.commandLine)
    }

    private static let needsAll = "asked only of a copy with all rows: mainstay backup verify --whole"

    static let assertionKind = "assertion"
    static let smokeTestKind = "smoke test"
}

extension KnownBackup {
    /// What is known of it at a moment.
    package func ladder(at now: Timestamp) -> VerificationLadder {
        if let certificate, manifest != nil {
            return certificate.ladder.standing(at: now, until: certificate.countsUntil)
        }
        let exists: VerificationLadder.Rung =
            if let manifest {
                .init(
                    .exists, .proved, at: now,
                    evidence: "\("file".counted(manifest.files.count)), \(manifest.storedBytes)")
            } else {
                .init(.exists, .failed, at: now, evidence: trouble?.problem ?? "it has no manifest")
            }
        let rest: [VerificationLadder.Kind] = [.checksums, .restores, .equality, .assertions, .smokeTest]
        return VerificationLadder([exists] + rest.map { .init($0, .notLooked, evidence: "it was never proved") })
    }
}

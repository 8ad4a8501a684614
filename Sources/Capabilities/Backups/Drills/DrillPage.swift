import Backup
import Maintenance
import Page

/// The certificate of a drill as one page that needs nothing but itself: the verdict first, then what it cost beside what
/// it may, what came back from where and how it was compared, and what nobody looked at.
struct DrillPage {
    let certificate: DrillCertificate

    var html: HTML {
        CertificateMarkup.page(
            .init(
                title: "Drill '\(certificate.scenario.rawValue)' of \(certificate.target)",
                generator: "\(certificate.madeBy), run \(certificate.runID)",
                subtitle: "from \(time: certificate.began) to \(time: certificate.ended)", standing: standing,
                sentence: sentence, why: why), sections, foot: foot)
    }

    private var standing: Standing {
        switch certificate.verdict {
        case .proved: measured.missesRTO || measured.missesRPO ? .warning : .good
        case .unproven, .partly: .unknown
        case .refuted: .critical
        }
    }

    private var measured: DrillCertificate.Measured { certificate.measured }
    private var isFailover: Bool { certificate.scenario == .failover }

    private var sentence: String {
        switch certificate.verdict {
        case .proved where measured.missesRTO: "Proved, and too slow: everything came back, later than it may"
        case .proved where measured.missesRPO: "Proved, and it loses too much: more work would be gone than may be"
        case .proved: "Proved: everything that is named here came back and was compared"
        case .unproven, .partly: "Not proved: something that this needs is not there"
        case .refuted: "Refuted: what came back is not what it should be"
        }
    }

    private var why: HTML {
        switch certificate.verdict {
        case .proved: "It counts until \(time: certificate.countsUntil); after that it proves nothing any more."
        case .unproven, .refuted, .partly: "\(certificate.summary)."
        }
    }

    private var sections: [(title: String, html: HTML)] {
        [
            ("What was supposed", "<p>\(certificate.scenario.loss)</p>\n\(supposed)"),
            ("What is missing", missing), ("What it cost", cost), ("What came back", parts),
            ("Where the time went", phases), ("The failover", failover),
            ("What would hinder a failover of the live pair", hindrances),
            ("Worth knowing", CertificateMarkup.list(certificate.notes.map { "\($0)" })),
            ("Not covered", CertificateMarkup.list(uncovered.map { "\($0)" })),
        ]
    }

    private var supposed: HTML {
        certificate.moment.map { "<p>The stated moment: \(time: $0).</p>\n" } ?? HTML()
    }

    private var missing: HTML {
        CertificateMarkup.list(
            certificate.obstacles.map { gap in
                "\(gap.problem)\(gap.hint.map { "<br><span class=\"muted\">\($0)</span>" as HTML })"
            })
    }

    private func seconds(_ value: Double?) -> String { value.map { Duration.seconds($0).short } ?? "not measured" }

    private var cost: HTML {
        func limit(_ value: Double?) -> String { value.map { Duration.seconds($0).short } ?? "nobody says" }
        func verdict(_ target: Double?, _ misses: Bool) -> String {
            target == nil ? "no target" : misses ? "missed" : "met"
        }
        var rows: [HTML] = [
            row(
                "Work lost (RPO)", seconds(measured.lossSeconds), limit(measured.rpoSeconds),
                verdict(measured.rpoSeconds, measured.missesRPO)),
            row(
                isFailover ? "Without a database (RTO)" : "Back and compared (RTO)", seconds(measured.provedSeconds),
                limit(measured.rtoSeconds),
                verdict(measured.rtoSeconds, measured.missesRTO)),
            row("Of that until it was back", seconds(measured.backSeconds), "", ""),
        ]
        if let undone = measured.undoneSeconds {
            rows.append(row("Work since the moment, undone with it", seconds(undone), "", ""))
        }
        let note = measured.lossNote.map { "<p class=\"muted\">Work lost: \($0).</p>\n" as HTML }
        return CertificateMarkup.table(["What", "Measured", "At most", "Target"], rows) + (note ?? HTML())
    }

    private func row(_ name: String, _ cells: String...) -> HTML {
        let columns = cells.map { "<td>\($0)</td>" as HTML }
        return "<tr><th scope=\"row\" class=\"whole\">\(name)</th>\(columns)</tr>\n"
    }

    private var parts: HTML {
        let rows = certificate.parts.map { part -> HTML in
            let asOf = part.asOf.map { "as of \(time: $0)" as HTML }
            let problems = part.problems.prefix(20).map { "<br><b>\($0)</b>" as HTML }
            let comparisons = part.comparisons.map { "\($0)<br>" as HTML }
            return """
                <tr><th scope="row" class="whole">\(part.kind.rawValue) \(part.name)</th>\
                <td data-name="from">\(part.source) \(asOf)</td>\
                <td data-name="standing">\(part.standing.rawValue), \(part.content)\(problems)</td>\
                <td data-name="compared">\(comparisons)</td></tr>

                """
        }
        return rows.isEmpty
            ? HTML() : CertificateMarkup.table(["What", "From", "What came of it", "How it was compared"], rows)
    }

    private var phases: HTML {
        let rows = certificate.parts.flatMap { part in
            part.phases.map { phase in
                row(
                    "\(part.name): \(phase.name)", seconds(phase.seconds),
                    phase.isRecovery ? "bringing back" : isFailover ? "the rehearsal" : "comparing")
            }
        }
        return rows.isEmpty ? HTML() : CertificateMarkup.table(["Phase", "Took", "For"], rows)
    }

    private var failover: HTML {
        guard let outcome = certificate.failover else { return HTML() }
        return CertificateMarkup.facts([
            ("Primary", outcome.primary), ("Standby", outcome.secondary), ("Servers", outcome.server),
            ("Replication", outcome.isSynchronous ? "synchronous: a commit waits for the standby" : "asynchronous"),
            ("Commits acknowledged", outcome.acknowledged.grouped),
            ("Of them lost", outcome.lost.grouped), ("Without a database for", seconds(outcome.downtimeSeconds)),
            ("Of that the promotion", seconds(outcome.promotionSeconds)),
            ("pg_rewind of the old primary", seconds(outcome.rewindSeconds)),
            ("Until it had caught up", seconds(outcome.catchUpSeconds)),
            ("Timelines", "\(outcome.oldTimeline), then \(outcome.newTimeline)"),
            (
                "The two in the end",
                outcome.differences.isEmpty
                    ? "equal: every row of every table by digest" : outcome.differences.joined(separator: "; ")
            ),
        ])
    }

    private var hindrances: HTML {
        CertificateMarkup.list((certificate.failover?.hindrances ?? []).map { "\($0)" })
    }

    private var uncovered: [String] {
        var seen: Set<String> = []
        return (certificate.uncovered + certificate.parts.flatMap(\.uncovered)).filter { seen.insert($0).inserted }
    }

    private var foot: HTML {
        let file = "\(certificate.runID)-\(certificate.scenario.rawValue).certificate.json"
        return """
            <footer class="page"><p>Made by \(certificate.madeBy) in run <code>\(certificate.runID)</code>. The same in \
            JSON, signed, stands beside this page as <code>\(file)</code>: that file is the proof, and this page shows it. \
            Audit trail: <code>\(certificate.audit ?? "none")</code>. Times are UTC.</p>\(CertificateMarkup.verifying(file, signedBy: certificate.signedBy))</footer>

            """
    }
}

import Backup
import Maintenance
import Page

/// The certificate of a physical backup as one page that needs nothing but itself: the verdict first, then every rung with
/// what it rests on.
struct PhysicalCertificatePage {
    let certificate: PhysicalCertificate

    var html: HTML {
        CertificateMarkup.page(
            .init(
                title: "Certificate of backup \(certificate.backup)",
                generator: "\(certificate.madeBy), run \(certificate.runID)",
                subtitle: """
                    \(certificate.target.description) · \(certificate.type.rawValue) physical backup of the whole cluster · \
                    taken until \(time: certificate.taken)
                    """, standing: standing, sentence: sentence, why: why), sections, foot: foot)
    }

    private var standing: Standing {
        switch certificate.verdict {
        case .proved: .good
        case .unproven, .partly: .unknown
        case .refuted: .critical
        }
    }

    private var sentence: String {
        switch certificate.verdict {
        case .proved: "Proved: the cluster was restored from this backup, its log replayed, and everything in it read"
        case .unproven, .partly: "Not proved: something that this needs is not here"
        case .refuted: "Refuted: do not rely on this backup"
        }
    }

    private var why: HTML {
        guard let trouble = certificate.trouble, certificate.verdict != .proved else {
            return "It counts until \(time: certificate.countsUntil); after that it proves nothing any more."
        }
        return "\(trouble.kind.rawValue): \(trouble.evidence)"
    }

    private var sections: [(title: String, html: HTML)] {
        [
            ("How far it was proved", ladder),
            ("What the team asked", CertificateMarkup.assertions(certificate.assertions)),
            ("Worth knowing", CertificateMarkup.list(certificate.notes.map { "\($0)" })),
            ("Not covered", CertificateMarkup.list(certificate.uncovered.map { "\($0)" })), ("The backup", backup),
            ("The restore", restore),
        ]
    }

    private var ladder: HTML {
        let rows = certificate.ladder.rungs.map { rung -> HTML in
            """
            <tr><th scope="row" class="whole">\(rung.kind.rawValue)</th><td data-name="standing">\(rung.standing.rawValue)</td>\
            <td data-name="took">\(rung.seconds.map { Duration.seconds($0).short } ?? "")</td>\
            <td data-name="until">\(rung.standing == .proved ? certificate.countsUntil.description : "")</td>\
            <td>\(rung.evidence)</td></tr>

            """
        }
        return "<p>\(certificate.ladder.score) rungs.</p>\n"
            + CertificateMarkup.table(["Rung", "Standing", "Took", "Counts until", "Evidence"], rows)
    }

    private var backup: HTML {
        CertificateMarkup.facts([
            ("Stanza", certificate.stanza), ("System identifier", certificate.systemIdentifier),
            ("Size of the cluster", certificate.size.description),
            ("Tables", certificate.tables?.grouped ?? "not reached"),
            ("Rows", certificate.rows.map { Int64(clamping: $0).grouped } ?? "not reached"),
        ])
    }

    private var restore: HTML {
        func seconds(_ value: Double?) -> String { value.map { Duration.seconds($0).short } ?? "not reached" }
        return CertificateMarkup.facts([
            ("Began", certificate.began.iso8601), ("Ended", certificate.ended.iso8601),
            ("Server", certificate.server ?? "not reached"),
            ("Restore of the files", seconds(certificate.restoreSeconds)),
            ("Start and replay", seconds(certificate.recoverySeconds)),
            ("Replayed to", certificate.replayedTo ?? "not reached"), ("Audit trail", certificate.audit ?? "none"),
        ])
    }

    private var foot: HTML {
        let file = "\(certificate.backup).certificate.json"
        return """
            <footer class="page"><p>Made by \(certificate.madeBy) in run <code>\(certificate.runID)</code>. The same in \
            JSON, signed, stands beside this page as <code>\(file)</code>: that file is the proof, and this page shows it. \
            Times are UTC.</p>\(CertificateMarkup.verifying(file, signedBy: certificate.signedBy))</footer>

            """
    }
}

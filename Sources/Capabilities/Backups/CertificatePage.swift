import Backup
import Maintenance
import Page
import PostgreSQL

/// A certificate as one page that needs nothing but itself, for somebody who was not there: the verdict first, then what
/// it rests on.
struct CertificatePage {
    let certificate: Certificate

    var html: HTML {
        CertificateMarkup.page(
            .init(
                title: "Certificate of backup \(certificate.backup)",
                generator: "\(certificate.madeBy), run \(certificate.runID)",
                subtitle: """
                    \(certificate.source.target.description) · database \(certificate.source.database) · as it was at \
                    \(time: certificate.snapshot)
                    """, standing: standing, sentence: sentence, why: why), sections, foot: foot)
    }

    private var standing: Standing {
        switch certificate.verdict {
        case .proved: .good
        case .partly: .notice
        case .unproven: .unknown
        case .refuted: .critical
        }
    }

    private var sentence: String {
        switch certificate.verdict {
        case .proved where certificate.coverage != nil:
            "Proved part by part: what was restored equals what was dumped, over several nights"
        case .proved: "Proved: this backup was restored, and what it restored equals what was dumped"
        case .partly: "Proved in part: some rows were restored and equal what was dumped, the others not yet"
        case .unproven: "Not proved: this host lacks what a restore needs"
        case .refuted: "Refuted: do not rely on this backup"
        }
    }

    private var why: HTML {
        switch certificate.verdict {
        case .proved: "It counts until \(time: certificate.countsUntil); after that it proves nothing any more."
        case .partly: partly
        case .unproven: "It says nothing for or against the backup. \(count(certificate.gaps.count, "thing")) missing."
        case .refuted: "\(count(certificate.differenceCount, "difference")) found."
        }
    }

    private func count(_ number: Int, _ word: String) -> HTML {
        "\(number) \(word)\(number == 1 ? " is" : "s are")"
    }

    private var sections: [(title: String, html: HTML)] {
        [
            ("What is missing", missing), ("Differences", differences), ("Part by part", coverage),
            ("How far it was proved", ladder),
            ("What was compared", parts),
            ("What the team asked", CertificateMarkup.assertions(certificate.assertions)),
            ("Worth knowing", notes), ("Not covered", uncovered), ("The backup", backup), ("The restore", restore),
            ("Digests", digests),
        ]
    }

    private var partly: HTML {
        guard let coverage = certificate.coverage else { return HTML() }
        let whole = coverage.wholeBy(after: certificate.times.ended)
        return """
            Proved \(coverage.words(at: certificate.times.ended))\(whole.map { ", whole by \(CivilTime($0).date)" } ?? "") \
            where this backup is the one that is proved each night. What was not restored stands below.
            """
    }

    /// Which parts were proved when, and what this one is.
    private var coverage: HTML {
        guard let coverage = certificate.coverage else { return HTML() }
        let rows = (1...coverage.parts).map { number -> HTML in
            let proof = coverage.proved.first { $0.part == number }
            let text: HTML =
                proof.map { "restored and equal on \(time: $0.at), counts until \(time: $0.countsUntil)" } ?? "not yet"
            return """
                <tr><th scope="row" class="whole">Part \(number)</th><td>\(text)</td></tr>

                """
        }
        return """
            <p>The tables are divided into \(coverage.parts) parts by their names. Part \(coverage.part) was restored for \
            this certificate: \("table".counted(coverage.tables)), \(Int64(clamping: coverage.rows).grouped) rows, \
            \(coverage.content.description) of text. The whole schema, every sequence and the checksum of every file were \
            looked at each time.</p>

            """ + CertificateMarkup.table(["Part", "Standing"], rows)
    }

    private var missing: HTML {
        CertificateMarkup.list(
            certificate.gaps.map { gap in
                "\(gap.problem)\(gap.hint.map { "<br><span class=\"muted\">\($0)</span>" as HTML })"
            })
    }

    private var differences: HTML {
        guard !certificate.differences.isEmpty else { return HTML() }
        let rows = certificate.differences.map { difference -> HTML in
            """
            <tr><th scope="row" class="whole">\(difference.kind)</th><td>\(difference.name ?? "")</td><td>\(difference.problem)</td></tr>

            """
        }
        let rest = certificate.differenceCount - certificate.differences.count
        return CertificateMarkup.table(["Kind", "Object", "What differs"], rows)
            + (rest > 0 ? "<p class=\"muted\">and \(rest) more</p>\n" : HTML())
    }

    private var ladder: HTML {
        let ladder = certificate.ladder
        let rows = ladder.rungs.map { rung -> HTML in
            """
            <tr><th scope="row" class="whole">\(rung.kind.rawValue)</th><td data-name="standing">\(rung.standing.rawValue)</td><td>\(rung.evidence)</td></tr>

            """
        }
        return "<p>\(ladder.score) rungs.</p>\n" + CertificateMarkup.table(["Rung", "Standing", "Evidence"], rows)
    }

    private var parts: HTML {
        let rows = certificate.parts.map { part -> HTML in
            """
            <tr><th scope="row" class="whole">\(part.kind)</th><td class="number" data-name="number">\(part.count.grouped)</td><td>\(part.method)</td></tr>

            """
        }
        return rows.isEmpty ? HTML() : CertificateMarkup.table(["Class", "Number", "How"], rows)
    }

    private var notes: HTML { CertificateMarkup.list(certificate.notes.map { "\($0)" }) }

    /// By kind, with as many names as a person reads.
    private var uncovered: HTML {
        let kinds = Dictionary(grouping: certificate.uncovered, by: \.kind).sorted { $0.key < $1.key }
        return CertificateMarkup.list(
            kinds.map { kind, omissions in
                let names = omissions.compactMap(\.name)
                let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
                return "<b>\(kind)</b>: \(omissions[0].reason)\(names.isEmpty ? "" : " (\(names.count): \(shown))")"
            })
    }

    private var backup: HTML {
        let source = certificate.source
        let content = certificate.content
        return CertificateMarkup.facts([
            ("Address", source.address), ("PostgreSQL", PostgreSQLVersion(number: source.serverVersion).description),
            ("System identifier", source.systemIdentifier ?? "not allowed to ask"),
            ("Taken from", source.isStandby ? "a standby" : "the primary"),
            ("Encoding and collation", "\(source.encoding), \(source.collation)"),
            ("Size of the database", source.size.description), ("Tables", content.tables.grouped),
            ("Rows", Int64(clamping: content.rows).grouped), ("Rows as text", content.rowsText.description),
            ("Sequences", content.sequences.grouped), ("Large objects", Int64(clamping: content.largeObjects).grouped),
            ("Facts of the schema", content.catalogEntries.grouped),
            ("Files", "\(content.files.grouped), \(content.stored)"),
            ("Read twice", content.readTwice.map { "\(Percentage($0)) of the rows" } ?? "nothing"),
        ])
    }

    private var restore: HTML {
        let times = certificate.times
        func seconds(_ value: Double?) -> String { value.map { Duration.seconds($0).short } ?? "not reached" }
        var rows = [
            ("Began", times.began.iso8601), ("Ended", times.ended.iso8601), ("Checksums", seconds(times.checksums)),
            ("Start of the server", seconds(times.cluster)), ("Restore", seconds(times.restore)),
            ("Comparison", seconds(times.comparison)),
        ]
        if let restore = certificate.restore {
            rows += [
                ("Server", restore.server), ("Program", restore.commandLine), ("Jobs", String(restore.jobs)),
                ("Errors of the restore", restore.complaintCount.grouped),
            ]
        }
        return CertificateMarkup.facts(rows)
    }

    private var digests: HTML {
        CertificateMarkup.facts([
            ("manifest.json (SHA-256)", certificate.manifestSHA256),
            ("Rows of all tables", certificate.content.rowDigest),
            ("Schema", "\(certificate.content.catalogDigest.sum)"),
            ("Large objects", "\(certificate.content.largeObjectDigest.sum)"),
            ("Audit trail", certificate.audit ?? "none"),
        ])
    }

    private var foot: HTML {
        """
        <footer class="page"><p>Made by \(certificate.madeBy) in run <code>\(certificate.runID)</code>. The same in JSON, \
        signed, stands beside the backup as <code>\(certificate.backup.description).certificate.json</code>: that file is \
        the proof, and this page shows it. Times are UTC.</p>\(CertificateMarkup.verifying("\(certificate.backup).certificate.json", signedBy: certificate.signedBy))</footer>

        """
    }
}

import Engine
import Maintenance
import Page
import Report

/// The report about databases, made from its material alone.
struct DatabaseReport: Sendable {
    let material: DatabaseMaterial

    var document: ReportDocument {
        let proved = changes.count { $0.state == .proved }
        return ReportDocument(
            "Databases, \(CivilTime(material.now).date)", madeAt: material.now, since: material.since,
            runID: material.run.id, requester: material.run.requester, standing: standing, sentence: sentence,
            why: "Findings are in the doctor's order: danger first, then what is slow, then what is wasted.",
            tiles: [
                .init(
                    "\(material.databases.count - unseen.count) of \(material.databases.count)", "databases looked at"),
                .init("\(triage.count { $0.finding.severity > .info })", "findings that need somebody"),
                .init("\(proved)", proved == 1 ? "change made and proved" : "changes made and proved"),
                .init("\(failures.count)", failures.count == 1 ? "step did not succeed" : "steps did not succeed"),
            ],
            sections: [
                .init("The ten that matter most", top), .init("Triage", bands), .init("What ends when", ends),
                .init("What was changed", changed), .init("How good the predictions were", calibration),
                .init("Steps that did not succeed", failed), .init("Databases", overview),
            ], audit: material.audit)
    }

    // MARK: how it stands

    private var unseen: [Target] {
        material.databases.filter { target in
            material.examined[target].map { material.now - $0 > DatabaseMaterial.freshness } ?? true
        }
    }

    private func standing(of target: Target) -> Standing {
        let worst = triage.filter { target.contains($0.finding.target) }.map { Self.standing($0.finding.severity) }
            .max()
        let seen: Standing = unseen.contains(target) ? .unknown : .good
        return max(worst ?? .good, seen)
    }

    private var standing: Standing { material.databases.map(standing(of:)).max() ?? .unknown }

    private var sentence: String {
        guard !material.databases.isEmpty else { return "There is no database to look after" }
        if let first = triage.first, first.finding.severity > .info {
            let finding = first.finding
            return "\(finding.target)\(finding.object.map { ", \($0)" } ?? ""): \(finding.summary)"
        }
        if let first = unseen.first {
            return "Nobody has looked at \(first) for \(DatabaseMaterial.freshness.short)"
                + (unseen.count > 1 ? " (nor at \(unseen.count - 1) more)" : "")
        }
        return "Nothing in any database needs somebody"
    }

    /// Open findings, the most urgent first; of one place those of more severity.
    private var triage: [FindingRecord] {
        material.findings.sorted { left, right in
            let (one, two) = (left.finding, right.finding)
            if one.place != two.place { return one.place < two.place }
            if one.severity != two.severity { return one.severity > two.severity }
            return (one.target.description, one.object ?? "") < (two.target.description, two.object ?? "")
        }
    }

    private static func standing(_ severity: Severity) -> Standing {
        switch severity {
        case .critical: .critical
        case .warning: .warning
        case .info: .notice
        }
    }

    private var top: [ReportDocument.Block] {
        triage.prefix(10).flatMap { record -> [ReportDocument.Block] in
            let finding = record.finding
            let object = finding.object.map { ", \($0)" } ?? ""
            return [.paragraph("\(finding.code), \(finding.target)\(object): \(finding.summary).")]
                + (finding.mend.map { [.remedy($0)] } ?? [])
        }
    }

    /// Where the bands of the triage end (`Lint.priority`).
    private static let bands = [
        (50, "data are at risk, or an outage is coming"), (100, "the server suffers"),
        (150, "slower than it need be"), (200, "something is wasted"), (256, "a matter of habit"),
    ]

    private var bands: [ReportDocument.Block] {
        guard !triage.isEmpty else { return [.paragraph("There are no open findings about databases.")] }
        var rows: [[Scalar]] = []
        var from = 0
        for (end, words) in Self.bands {
            let own = triage.filter { (from..<end).contains($0.finding.place) }
            let codes = Set(own.map(\.finding.code)).sorted()
            if !own.isEmpty {
                rows.append([
                    .text(words), Scalar(own.count),
                    .text(codes.prefix(8).joined(separator: ", ") + (codes.count > 8 ? ", …" : "")),
                ])
            }
            from = end
        }
        return [.table(Listing("", ["what", Listing.Column("findings", .count), "codes"], rows), standings: [])]
    }

    // MARK: where it is going

    /// What is used up at the present pace within a year, the soonest first, and what is nearly used up already.
    private var ends: [ReportDocument.Block] {
        let known = material.series.compactMap { sampled -> (SampledSeries, Double, Timestamp?)? in
            guard let last = sampled.samples.last else { return nil }
            let trend = LinearTrend(sampled.samples.map { ($0.at, $0.value) })
            return (sampled, last.value, trend?.reaches(100))
        }
        let year = material.now + .seconds(366 * 86_400)
        let shown = known.filter { $0.1 >= 50 || ($0.2.map { $0 < year } ?? false) }
            .sorted { ($0.2 ?? year, -$0.1) < ($1.2 ?? year, -$1.1) }
        guard !shown.isEmpty else {
            return known.isEmpty
                ? []
                : [.paragraph("Of \(known.count) things that end, none is half used or ends within a year.")]
        }
        let rows = shown.prefix(20).map { sampled, used, end -> [Scalar] in
            [
                .text(Self.words(sampled.series)), .text(sampled.series.target.description), .number(used),
                end.map { .text($0.iso8601) } ?? .null, Scalar(sampled.samples.count),
            ]
        }
        let standings = shown.prefix(20).map { _, used, end -> Standing? in
            let left = end.map { $0 - material.now }
            if used >= 90 || left.map({ $0 < .seconds(14 * 86_400) }) ?? false { return .critical }
            return used >= 70 || left.map({ $0 < .seconds(90 * 86_400) }) ?? false ? .warning : .notice
        }
        return [
            .table(
                Listing(
                    "",
                    ["what", "where", Listing.Column("used", .percent), "ends", Listing.Column("looks", .count)], rows),
                standings: standings)
        ]
    }

    private static func words(_ series: Measurement.Series) -> String {
        series.name.hasPrefix(WhatEnds.prefix) ? WhatEnds.words(series) : "disk \(series.object ?? "")"
    }

    // MARK: what happened

    private static func isOurs(_ task: String) -> Bool { task.hasPrefix("db.") || task.hasPrefix("data.") }

    private var changes: [ChangeRecord] {
        material.runs.flatMap { summary in
            let steps = Set(summary.steps.filter { Self.isOurs($0.task) }.map(\.number))
            return summary.changes.filter { steps.contains($0.step) }
        }
    }

    private var changed: [ReportDocument.Block] {
        guard !changes.isEmpty else { return [] }
        let kinds = Dictionary(grouping: changes, by: \.change.kind).sorted { $0.key < $1.key }
        return [
            .table(
                Listing(
                    "",
                    [
                        "kind", Listing.Column("proved", .count), Listing.Column("not proved", .count),
                        Listing.Column("took", .seconds), Listing.Column("gained", .bytes),
                    ],
                    kinds.map { kind, own in
                        let gained = own.compactMap { record -> Int64? in
                            guard case .integer(let bytes)? = record.evidence?["bytes gained"] else { return nil }
                            return bytes
                        }
                        return [
                            .text(kind), Scalar(own.count { $0.state == .proved }),
                            Scalar(own.count { $0.state != .proved && $0.state.isFinal }),
                            .number(own.compactMap { $0.duration?.inSeconds }.reduce(0, +)),
                            gained.isEmpty ? .null : .integer(gained.reduce(0, +)),
                        ]
                    }), standings: [])
        ]
    }

    /// Predicted and achieved, side by side, for whatever said beforehand what it would gain.
    private var calibration: [ReportDocument.Block] {
        let pairs: [(kind: String, predicted: Double, achieved: Double)] = changes.compactMap { record in
            guard record.state == .proved, let evidence = record.evidence else { return nil }
            for (before, after) in Self.predictions {
                if let predicted = evidence[before]?.amount, let achieved = evidence[after]?.amount, predicted != 0 {
                    return (record.change.kind, predicted, achieved)
                }
            }
            return nil
        }
        guard !pairs.isEmpty else { return [] }
        let rows = Dictionary(grouping: pairs, by: \.kind).sorted { $0.key < $1.key }.map { kind, own -> [Scalar] in
            let ratios = own.map { $0.achieved / $0.predicted }.sorted()
            return [
                .text(kind), Scalar(own.count), .number((100 * ratios[ratios.count / 2]).rounded()),
                .number((100 * (ratios.first ?? 0)).rounded()), .number((100 * (ratios.last ?? 0)).rounded()),
            ]
        }
        return [
            .table(
                Listing(
                    "",
                    [
                        "kind", Listing.Column("changes", .count), Listing.Column("median", .percent),
                        Listing.Column("least", .percent), Listing.Column("most", .percent),
                    ], rows), standings: []),
            .paragraph("What was gained, in percent of what was predicted before: 100 % is a prediction that held."),
        ]
    }

    private static let predictions = [
        ("bytes predicted to be gained", "bytes gained"),
        ("cost saved, predicted percent", "cost saved, achieved percent"),
    ]

    private var failures: [StepRecord] {
        material.runs.flatMap(\.steps).filter { step in
            guard Self.isOurs(step.task) else { return false }
            return switch step.state {
            case .failed, .unproven, .refused, .uncertain, .cancelled: true
            default: false
            }
        }
    }

    private var failed: [ReportDocument.Block] {
        guard !failures.isEmpty else { return [] }
        let listing = Listing(
            "", ["when", "task", "database", "ended", "reason", "run"],
            failures.reversed().prefix(50).map { step in
                let reason = step.error?.problem ?? step.observation?.gaps.first?.reason.problem
                return [
                    (step.endedAt ?? step.startedAt).map { .text($0.iso8601) } ?? .null, .text(step.task),
                    .text(step.target.description), .text(step.state.rawValue), reason.map { .text($0) } ?? .null,
                    .text(step.runID),
                ]
            })
        return [.table(listing, standings: [])]
    }

    private var overview: [ReportDocument.Block] {
        guard !material.databases.isEmpty else { return [] }
        let listing = Listing(
            "",
            [
                "database", "looked at", Listing.Column("critical", .count), Listing.Column("warning", .count),
                Listing.Column("info", .count),
            ],
            material.databases.map { target in
                let own = triage.filter { target.contains($0.finding.target) }
                return [
                    .text(target.description), material.examined[target].map { .text($0.iso8601) } ?? .null,
                    Scalar(own.count { $0.finding.severity == .critical }),
                    Scalar(own.count { $0.finding.severity == .warning }),
                    Scalar(own.count { $0.finding.severity == .info }),
                ]
            })
        return [.table(listing, standings: material.databases.map(standing(of:)))]
    }
}

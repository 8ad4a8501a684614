import Maintenance
import Report

extension DailyReport {
    /// What a mail says of it: the verdict, what needs somebody, and how every environment stands.
    var document: ReportDocument {
        let needs = verdict.needs.map { need in
            [.text(need.text), need.command.map(Scalar.text) ?? .null] as [Scalar]
        }
        let rows = environments.map { environment -> [Scalar] in
            [
                .text(environment.name), environment.percentage.map(Scalar.number) ?? .null, .text(environment.reason),
                environment.checkedAt.map { .text($0.iso8601) } ?? .null,
            ]
        }
        let open = openTroubles.map { trouble -> [Scalar] in
            [
                .text(trouble.task), .text(trouble.target.description), .text(trouble.state.rawValue),
                .text(trouble.error?.problem ?? ""), .text(trouble.runID),
            ]
        }
        var document = ReportDocument(
            "Maintenance of \(CivilTime(madeAt).date)", madeAt: madeAt, since: since, runID: runID,
            requester: requester,
            standing: verdict.standing, sentence: verdict.sentence,
            why: "\(runs.count) \(runs.count == 1 ? "run" : "runs") since \(since).",
            tiles: [
                .init("\(changesProved)", "changes proved"), .init("\(openTroubles.count)", "steps without success"),
                .init("\(count(.critical))", "critical findings"), .init("\(count(.warning))", "warnings"),
            ],
            sections: [
                .init(
                    "What needs a person",
                    needs.isEmpty
                        ? []
                        : [.table(Listing("", ["what", "command"], needs), standings: verdict.needs.map(\.standing))]),
                .init(
                    "Environments",
                    [
                        .table(
                            Listing("", ["environment", .init("health", .percent), "why", "looked at"], rows),
                            standings: environments.map(\.standing))
                    ]),
                .init(
                    "Steps that did not succeed",
                    open.isEmpty
                        ? []
                        : [
                            .table(
                                Listing("", ["task", "where", "state", "why", "run"], open),
                                standings: openTroubles.map(\.state.standing))
                        ]),
            ], audit: nil)
        document.audit = audit
        return document
    }
}

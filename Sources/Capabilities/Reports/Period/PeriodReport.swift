import Engine
import Maintenance
import Monitor
import Page
import Report

/// The report of a week, a month or a quarter: how well maintenance does what it is for, against the period before.
struct PeriodReport: Sendable {
    let material: PeriodMaterial
    let audience: Audience
    /// Whether it tells everything, or the most important of each.
    let isDetailed: Bool

    /// Rows of a table that is not told in full.
    private static let few = 10

    var document: ReportDocument {
        let indicators = material.indicators
        let missed = indicators.filter { $0.standing == .warning }
        let urgent = material.open.filter { $0.finding.severity == .critical }
        let stuck = material.troubles.filter { $0.state == .uncertain || $0.state == .waiting }
        let standing: Standing =
            !urgent.isEmpty || stuck.contains { $0.state == .uncertain }
            ? .critical
            : !missed.isEmpty || !stuck.isEmpty
                ? .warning : material.current.workload.ended.all == 0 ? .unknown : .good
        var sections: [ReportDocument.Section] = [
            .init("What needs a person", needs(urgent, stuck)), .init("Key figures", [figures(indicators)]),
            .init("Environments", [environments]),
        ]
        if audience == .engineers {
            sections += [
                .init("What was done", work), .init("Steps that did not succeed", troubles),
                .init("Findings", findings), .init("Trends", trends),
            ]
        }
        sections.append(
            .init("How the figures are counted", indicators.map { .paragraph("\($0.name): \($0.definition)") }))
        let ended = material.current.workload.ended
        let proved = material.current.workload.proved
        return ReportDocument(
            "Maintenance of the \(material.length.noun) until \(CivilTime(material.now).date)", madeAt: material.now,
            since: material.since, runID: material.run.id, requester: material.run.requester, standing: standing,
            sentence: sentence(urgent, stuck, missed),
            why: "\(ended.all.grouped) steps ended and \(proved.good.grouped) changes were proved in the "
                + "\(material.length.noun); \(before).",
            tiles: [
                .init(indicators[0].shown, "of all steps succeeded"), .init("\(proved.good.grouped)", "changes proved"),
                .init(indicators[2].shown, "uptime"), .init("\(urgent.count)", "critical findings now"),
            ], sections: sections, audit: material.audit)
    }

    private func sentence(_ urgent: [FindingRecord], _ stuck: [StepRecord], _ missed: [Indicator]) -> String {
        if !urgent.isEmpty {
            return "\("critical finding".counted(urgent.count)) \(urgent.count == 1 ? "is" : "are") open"
        }
        if !stuck.isEmpty {
            return "\("step".counted(stuck.count)) \(stuck.count == 1 ? "waits" : "wait") for a person or a window"
        }
        if let first = missed.first {
            let rest = missed.count > 1 ? " (and \(missed.count - 1) more)" : ""
            return "\(first.name) is \(first.shown), the goal \(first.goal?.text(first.unit) ?? "")\(rest)"
        }
        return material.current.workload.ended.all == 0
            ? "Nothing was done in this \(material.length.noun)" : "Every key figure that is known meets its goal"
    }

    private var before: String {
        let count = material.before.workload.ended.all
        return count == 0
            ? "of the \(material.length.noun) before nothing is known" : "\(count.grouped) steps in the one before"
    }

    private func needs(_ urgent: [FindingRecord], _ stuck: [StepRecord]) -> [ReportDocument.Block] {
        var blocks: [ReportDocument.Block] = []
        if !urgent.isEmpty { blocks.append(Self.table(urgent.prefix(isDetailed ? 500 : Self.few), of: urgent.count)) }
        if !stuck.isEmpty { blocks += [Self.table(of: stuck), .remedy("mainstay approvals")] }
        return blocks.isEmpty ? [.paragraph("Nothing does.")] : blocks
    }

    private func figures(_ indicators: [Indicator]) -> ReportDocument.Block {
        .table(
            Listing(
                "", ["figure", "value", "goal", .init("against the \(material.length.noun) before"), "counted"],
                indicators.map { indicator in
                    [
                        .text(indicator.name), .text(indicator.shown),
                        indicator.goal.map { .text($0.text(indicator.unit)) } ?? .null,
                        indicator.change.map(Scalar.text) ?? .null, .text(indicator.counted),
                    ]
                }), standings: indicators.map(\.standing))
    }

    private var environments: ReportDocument.Block {
        var standings: [Standing?] = []
        let rows = material.environments.map { environment -> [Scalar] in
            let (now, then) = (material.current, material.before)
            let share = now.workload.ended { $0.environment == environment.name }
            let old = then.workload.ended { $0.environment == environment.name }
            let open = material.open.filter { $0.finding.target.environment == environment.name }
            let worst = open.map(\.finding.severity).max()
            standings.append(max(worst?.standing ?? .good, environment.health?.standing ?? .unknown))
            return [
                .text(environment.name + (environment.isProtected ? " (protected)" : "")),
                environment.health?.percentage.map { .number($0.value) } ?? .null,
                now.answers[environment.name]?.uptime.map { .number($0.value) } ?? .null,
                .text(share.all == 0 ? "none" : "\(share.good.grouped) of \(share.all.grouped)"),
                old.all == 0 ? .null : .text("\(old.good.grouped) of \(old.all.grouped)"),
                .integer(Int64(now.workload.proved { $0.environment == environment.name }.good)),
                .integer(Int64(open.count)),
            ]
        }
        return .table(
            Listing(
                "",
                [
                    "environment", .init("health", .percent), .init("uptime", .percent), "steps that succeeded",
                    "the period before", .init("changes proved", .count), .init("open findings", .count),
                ], rows), standings: standings)
    }

    private var work: [ReportDocument.Block] {
        let now = Dictionary(grouping: material.current.workload.steps, by: \.task)
        let then = Dictionary(grouping: material.before.workload.steps, by: \.task)
        let rows = now.map { task, steps -> (count: Int, row: [Scalar]) in
            func share(_ steps: [WorkTally.Steps]) -> (good: Int, all: Int, mean: Double?) {
                let all = steps.reduce(0) { $0 + $1.count }
                let timed = steps.reduce(0) { $0 + $1.timed }
                let spent = steps.reduce(Duration.zero) { $0 + $1.spent }
                return (
                    steps.filter { $0.state == .succeeded }.reduce(0) { $0 + $1.count }, all,
                    timed == 0 ? nil : spent.inSeconds / Double(timed)
                )
            }
            let (current, before) = (share(steps), share(then[task] ?? []))
            return (
                current.all,
                [
                    .text(task), .integer(Int64(current.all)), .integer(Int64(current.good)),
                    current.mean.map(Scalar.number) ?? .null, before.mean.map(Scalar.number) ?? .null,
                    .integer(Int64(material.current.workload.proved { $0.task == task }.good)),
                ]
            )
        }.sorted { ($1.count, $0.row[0].description) < ($0.count, $1.row[0].description) }.map(\.row)
        guard !rows.isEmpty else { return [] }
        let shown = isDetailed ? rows : Array(rows.prefix(Self.few))
        return [
            .table(
                Listing(
                    "",
                    [
                        "task", .init("steps", .count), .init("succeeded", .count), .init("mean time", .seconds),
                        .init("before", .seconds), .init("changes proved", .count),
                    ], shown), standings: [])
        ] + Self.rest(rows.count - shown.count) + [.remedy("mainstay runs")]
    }

    private var troubles: [ReportDocument.Block] {
        let shown = material.troubles.prefix(isDetailed ? 100 : Self.few)
        guard !shown.isEmpty else { return [] }
        return [Self.table(of: shown)] + Self.rest(material.troubles.count - shown.count)
            + [.remedy("mainstay show RUN")]
    }

    private static func table(of steps: some Collection<StepRecord>) -> ReportDocument.Block {
        .table(
            Listing(
                "", ["step", "where", "state", "why", "when", "run"],
                steps.map { step in
                    [
                        .text(step.title), .text(step.target.description), .text(step.state.rawValue),
                        .text(step.error?.problem ?? ""), step.startedAt.map { .text($0.iso8601) } ?? .null,
                        .text(step.runID),
                    ]
                }), standings: steps.map(\.state.standing))
    }

    private var findings: [ReportDocument.Block] {
        let seen = material.current.workload.findings
        let counts = [Severity.critical, .warning, .info].map { severity -> [Scalar] in
            let now = seen.first { $0.worst == severity }
            return [
                .text(severity.rawValue), .integer(Int64(now?.count ?? 0)), .integer(Int64(now?.resolved ?? 0)),
                .integer(Int64(material.open.filter { $0.finding.severity == severity }.count)),
            ]
        }
        var blocks: [ReportDocument.Block] = [
            .table(
                Listing(
                    "",
                    [
                        "at worst", .init("first seen", .count), .init("of them over", .count),
                        .init("open now", .count),
                    ], counts), standings: [.critical, .warning, .notice])
        ]
        let warnings = material.open.filter { $0.finding.severity < .critical }
        let shown = warnings.prefix(isDetailed ? 500 : Self.few)
        if !shown.isEmpty { blocks.append(Self.table(shown, of: warnings.count, title: "Open, not critical")) }
        if isDetailed, !material.resolved.isEmpty {
            blocks.append(
                .table(
                    Listing(
                        "Over since the period began", ["code", "where", "what", "over since"],
                        material.resolved.prefix(500).map { record in
                            [
                                .text(record.finding.code), .text(record.finding.target.description),
                                .text(record.finding.summary), record.resolvedAt.map { .text($0.iso8601) } ?? .null,
                            ]
                        }), standings: []))
        }
        return blocks
    }

    private var trends: [ReportDocument.Block] {
        TrendCharts(material.series, environments: material.environments.map(\.name)).blocks
    }

    private static func table(_ records: some Collection<FindingRecord>, of count: Int, title: String = "")
        -> ReportDocument.Block
    {
        let more = count > records.count ? " (\(records.count) of \(count))" : ""
        return .table(
            Listing(
                title + more, ["code", "where", "what", "since", "command"],
                records.map { record in
                    [
                        .text(record.finding.code), .text(record.finding.target.description),
                        .text(record.finding.summary), .text(record.firstSeen.iso8601),
                        record.finding.mend.map(Scalar.text) ?? .null,
                    ]
                }), standings: records.map(\.finding.severity.standing))
    }

    private static func rest(_ count: Int) -> [ReportDocument.Block] {
        count > 0
            ? [.paragraph("And \(count.grouped) more, in the report with '--detailed' and in 'mainstay runs'.")] : []
    }
}

/// For whom a report is.
enum Audience: String, CaseIterable, Sendable {
    case engineers, management
}

extension Indicator {
    /// Never nearer to its goal than it is.
    var shown: String {
        guard let value else { return "unknown" }
        guard unit == .percent, value != value.rounded() else { return unit.text(value) }
        let hundredths =
            switch goal {
            case .above: (value * 100).rounded(.down)
            case .below: (value * 100).rounded(.up)
            case nil: (value * 100).rounded()
            }
        return "\((hundredths / 100).formatted(decimals: 2)) %"
    }
}

extension HealthScore {
    fileprivate var standing: Standing {
        critical > 0 ? .critical : unknown > 0 ? .unknown : warning > 0 ? .warning : .good
    }
}

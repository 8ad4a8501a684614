import ArgumentParser
import Command
import Engine
import Maintenance
import Monitor
import Outside
import Settings

/// `mainstay monitor performance`
struct ShowPerformance: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "performance",
        "Say how values of checks and times of answers have been: percentiles, and how much was up.",
        """
        For each check that is asked all the time: half of all answers were at most the median, of twenty one was above p95, \
        of a hundred one above p99. Checks without a value of their own are shown by how long they took. 'up' is how much of \
        what was seen was not critical; what was seen while Mainstay worked there itself, and what nobody could look at, is \
        no part of it. 'change' compares the median with the period of the same length before.
        """)
    static let aliases = [
        TaskDeclaration.Alias("monitor:performance", implied: ["--continuous"]),
        TaskDeclaration.Alias("maintenance:daily:trend-analysis", arguments: ["--since=7d"]),
        TaskDeclaration.Alias("maintenance:daily:resource-report", arguments: resources),
        TaskDeclaration.Alias("maintenance:evening:performance-summary", arguments: ["--since=24h"]),
        TaskDeclaration.Alias("maintenance:evening:resource-analysis", arguments: resources),
        TaskDeclaration.Alias(
            "maintenance:weekly:api-performance", arguments: ["--since=7d", "--check=endpoint.response-time"]),
        TaskDeclaration.Alias("maintenance:monthly:performance-trends", arguments: ["--since=31d"]),
    ]
    private static let resources = ["--since=24h", "--check=host.cpu", "--check=host.memory", "--check=host.disk"]

    @Option(help: ArgumentHelp("How far back, such as 24h or 30d.", valueName: "duration"))
    var since: Duration = .seconds(86_400)
    @Option(
        help: ArgumentHelp("Only this check; may be given several times.", valueName: "name"),
        completion: .known)
    var check: [String] = []
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard since >= .seconds(60) else { throw ValidationError("'--since' is at least a minute") }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let chosen = Set(try session.inventory.select(environments, for: .estate))
        let now = application.clock.now()
        let all = try await session.log.monitored().filter { chosen.contains($0.outcome.target.environment) }
        let names = Set(all.map(\.outcome.check))
        if let missing = check.first(where: { !names.contains($0) }) {
            throw NothingMonitored(check: missing, nearest: nearest(to: missing, among: names))
        }
        let known = all.filter { check.isEmpty || check.contains($0.outcome.check) }
        var rows: [PerformanceRow] = []
        for check in known {
            let period = try await rollup(check, from: now - since, until: now, session)
            guard period.values > 0 || period.answers != Rollup.Answers() else { continue }
            let before = try await rollup(check, from: now - since * 2, until: now - since, session)
            rows.append(PerformanceRow(check.outcome, period, before: before))
        }
        let listing = Listing(
            "Performance",
            ["where", "check", "median", "p95", "p99", "worst", "change", "up", "answers"],
            rows.map(\.cells))
        try session.print(
            listing, document: rows,
            empty:
                "Nothing was asked all the time in the last \(since.short); see 'mainstay monitor enable'.")
        return .success
    }

    /// By hours for long periods: nobody sees the difference, and a year is read in milliseconds.
    private func rollup(
        _ check: MonitoredCheck, from: Timestamp, until: Timestamp, _ session: Session
    ) async throws -> Rollup {
        let width: Duration =
            since <= .seconds(6 * 3_600)
            ? .seconds(60) : since <= .seconds(90 * 86_400) ? .seconds(3_600) : .seconds(86_400)
        var whole = Rollup(start: from)
        for series in check.outcome.series {
            for part in try await session.log.rollups(series, from: from, until: until, every: width) {
                whole.merge(part)
            }
        }
        return whole
    }
}

/// How one check has been over a period.
struct PerformanceRow: Encodable {
    var target: Target
    var check: String
    var unit: Measurement.Unit
    var median: Double?
    var p95: Double?
    var p99: Double?
    var worst: Double?
    /// Of the median, in percent of what it was; nil where nothing was before.
    var change: Double?
    /// In percent.
    var uptime: Double?
    var answers: UInt64

    init(_ outcome: CheckOutcome, _ period: Rollup, before: Rollup) {
        target = outcome.target
        check = outcome.check
        unit = outcome.series.first?.unit ?? .seconds
        let greatest = period.values > 0 ? Double(period.maximum) : nil
        // A percentile is the middle of a range of values, and the greatest may lie below it.
        func percentile(_ share: Double) -> Double? {
            period.sketch.percentile(share).map { min($0, greatest ?? $0) }
        }
        median = percentile(50)
        p95 = percentile(95)
        p99 = percentile(99)
        worst = greatest
        if let median, let earlier = before.sketch.percentile(50), earlier > 0 {
            change = (median / earlier - 1) * 100
        }
        uptime = period.answers.uptime?.value
        answers = period.answers.evidence
    }

    var cells: [Scalar] {
        func text(_ value: Double?) -> Scalar { value.map { .text(unit.text($0)) } ?? .null }
        let change = change.map { "\($0 > 0 ? "+" : "")\($0.formatted(decimals: 0)) %" }
        return [
            .text(target.description), .text(check), text(median), text(p95), text(p99), text(worst),
            change.map(Scalar.text) ?? .null,
            uptime.map { .text("\($0.formatted(decimals: $0 == 100 ? 0 : 3)) %") } ?? .null,
            Scalar(Int(answers)),
        ]
    }
}

extension CheckOutcome {
    /// Where its samples are: under its own name where it has a value, else by how long it took.
    var series: [Measurement.Series] {
        guard let schema = HealthChecks.all.first(where: { $0.name == check })?.schema,
            let unit = schema.thresholds?.unit
        else { return [.duration(of: check, at: target)] }
        return [Measurement.Series(name: check, target: target, unit: unit)]
    }
}

/// A name that no check has which is asked all the time.
struct NothingMonitored: MaintenanceError, Hashable {
    var check: String
    var nearest: String?

    var code: String { "monitoring.no-such-check" }
    var problem: String { "no check '\(check.printable)' is asked all the time" }
    var hint: String? {
        (nearest.map { "Did you mean '\($0)'? " } ?? "") + "'mainstay monitor show --all' lists them."
    }
    var exitStatus: ExitStatus { .usage }
}

import Foundation
import Maintenance
import Settings

@testable import Engine
@testable import Reports

/// Material as a month of an estate leaves it, every text of which goes through `text`, so that two estates of the same
/// shape can differ in their texts only.
struct Sample {
    var environments = ["production", "staging", "test", "training"]
    var text: @Sendable (String) -> String = { $0 }
    var tables = 12
    var days = 30
    var now = Timestamp(microseconds: 1_795_226_580_000_000)

    /// A year, a month and a day of their own for every run, newest last.
    var material: Material {
        let requester = Requester(user: text("mainstay"), sudoUser: text("ann"), host: text("db1"), processID: 4_711)
        let run = RunRecord(
            id: "20261121-020000-k7q2m", name: "daily", isRoutine: true, isDryRun: false,
            environments: environments.map(text), state: .running, requester: requester,
            startedAt: now - .seconds(180))
        var steps: [StepRecord] = []
        var changes: [ChangeRecord] = []
        for (index, name) in environments.enumerated() {
            steps += self.steps(of: name, index, after: steps.count)
            if let last = steps.last { changes += self.changes(last, isTrouble: index == 2) }
        }
        let earlier = RunRecord(
            id: "20261120-140000-a1b2c", name: "db.update-stats", isRoutine: false, isDryRun: true,
            environments: [text("test")], state: .succeeded, requester: requester, startedAt: now - .seconds(43_200),
            endedAt: now - .seconds(43_190))
        return Material(
            now: now, since: now - .seconds(86_400), fresh: .seconds(93_600), version: "mainstay 0.1.0", run: run,
            step: 99,
            environments: environments.enumerated().map { index, name in
                Material.Environment(
                    name: text(name), isProtected: index == 0,
                    resources: [.init(name: text("main"), kind: .postgresql), .init(name: text("site"), kind: .http)])
            },
            runs: [
                RunSummary(run: earlier, steps: [], changes: []), RunSummary(run: run, steps: steps, changes: changes),
            ],
            abandoned: [], open: open, resolved: resolved, series: environments.flatMap(series))
    }

    private func steps(of name: String, _ index: Int, after count: Int) -> [StepRecord] {
        let whole = Target(environment: text(name))
        let main = Target(environment: text(name), resource: text("main"))
        var health = step(count + 1, "health.check", whole, index == 3 ? .unproven : .succeeded)
        health.observation = observation(name, index)
        var care = step(count + 2, "db.update-stats", main, index == 2 ? .failed : .succeeded)
        if index == 2 {
            care.error = ErrorReport(
                code: "step.changes-failed", problem: text("1 of \(tables) changes failed; the first: lock timeout"),
                hint: text("Run it again when 'vacuum full' has ended."))
        }
        return [health, care]
    }

    private func step(_ number: Int, _ task: String, _ target: Target, _ state: StepState) -> StepRecord {
        StepRecord(
            runID: "20261121-020000-k7q2m", number: number, task: task, arguments: [], target: target, state: state,
            startedAt: now - .seconds(170), endedAt: now - .seconds(160 - number))
    }

    private func observation(_ name: String, _ index: Int) -> Observation {
        let main = Target(environment: text(name), resource: text("main"))
        let site = Target(environment: text(name), resource: text("site"))
        func outcome(
            _ check: String, _ code: String, _ title: String, _ target: Target, _ state: CheckOutcome.State,
            _ summary: String
        ) -> CheckOutcome {
            CheckOutcome(
                check: check, code: code, title: text(title), target: target, state: state, summary: text(summary),
                seconds: 0.02)
        }
        var observation = Observation()
        observation.checks = [
            outcome(
                "database.connectivity", "HC001", "Database connectivity", main, .passed, "first answer after 12 ms"),
            outcome(
                "connections.used", "HC003", "Connections in use", main, index == 1 ? .warning : .passed,
                index == 1 ? "82 of 97 connections in use (warning 80 %, critical 90 %)" : "14 of 97 connections in use"
            ),
            outcome("replication.lag", "HC007", "Replication lag", main, .passed, "the standby is 0.3 s behind"),
            outcome(
                "http.status", "HC020", "Endpoint answers", site, index == 3 ? .unknown : .passed,
                index == 3 ? "no answer within 30 s" : "200 in 84 ms"),
        ]
        if index == 3 {
            observation.gaps = [
                Observation.Gap(
                    text("http.status at training/site"),
                    ErrorReport(
                        code: "http.timeout", problem: text("no answer within 30 s"),
                        hint: text("Look whether the endpoint runs.")))
            ]
        }
        return observation
    }

    private func changes(_ step: StepRecord, isTrouble: Bool) -> [ChangeRecord] {
        let names = ["events", "registrations", "payments", "sessions", "Order \"odd\"", "error_logs"]
        return (0..<tables).map { number in
            let name = text("public.\(names[number % names.count])" + (number < names.count ? "" : "_\(number)"))
            let isFailed = isTrouble && number == 1
            var change = Change(
                kind: "analyze", object: name, action: .sql([text("analyze \(name)")]), effect: .maintains,
                lock: .shareUpdateExclusive, reversal: "nothing to undo", identity: ["oid": 4_711],
                reason: text("12,480 of 80,120 rows (15.6 %) changed since 2026-11-14 02:00 UTC"))
            change.id += String(number)
            return ChangeRecord(
                runID: step.runID, step: step.number, number: number + 1, change: change,
                state: isFailed ? .failed : .proved,
                witness: ["analyze count": 6, "last analyze": "2026-11-14T02:00:00.000000Z"],
                evidence: isFailed
                    ? nil
                    : [
                        "analyze count": 7, "analyze count before": 6, "modified rows": 0,
                        "last analyze": .text((now - .seconds(100)).iso8601), "by": .text(text("mainstay")),
                    ],
                error: isFailed
                    ? ErrorReport(
                        code: "postgresql.lock-timeout", problem: text("the lock on '\(name)' was not free within 5 s"),
                        hint: text("Somebody holds it: mainstay db connections")) : nil,
                startedAt: now - .seconds(120), endedAt: now - .milliseconds(120_000 - 140 * (number + 1)))
        }
    }

    private func finding(
        _ code: String, _ severity: Severity, _ environment: String, _ object: String?, _ summary: String,
        mend: String?, daysAgo: Int, resolved: Bool = false
    ) -> FindingRecord {
        FindingRecord(
            finding: Finding(
                code: code, severity: severity, target: Target(environment: text(environment), resource: text("main")),
                object: object.map(text), summary: text(summary), evidence: ["rows": 12], mend: mend.map(text)),
            task: "health.check", firstSeen: now - .seconds(86_400 * daysAgo), lastSeen: now - .seconds(160),
            runID: "20261121-020000-k7q2m", resolvedAt: resolved ? now - .seconds(150) : nil)
    }

    private var open: [FindingRecord] {
        var records = [
            finding(
                "HC003", .warning, "staging", nil, "82 of 97 connections in use (warning 80 %, critical 90 %)",
                mend: "mainstay db connections --environment staging", daysAgo: 1),
            finding(
                "DI002", .warning, "production", "public.registrations", "3 rows point at an attendee that is gone",
                mend: "mainstay data validate-relationships --environment production", daysAgo: 12),
            finding(
                "DB020", .info, "production", "public.events_old_idx",
                "an index of 212 MB that no query has used in 30 days",
                mend: nil, daysAgo: 30),
        ]
        records += (0..<tables).map { number in
            finding(
                "DB001", .warning, "training", "public.table_\(number)",
                "statistics are stale, and this role may not analyse the table",
                mend: "grant the role ownership, or pg_maintain on PostgreSQL 17 and later", daysAgo: 3)
        }
        return records
    }

    private var resolved: [FindingRecord] {
        [
            finding(
                "LG001", .warning, "test", "/var/log/app/app.log", "the log is 1.4 GB (limit 100 MB)", mend: nil,
                daysAgo: 2,
                resolved: true)
        ]
    }

    private func series(of name: String) -> [SampledSeries] {
        let index = Double(environments.firstIndex(of: name) ?? 0)
        func series(
            _ what: String, _ resource: String, _ unit: Maintenance.Measurement.Unit, _ value: (Double) -> Double
        ) -> SampledSeries {
            let target = Target(environment: text(name), resource: resource.isEmpty ? "" : text(resource))
            return SampledSeries(
                series: Maintenance.Measurement.Series(name: what, target: target, unit: unit),
                samples: (0..<days).map { day in
                    SampledSeries.Sample(
                        at: now - .seconds(86_400 * (days - 1 - day) + 160), value: value(Double(day)))
                })
        }
        func wave(_ day: Double) -> Double { abs(sin(day * 0.9 + index)) }
        return [
            series("health", "", .percent) { day in index == 3 && day > 24 ? 75 : index == 1 && day > 27 ? 87.5 : 100 },
            series("connections.used", "main", .percent) { 14 + 9 * index + 30 * wave($0) + (index == 1 ? $0 : 0) },
            series("database.connectivity", "main", .seconds) { 0.008 + 0.02 * wave($0 * 1.7) },
            series("database.size", "main", .bytes) { 41e9 / (index + 1) * (1 + $0 * 0.012) },
        ]
    }
}

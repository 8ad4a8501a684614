import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Page
import PostgreSQL
import Report
import Testing

@testable import DatabaseCare
@testable import Engine

@Suite(.cluster, .temporaryDirectory)
struct DatabaseReportTests {
    private func report(_ harness: TaskHarness) async throws -> ReportDocument {
        let output = "\(TemporaryDirectory.current)/r.json"
        let summary = try await harness.run("report database --as json --output \(output)")
        #expect(summary.run.state == .succeeded, "\(summary.changes.compactMap(\.error?.problem))")
        return try JSONDecoder().decode(ReportDocument.self, from: Data(contentsOf: URL(fileURLWithPath: output)))
    }

    private func rows(_ document: ReportDocument, _ title: String) -> [[String]] {
        for case .table(let listing, _) in document.sections.first(where: { $0.title == title })?.blocks ?? [] {
            return listing.rows.map { $0.map(\.description) }
        }
        return []
    }

    @Test("a database that nobody has looked at is unknown, not well")
    func unseen() async throws {
        let document = try await report(try TaskHarness(careEntries, database: .current))
        #expect(document.standing == .unknown)
        #expect(document.sentence == "Nobody has looked at test/main for 8 d")
    }

    @Test("the most urgent stands first, with what mends it; changes and predictions are counted")
    func tells() async throws {
        let database = TestDatabase.current
        try await database.counted(
            """
            create table p (id int primary key); create table c (p int references p, primary key (p));
            alter table c disable trigger all; create table bare (a int);
            create table bloated (a int primary key) with (autovacuum_enabled = off);
            insert into bloated select generate_series(1, 100000)
            """, "delete from bloated where a % 10 <> 0")
        try await database.counted("vacuum (analyze) bloated")
        let harness = try TaskHarness(careEntries, database: database)
        _ = try await harness.run("db doctor")
        #expect(try await harness.run("db reindex --minimum-size=1M").changes.map(\.state) == [.proved])
        let document = try await report(harness)
        #expect(document.standing == .critical)
        // The servers of tests do without fsync, and nothing is more urgent.
        #expect(document.sentence.hasPrefix("test/main, fsync"), "\(document.sentence)")
        let top = try #require(document.sections.first)
        #expect(top.title == "The ten that matter most")
        guard case .paragraph(let first)? = top.blocks.first, case .remedy? = top.blocks.dropFirst().first else {
            Issue.record("no finding stands first: \(top.blocks)")
            return
        }
        #expect(first.hasPrefix("DB220, test/main, fsync"))
        let told = top.blocks.compactMap { block in if case .paragraph(let words) = block { words } else { nil } }
        #expect(told.contains { $0.hasPrefix("DB134, test/main, public.c") }, "\(told)")
        #expect(rows(document, "What was changed").map { Array($0.prefix(3)) } == [["reindex", "1", "0"]])
        let calibration = try #require(rows(document, "How good the predictions were").first)
        #expect(calibration.prefix(2) == ["reindex", "1"])
        let median = try #require(Double(calibration[2]))
        #expect((80...120).contains(median))
        #expect(rows(document, "Databases").first?.first == "test/main")
    }

    private static let target = Target(environment: "test", resource: "main")

    /// A material of samples alone; each used so much more every day.
    private static func material(
        _ perDay: [(name: String, object: String?, last: Double, rise: Double)]
    ) -> DatabaseMaterial {
        let now = Timestamp(microseconds: 1_800_000_000_000_000)
        let series = perDay.map { one -> SampledSeries in
            let samples = (0...20).reversed().map { (day: Int) -> SampledSeries.Sample in
                SampledSeries.Sample(
                    at: now - .seconds(Int64(day) * 86_400), value: one.last - one.rise * Double(day))
            }
            let name = Measurement.Series(name: one.name, target: target, object: one.object, unit: .percent)
            return SampledSeries(series: name, samples: samples)
        }
        return DatabaseMaterial(
            now: now, since: now - .seconds(86_400),
            run: RunRecord(
                id: "r", name: "report.database", isRoutine: false, isDryRun: false, environments: [], state: .running,
                requester: TaskHarness.requester, startedAt: now), databases: [target], runs: [], findings: [],
            examined: [target: now],
            series: series, audit: nil)
    }

    @Test("what ends within a year or is half used is told, the soonest first; what stands still is not")
    func ends() {
        let document = DatabaseReport(
            material: Self.material([
                ("ends.transactions", nil, 30, 0.2), ("ends.numbers", "public.orders.id", 95, 0.5),
                ("ends.multixacts", nil, 1, 0), ("ends.connections", nil, 60, 0), ("host.disk", "/", 30, 0.01),
            ])
        ).document
        let told = rows(document, "What ends when").map { Array($0.prefix(1)) + [String($0[3].prefix(10))] }
        #expect(
            told == [
                ["numbers of public.orders.id", "2027-01-25"], ["transactions", "2027-12-31"],
                ["connections", "null"],
            ])
        #expect(document.standing == .good)
        #expect(document.sentence == "Nothing in any database needs somebody")
    }

    @Test("the doctor measures what ends", arguments: TestServer.allCases)
    func measures(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(
                """
                create table "Many" (id int generated always as identity primary key);
                create table few (id serial primary key); create table large (id bigserial primary key);
                alter table "Many" alter id set start 1; select setval('"Many_id_seq"', 1073741824);
                select setval('large_id_seq', 1073741824); select nextval('few_id_seq')
                """)
            try await database.connect { connection in
                let measured = try await WhatEnds.measure(SurveySession(connection), at: Self.target)
                let numbers = measured.filter { $0.series.name == "ends.numbers" }
                #expect(numbers.map(\.series.object) == [#"public."Many".id"#])
                #expect(abs((numbers.first?.value ?? 0) - 50) < 0.01)
                #expect(
                    Set(measured.map(\.series.name)).isSuperset(of: [
                        "ends.transactions", "ends.multixacts", "ends.connections",
                    ]))
            }
        }
    }
}

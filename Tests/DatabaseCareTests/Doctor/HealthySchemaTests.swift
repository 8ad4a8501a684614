import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import DatabaseCare

/// A database as a careful team builds it, another one for every seed.
private struct HealthySchema {
    private var random: SeededGenerator
    private(set) var script: [String] = []

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let count = Int.random(in: 2...6, using: &random)
        for number in 1...count { table(number) }
        for _ in 1...2 where Bool.random(using: &random) { extras(count) }
    }

    private mutating func table(_ number: Int) {
        let name = "t\(number)"
        var columns = ["id bigint generated always as identity primary key"]
        var fills: [(column: String, value: String)] = []
        var after: [String] = []
        for index in 1...Int.random(in: 1...6, using: &random) {
            let column = "c\(index)"
            switch Int.random(in: 1...8, using: &random) {
            case 1:
                columns.append("\(column) text not null check (\(column) <> '')")
                fills.append((column, "md5(g::text)"))
                if Bool.random(using: &random) { after.append("create index on \(name) (lower(\(column)))") }
            case 2:
                columns.append("\(column) timestamptz not null default now()")
                fills.append((column, "now() - g * interval '1 hour'"))
                after.append("create index on \(name) (\(column), id)")
            case 3:
                columns.append("\(column) jsonb")
                fills.append((column, "jsonb_build_object('n', g)"))
                after.append("create index on \(name) using gin (\(column))")
            case 4:
                columns.append("\(column) uuid not null unique")
                fills.append((column, "md5('\(name)' || g)::uuid"))
            case 5:
                columns.append("\(column) boolean not null")
                fills.append((column, "g % 50 = 0"))
                after.append("create index on \(name) (id) where \(column)")
            case 6 where number > 1:
                columns.append(
                    "\(column) bigint references t\(Int.random(in: 1..<number, using: &random)) on delete cascade")
                fills.append((column, "1 + g % 50"))
                after.append("create index on \(name) (\(column))")
            case 7:
                columns.append("\(column) numeric(12, 2)")
                fills.append((column, "g * 1.5"))
            default:
                columns.append("\(column) int")
                fills.append((column, "case when g % 2 = 0 then g end"))
            }
        }
        script.append("create table \(name) (\(columns.joined(separator: ", ")))")
        let rows = Int.random(in: 50...600, using: &random)
        script.append(
            "insert into \(name) (\(fills.map(\.column).joined(separator: ", "))) select "
                + "\(fills.map(\.value).joined(separator: ", ")) from generate_series(1, \(rows)) g")
        script += after
    }

    private mutating func extras(_ tables: Int) {
        let number = script.count
        switch Int.random(in: 1...4, using: &random) {
        case 1:
            script += [
                "create materialized view m\(number) as select id from t1",
                "create unique index on m\(number) (id)",
            ]
        case 2:
            script += [
                "create table p\(number) (id bigint generated always as identity, at date, primary key (id, at)) partition by range (at)",
                "create table p\(number)_a partition of p\(number) for values from (minvalue) to ('2026-01-01')",
                "create table p\(number)_b partition of p\(number) for values from ('2026-01-01') to (maxvalue)",
                "insert into p\(number) (at) select date '2025-12-01' + g from generate_series(1, 200) g",
            ]
        case 3:
            script += [
                "alter table t1 enable row level security",
                "drop policy if exists own on t1",
                "create policy own on t1 for select using (id = (select current_setting('app.id', true)::bigint))",
            ]
        default:
            script.append(
                "create function f\(number)() returns int language sql security definer set search_path = pg_catalog as 'select 1'"
            )
        }
    }
}

@Suite("a healthy database")
struct HealthySchemaTests {
    @Test("nothing is found in what a careful team built", arguments: 0..<24)
    func nothingIsFound(_ number: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var limits = LintLimits.small
        limits.businessCycle = LintLimits().businessCycle
        let chosen = limits
        let schema = HealthySchema(seed: seed)
        try await TestDatabase.with(.v15) { database in
            try await database.connect(.unlimited()) { connection in
                for statement in schema.script { try await connection.executeScript(trusted: statement) }
                try await connection.executeScript(trusted: "vacuum (analyze)")
                // Settings and the cluster are the test server's own; its other databases come and go.
                let asked = LintCatalogue.all.filter { $0.topic != nil && $0.topic != .cluster }
                let examination = try await Doctor(lints: asked, limits: chosen).examine(
                    SurveySession(connection), now: Timestamp(microseconds: 0))
                let found = examination.answers.flatMap { answer in
                    answer.hits.map { "\(answer.lint.code) \($0.object)" }
                }
                #expect(found == [], "seed \(seed): \(schema.script.joined(separator: ";\n"))")
                #expect(examination.gaps.isEmpty)
            }
        }
    }
}

import Maintenance
import Outside
import PostgreSQL

/// How many of the true nearest neighbours an index finds: rows of the table are asked for their own neighbours, once
/// exactly and once by the index, and counted is what lies no farther than the farthest of the true ones. So rows at the
/// same distance, of which no order is right, do not count as missed.
struct RecallMeasurement: Sendable {
    let session: SurveySession
    let index: VectorIndex
    let clock: WallClock
    /// How many neighbours.
    var nearest = 10

    struct Point: Sendable, Hashable {
        /// `ef_search` or `probes`.
        var value: Int
        /// 0 to 1.
        var recall: Double
        /// Mean of the searches, the way there and back included.
        var latency: Duration
    }

    struct Result: Sendable, Hashable {
        var queries: Int
        /// Upwards; measured until the wanted recall was reached.
        var points: [Point]
        var exact: Duration
    }

    /// Why there is nothing to measure.
    enum Trouble: Error, Equatable { case tooFewRows, notUsed }

    /// - Parameters:
    ///   - queries: how many rows are asked for their neighbours.
    ///   - now: what sessions search with now; measured first.
    ///   - wanted: 0 to 1; larger values are tried until it is reached.
    func run(queries: Int, now: Int, wanted: Double) async throws -> Result {
        guard let column = index.column else { preconditionFailure("an index over an expression is measured") }
        let value: SQL = "\(identifier: column)"
        let order: SQL = "\(value) \(SQL(trusted: index.distance))"
        let type = SQL(trusted: index.type)
        let session = session.with(settings: ["search_path": "", "jit": "off"])
        let share = min(100, max(0.001, 300 * Double(queries) / max(index.rows, 1)))
        let samples = try await session.query(
            SurveySQL(
                """
                select \(value)::text as value from \(relation: index.table) tablesample bernoulli (\(literal: share))
                where \(value) is not null limit \(queries)
                """)
        ).map { try $0["value", as: String.self] }
        guard samples.count >= min(queries, 5), index.rows >= Double(10 * nearest) else { throw Trouble.tooFewRows }

        func search(_ sample: String) -> SQL {
            """
            select (\(order) \(sample)::\(type))::float8 as distance from \(relation: index.table)
            where \(value) is not null order by \(order) \(sample)::\(type) limit \(number: nearest)
            """
        }
        func distances(_ sample: String, _ session: SurveySession) async throws -> [Double] {
            try await session.query(SurveySQL(search(sample))).map { try $0["distance", as: Double.self] }
        }
        let exactly = session.with(settings: ["enable_indexscan": "off", "enable_bitmapscan": "off"])
        var bounds: [Double] = []
        let began = clock.monotonic()
        for sample in samples { bounds.append(try await distances(sample, exactly).last ?? 0) }
        let exact = (clock.monotonic() - began) / samples.count

        var points: [Point] = []
        for step in [now] + index.steps.filter({ $0 > now }) {
            let through = session.with(settings: ["enable_seqscan": "off", index.setting: String(step)])
            if points.isEmpty {
                let plan = try await through.query(SurveySQL("explain (format json) \(search(samples[0]).inlined)"))
                let node = try PlanNode.read(try plan.only.text(0) ?? "")
                guard node.indexes.contains(index.name.name) else { throw Trouble.notUsed }
            }
            var found = 0
            var wantedCount = 0
            let began = clock.monotonic()
            for (sample, bound) in zip(samples, bounds) {
                let all = try await distances(sample, through)
                // The last digits of a distance may differ from one plan to the other.
                found += all.count { $0 <= bound + 1e-6 * abs(bound) + 1e-9 }
                wantedCount += nearest
            }
            points.append(
                Point(
                    value: step, recall: min(1, Double(found) / Double(max(1, wantedCount))),
                    latency: (clock.monotonic() - began) / samples.count))
            if (points.last?.recall ?? 0) >= wanted { break }
        }
        return Result(queries: samples.count, points: points, exact: exact)
    }
}

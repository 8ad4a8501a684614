import Maintenance
import Monitor
import Store

extension MonitorBook.Taken {
    /// What is kept of it. A check without a value of its own is kept by how long it took.
    var series: Measurement.Series {
        let outcome = round.answer.outcome
        guard let unit = round.answer.unit else {
            return .duration(of: outcome.check, at: outcome.target)
        }
        return Measurement.Series(name: outcome.check, target: outcome.target, unit: unit)
    }

    var sample: CheckSample {
        let outcome = round.answer.outcome
        let value = round.answer.unit == nil ? outcome.seconds : outcome.value
        return CheckSample(at: round.at, value: value, state: outcome.state, isPlanned: isPlanned)
    }
}

extension Measurement.Series {
    /// How long a check took that has no value of its own.
    package static func duration(of check: String, at target: Target) -> Measurement.Series {
        Measurement.Series(name: "\(check).seconds", target: target, unit: .seconds)
    }
}

extension RunLog {
    /// Keeps what rounds have shown.
    func keep(_ taken: [MonitorBook.Taken], in writer: StoreWriter) throws {
        try keep(taken.map { (series: $0.series, sample: $0.sample) }, in: writer)
    }

    /// Keeps samples that are not of a check.
    package func keep(_ samples: [(series: Measurement.Series, sample: CheckSample)]) async throws {
        try await store.write { try keep(samples, in: $0) }
    }

    /// One row for each hour they lie in, which is one.
    private func keep(
        _ samples: [(series: Measurement.Series, sample: CheckSample)], in writer: StoreWriter
    ) throws {
        let numbered = try samples.map { (series: try seriesID(of: $0.series, in: writer), sample: $0.sample) }
        for (hour, samples) in Dictionary(grouping: numbered, by: { $0.sample.at.floored(to: .seconds(3_600)) }) {
            try writer.run(SampleStatement.insertTick, ["hour": hour, "content": SampleTick.encode(samples)])
        }
    }

    /// The samples of a series between two instants (the second excluded), oldest first, as far as they are still kept.
    package func checkSamples(
        _ series: Measurement.Series, from: Timestamp, until: Timestamp
    ) async throws -> [CheckSample] {
        try await store.read { reader in
            guard let id = try Self.seriesID(series, reader) else { return [] }
            return try Self.samples(id, from, until, try RecentSamples(reader, of: id), reader)
        }
    }

    /// What is left of a series between two instants, in stretches of a width, oldest first; none where nothing was seen.
    ///
    /// - Parameter width: divides a day, or is a multiple of one.
    package func rollups(
        _ series: Measurement.Series, from: Timestamp, until: Timestamp, every width: Duration
    ) async throws -> [Rollup] {
        try await store.read { reader in
            guard let id = try Self.seriesID(series, reader) else { return [] }
            return try Self.rollups(id, from, until, width, try RecentSamples(reader, of: id), reader)
        }
    }

    /// What is left of checks between two instants, in stretches of a width, each in the order of the checks: of a check's
    /// own value and of how long it took, since only one of both is kept.
    package func rollups(
        ofChecks checks: [(name: String, target: Target)], from: Timestamp, until: Timestamp, every width: Duration
    ) async throws -> [[Rollup]] {
        try await store.read { reader in
            let recent = try RecentSamples(reader)
            return try checks.map { check in
                let value = Measurement.Series(name: check.name, target: check.target, unit: .count)
                let parts = try [value, .duration(of: check.name, at: check.target)].flatMap { series -> [Rollup] in
                    guard let id = try Self.seriesID(series, reader) else { return [] }
                    return try Self.rollups(id, from, until, width, recent, reader)
                }
                return Rollup.merge(parts, every: width)
            }
        }
    }

    static func rollups(
        _ id: Int64, _ from: Timestamp, _ until: Timestamp, _ width: Duration, _ recent: RecentSamples,
        _ reader: StoreReader
    ) throws -> [Rollup] {
        let tier = SampleTier.coarsest(within: width)
        let first = from.floored(to: width)
        guard tier != .raw else {
            return Rollup.make(try samples(id, first, until, recent, reader), every: width)
        }
        var parts: [Rollup] = []
        for row in try blocks(id, tier, first, until, reader) {
            parts += try RollupBlock.decode(row).filter { $0.start >= first && $0.start < until }
        }
        // What was not sorted into blocks yet: the hour that goes on.
        parts += Rollup.make(recent.samples(id, first, until), every: min(width, tier.width ?? width))
        return Rollup.merge(parts, every: width)
    }

    static func samples(
        _ id: Int64, _ from: Timestamp, _ until: Timestamp, _ recent: RecentSamples,
        _ reader: StoreReader
    ) throws -> [CheckSample] {
        var samples: [CheckSample] = []
        for row in try blocks(id, .raw, from, until, reader) {
            samples += try SampleBlock.decode(row).filter { $0.at >= from && $0.at < until }
        }
        return samples + recent.samples(id, from, until)
    }

    private static func blocks(
        _ id: Int64, _ tier: SampleTier, _ from: Timestamp, _ until: Timestamp, _ reader: StoreReader
    ) throws -> [[UInt8]] {
        try reader.rows(
            SampleStatement.blocks,
            [
                "series_id": id, "tier": tier.rawValue, "from_time": from.floored(to: tier.span),
                "until_time": until,
            ]
        ).map { try $0.get("content") }
    }

    static func seriesID(_ series: Measurement.Series, _ reader: StoreReader) throws -> Int64? {
        try reader.first(
            FindingStatement.series,
            [
                "name": series.name, "environment": series.target.environment,
                "resource": series.target.resource,
                "object": series.object ?? "",
            ])?.get("id")
    }
}

/// What was not sorted into blocks yet, read once for as many series as are looked at.
struct RecentSamples {
    private var all: [Int64: [CheckSample]] = [:]

    /// - Parameter only: nil for every series.
    init(_ reader: StoreReader, of only: Int64? = nil) throws {
        var found: [Int64: [CheckSample]] = [:]
        let ticks = try reader.rows(
            SampleStatement.ticks, ["from_time": Int64.min, "until_time": Int64.max])
        for row in ticks {
            try SampleTick.decode(try row.get("content")) { series, sample in
                if only == nil || only == series { found[series, default: []].append(sample) }
            }
        }
        all = found
    }

    func samples(_ series: Int64, _ from: Timestamp, _ until: Timestamp) -> [CheckSample] {
        (all[series] ?? []).filter { $0.at >= from && $0.at < until }
    }
}

import Maintenance
import Monitor
import Outside
import Settings
import Store

extension RunLog {
    /// How long after its end an hour is sorted into blocks: what could not be written at once may still come.
    static let settled: Duration = .seconds(120)

    /// Sorts every hour that is over into blocks, hour by hour, and drops what is kept no longer as finely. Each hour is one
    /// transaction: a reader sees it in ticks or in blocks, and never twice.
    ///
    /// - Returns: how many hours that were.
    @discardableResult
    package func compactSamples(_ settings: SampleSettings) async throws -> Int {
        let now = clock.now()
        let hours: [Timestamp] = try await store.read { try $0.rows(SampleStatement.hours).map { try $0.get("hour") } }
        let over = hours.filter { $0 + .seconds(3_600) + Self.settled <= now }
        for hour in over {
            try Task.checkCancellation()
            try await store.write { writer in
                let end = hour + .seconds(3_600)
                var series: [Int64: [CheckSample]] = [:]
                for row in try writer.reader.rows(SampleStatement.ticks, ["from_time": hour, "until_time": end]) {
                    try SampleTick.decode(try row.get("content")) { series[$0, default: []].append($1) }
                }
                for (id, samples) in series.sorted(by: { $0.key < $1.key }) {
                    try Self.settle(samples, of: id, hour: hour, in: writer)
                    try Self.drop(id, settings, at: now, in: writer)
                }
                try writer.run(SampleStatement.forgetTicks, ["hour": hour])
            }
        }
        return over.count
    }

    /// Puts the samples of one hour of one series where they stay. What came late is put to what is there.
    private static func settle(
        _ samples: [CheckSample], of id: Int64, hour: Timestamp, in writer: StoreWriter
    ) throws {
        var all = try block(id, .raw, hour, writer.reader).map(SampleBlock.decode) ?? []
        all += samples
        all.sort { $0.at < $1.at }
        try put(SampleBlock.encode(all), id, .raw, hour, in: writer)
        let fine = Rollup.make(all, every: .seconds(300))
        try put(RollupBlock.encode(fine, hasSketches: false), id, .fine, hour, in: writer)

        var whole = Rollup(start: hour)
        for sample in all { whole.add(sample) }
        let day = hour.floored(to: SampleTier.hourly.span)
        let hours = try replace(whole, id, .hourly, in: writer)
        try put(RollupBlock.encode(hours, hasSketches: true), id, .hourly, day, in: writer)

        guard let sum = Rollup.merge(hours, every: .seconds(86_400)).first else { return }
        let days = try replace(sum, id, .daily, in: writer)
        try put(
            RollupBlock.encode(days, hasSketches: true), id, .daily, day.floored(to: SampleTier.daily.span), in: writer)
    }

    /// What the block holds with this point in its place.
    private static func replace(
        _ point: Rollup, _ id: Int64, _ tier: SampleTier, in writer: StoreWriter
    ) throws -> [Rollup] {
        let known = try block(id, tier, point.start.floored(to: tier.span), writer.reader).map(RollupBlock.decode) ?? []
        return (known.filter { $0.start != point.start } + [point]).sorted { $0.start < $1.start }
    }

    private static func block(
        _ id: Int64, _ tier: SampleTier, _ start: Timestamp, _ reader: StoreReader
    ) throws -> [UInt8]? {
        try reader.first(
            SampleStatement.block, ["series_id": id, "tier": tier.rawValue, "starts_at": start])?.get("content")
    }

    private static func put(
        _ content: [UInt8], _ id: Int64, _ tier: SampleTier, _ start: Timestamp, in writer: StoreWriter
    ) throws {
        try writer.run(
            SampleStatement.putBlock,
            ["series_id": id, "tier": tier.rawValue, "starts_at": start, "content": content])
    }

    /// What it is left of stands in the coarser ones, which were written with it.
    private static func drop(
        _ id: Int64, _ settings: SampleSettings, at now: Timestamp, in writer: StoreWriter
    ) throws {
        for tier in SampleTier.allCases {
            guard let kept = tier.kept(settings) else { continue }
            try writer.run(
                SampleStatement.forgetBlocks,
                ["series_id": id, "tier": tier.rawValue, "before": (now - kept - tier.span).floored(to: tier.span)])
        }
    }
}

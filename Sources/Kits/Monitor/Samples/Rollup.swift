import Maintenance

/// What is left of the samples of one stretch of time.
package struct Rollup: Hashable, Sendable {
    /// When the stretch begins.
    package var start: Timestamp
    package var answers = Answers()
    /// Of those that had a value.
    package var values: UInt64 = 0
    package var minimum: Float = .nan
    package var maximum: Float = .nan
    package var mean: Float = .nan
    package var sketch = Sketch()

    package init(start: Timestamp) { self.start = start }

    /// How often it was answered how.
    package struct Answers: Hashable, Sendable {
        package var passed: UInt64 = 0
        package var warning: UInt64 = 0
        package var critical: UInt64 = 0
        package var unknown: UInt64 = 0
        /// While Mainstay worked there, whatever was seen; counted nowhere else.
        package var planned: UInt64 = 0

        package init() {}

        package static func + (left: Answers, right: Answers) -> Answers {
            var sum = left
            sum.passed += right.passed
            sum.warning += right.warning
            sum.critical += right.critical
            sum.unknown += right.unknown
            sum.planned += right.planned
            return sum
        }

        /// What says whether it was up: planned work is no evidence, and what could not be looked at is none.
        package var evidence: UInt64 { passed + warning + critical }

        /// How much of what was seen was up, in percent: a warning is up. Nil where nothing was seen.
        package var uptime: Percentage? {
            evidence == 0 ? nil : Percentage(Double(passed + warning), of: Double(evidence))
        }
    }

    package mutating func add(_ sample: CheckSample) {
        if sample.isPlanned {
            answers.planned += 1
            return
        }
        switch sample.state {
        case .passed: answers.passed += 1
        case .warning: answers.warning += 1
        case .critical: answers.critical += 1
        case .unknown: answers.unknown += 1
        }
        guard let value = sample.value else { return }
        minimum = values == 0 ? value : min(minimum, value)
        maximum = values == 0 ? value : max(maximum, value)
        mean = values == 0 ? value : mean + (value - mean) / Float(values + 1)
        values += 1
        sketch.add(Double(value))
    }

    /// Takes in another stretch; `start` stays.
    package mutating func merge(_ other: Rollup) {
        answers = answers + other.answers
        guard other.values > 0 else { return }
        minimum = values == 0 ? other.minimum : min(minimum, other.minimum)
        maximum = values == 0 ? other.maximum : max(maximum, other.maximum)
        let all = values + other.values
        mean =
            values == 0
            ? other.mean
            : Float((Double(mean) * Double(values) + Double(other.mean) * Double(other.values)) / Double(all))
        values = all
        sketch.merge(other.sketch)
    }

    /// Samples put together by the stretch they fall in, oldest first.
    package static func make(_ samples: some Sequence<CheckSample>, every width: Duration) -> [Rollup] {
        var rollups: [Timestamp: Rollup] = [:]
        for sample in samples {
            let start = sample.at.floored(to: width)
            rollups[start, default: Rollup(start: start)].add(sample)
        }
        return rollups.values.sorted { $0.start < $1.start }
    }

    /// The same of stretches that are shorter.
    package static func merge(_ parts: some Sequence<Rollup>, every width: Duration) -> [Rollup] {
        var rollups: [Timestamp: Rollup] = [:]
        for part in parts {
            let start = part.start.floored(to: width)
            rollups[start, default: Rollup(start: start)].merge(part)
        }
        return rollups.values.sorted { $0.start < $1.start }
    }
}

extension Timestamp {
    /// The beginning of the stretch it lies in, counted from 1970.
    package func floored(to width: Duration) -> Timestamp {
        let width = width.microseconds
        let rest = microseconds % width
        return Timestamp(microseconds: microseconds - (rest < 0 ? rest + width : rest))
    }
}

/// Rollups of one series in few bytes, oldest first.
package enum RollupBlock {
    private static let version: UInt8 = 1

    /// - Parameter hasSketches: without them percentiles are lost and most of the bytes saved.
    package static func encode(_ rollups: [Rollup], hasSketches: Bool) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(byte: version)
        writer.write(UInt64(rollups.count))
        writer.write(byte: hasSketches ? 1 : 0)
        var last: Int64 = 0
        var before = Rollup(start: Timestamp(microseconds: 0))
        (before.minimum, before.maximum, before.mean) = (0, 0, 0)
        for rollup in rollups {
            let second = rollup.start.floored(to: .seconds(1)).microseconds / 1_000_000
            writer.write(signed: second - last)
            last = second
            let answers = rollup.answers
            let isPlain = answers.evidence == answers.passed && answers.unknown == 0 && answers.planned == 0
            // Most of the time all is well.
            writer.write(answers.passed << 1 | (isPlain ? 0 : 1))
            if !isPlain {
                for number in [answers.warning, answers.critical, answers.unknown, answers.planned] {
                    writer.write(number)
                }
            }
            writer.write(rollup.values)
            guard rollup.values > 0 else { continue }
            writer.write(rollup.minimum, after: before.minimum)
            writer.write(rollup.maximum, after: before.maximum)
            writer.write(rollup.mean, after: before.mean)
            before = rollup
            if hasSketches { write(rollup.sketch, to: &writer) }
        }
        return writer.bytes
    }

    package static func decode(_ bytes: [UInt8]) throws(SampleCorruption) -> [Rollup] {
        var reader = ByteReader(bytes)
        guard try reader.byte() == version else { throw SampleCorruption() }
        let count = try reader.count(ofAtLeast: 1)
        let hasSketches = try reader.byte() == 1
        var last: Int64 = 0
        var before = Rollup(start: Timestamp(microseconds: 0))
        (before.minimum, before.maximum, before.mean) = (0, 0, 0)
        var rollups: [Rollup] = []
        rollups.reserveCapacity(count)
        for _ in 0..<count {
            let (second, overflow) = last.addingReportingOverflow(try reader.signed())
            guard !overflow, second.magnitude < 1 << 40 else { throw SampleCorruption() }
            last = second
            var rollup = Rollup(start: Timestamp(microseconds: second * 1_000_000))
            let passed = try reader.number()
            rollup.answers.passed = passed >> 1
            if passed & 1 == 1 {
                rollup.answers.warning = try reader.number()
                rollup.answers.critical = try reader.number()
                rollup.answers.unknown = try reader.number()
                rollup.answers.planned = try reader.number()
            }
            rollup.values = try reader.number()
            if rollup.values > 0 {
                rollup.minimum = try reader.float(after: before.minimum)
                rollup.maximum = try reader.float(after: before.maximum)
                rollup.mean = try reader.float(after: before.mean)
                before = rollup
                if hasSketches { rollup.sketch = try sketch(&reader) }
            }
            rollups.append(rollup)
        }
        guard reader.isAtEnd else { throw SampleCorruption() }
        return rollups
    }

    private static func write(_ sketch: Sketch, to writer: inout ByteWriter) {
        writer.write(UInt64(sketch.counts.count))
        var last: UInt32 = 0
        for (bucket, number) in sketch.counts.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(bucket - last))
            writer.write(UInt64(number))
            last = bucket
        }
    }

    private static func sketch(_ reader: inout ByteReader) throws(SampleCorruption) -> Sketch {
        var sketch = Sketch()
        var bucket: UInt64 = 0
        for _ in 0..<(try reader.count(ofAtLeast: 2)) {
            let step = try reader.number()
            let number = try reader.number()
            guard step < 1 << 20, let number = UInt32(exactly: number) else { throw SampleCorruption() }
            bucket += step
            guard bucket < 1 << 20 else { throw SampleCorruption() }
            sketch.add(bucket: UInt32(bucket), number)
        }
        return sketch
    }
}

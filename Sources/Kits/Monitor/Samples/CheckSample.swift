import Maintenance

/// One answer of a check, as it is kept: when, how it was, and the number it was judged by.
package struct CheckSample: Hashable, Sendable {
    /// To the millisecond.
    package var at: Timestamp
    /// To seven digits; nil where there was none.
    package var value: Float?
    package var state: CheckOutcome.State
    /// Whether Mainstay itself was changing the thing meanwhile.
    package var isPlanned: Bool

    package init(at: Timestamp, value: Double?, state: CheckOutcome.State, isPlanned: Bool = false) {
        self.at = Timestamp(microseconds: at.milliseconds * 1_000)
        self.value = value.flatMap { Float($0).isFinite ? Float($0) : nil }
        self.state = state
        self.isPlanned = isPlanned
    }

    /// How it was in one number: the state, and four more while we worked there.
    fileprivate var mark: UInt8 { UInt8(CheckOutcome.State.allCases.firstIndex(of: state) ?? 0) + (isPlanned ? 4 : 0) }

    fileprivate init(milliseconds: Int64, value: Float, mark: UInt8) throws(SampleCorruption) {
        guard mark < 8 else { throw SampleCorruption() }
        at = Timestamp(microseconds: milliseconds * 1_000)
        self.value = value.isNaN ? nil : value
        state = CheckOutcome.State.allCases[Int(mark & 3)]
        isPlanned = mark >= 4
    }
}

extension Timestamp {
    fileprivate var milliseconds: Int64 {
        microseconds >= 0 ? microseconds / 1_000 : (microseconds - 999) / 1_000
    }
}

/// Many samples of one series in few bytes, oldest first: times by how their distance changes, states by how long they
/// last, values by what differs from the one before (after Pelkonen and others, "Gorilla", VLDB 2015, in whole bytes).
package enum SampleBlock {
    private static let version: UInt8 = 1

    package static func encode(_ samples: [CheckSample]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(byte: version)
        writer.write(UInt64(samples.count))
        var last: Int64 = 0
        var distance: Int64 = 0
        for sample in samples {
            let time = sample.at.milliseconds
            writer.write(signed: time - last - distance)
            distance = last == 0 ? 0 : time - last
            last = time
        }
        var index = 0
        while index < samples.count {
            let mark = samples[index].mark
            let end = samples[index...].firstIndex { $0.mark != mark } ?? samples.count
            writer.write(byte: mark)
            writer.write(UInt64(end - index))
            index = end
        }
        var before: Float = 0
        for sample in samples {
            let value = sample.value ?? .nan
            writer.write(value, after: before)
            before = value
        }
        return writer.bytes
    }

    package static func decode(_ bytes: [UInt8]) throws(SampleCorruption) -> [CheckSample] {
        var reader = ByteReader(bytes)
        guard try reader.byte() == version else { throw SampleCorruption() }
        let count = try reader.count(ofAtLeast: 2)
        var times: [Int64] = []
        times.reserveCapacity(count)
        var last: Int64 = 0
        var distance: Int64 = 0
        for _ in 0..<count {
            let (next, overflow) = last.addingReportingOverflow(distance)
            let (time, further) = next.addingReportingOverflow(try reader.signed())
            guard !overflow, !further, time.magnitude < 1 << 50 else { throw SampleCorruption() }
            distance = last == 0 ? 0 : time - last
            last = time
            times.append(time)
        }
        var marks: [UInt8] = []
        while marks.count < count {
            let mark = try reader.byte()
            let length = try reader.number()
            guard length > 0, length <= UInt64(count - marks.count) else { throw SampleCorruption() }
            marks += Array(repeating: mark, count: Int(length))
        }
        var samples: [CheckSample] = []
        samples.reserveCapacity(count)
        var before: Float = 0
        for index in 0..<count {
            before = try reader.float(after: before)
            samples.append(
                try CheckSample(milliseconds: times[index], value: before, mark: marks[index]))
        }
        guard reader.isAtEnd else { throw SampleCorruption() }
        return samples
    }
}

/// The samples of one moment of many series: what is written at once, until it is sorted into blocks.
package enum SampleTick {
    private static let version: UInt8 = 1

    package static func encode(_ samples: [(series: Int64, sample: CheckSample)]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(byte: version)
        writer.write(UInt64(samples.count))
        var last: Int64 = 0
        for (series, sample) in samples {
            writer.write(UInt64(bitPattern: series))
            writer.write(signed: sample.at.milliseconds - last)
            last = sample.at.milliseconds
            writer.write(byte: sample.mark)
            writer.write(sample.value ?? .nan, after: 0)
        }
        return writer.bytes
    }

    /// - Parameter take: is given every sample with its series, in the order they were written.
    package static func decode(
        _ bytes: [UInt8], _ take: (Int64, CheckSample) -> Void
    ) throws(SampleCorruption) {
        var reader = ByteReader(bytes)
        guard try reader.byte() == version else { throw SampleCorruption() }
        let count = try reader.count(ofAtLeast: 4)
        var last: Int64 = 0
        for _ in 0..<count {
            let series = Int64(bitPattern: try reader.number())
            let (time, overflow) = last.addingReportingOverflow(try reader.signed())
            guard !overflow, time.magnitude < 1 << 50 else { throw SampleCorruption() }
            last = time
            let mark = try reader.byte()
            take(series, try CheckSample(milliseconds: time, value: try reader.float(after: 0), mark: mark))
        }
        guard reader.isAtEnd else { throw SampleCorruption() }
    }
}

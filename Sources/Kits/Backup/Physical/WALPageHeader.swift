/// The header of the first page of a segment of write-ahead log (PostgreSQL's source, `xlog_internal.h`,
/// `XLogLongPageHeaderData`): it says which segment of which cluster this is, whatever the file is called.
///
/// 40 bytes, in the byte order of the machine; segments are read where their server's kind of machine runs.
struct WALPageHeader: Sendable, Hashable {
    var magic: UInt16
    var timeline: UInt32
    var position: LogPosition
    var systemIdentifier: UInt64
    var segmentSize: UInt32

    static let length = 40
    /// `XLP_LONG_HEADER`: the first page of every segment has it.
    private static let long: UInt16 = 0x0002

    /// Nil where it is no such header.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.length else { return nil }
        func number<Value: FixedWidthInteger>(_ offset: Int, _: Value.Type) -> Value {
            bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
        }
        magic = number(0, UInt16.self)
        guard magic & 0xFF00 == 0xD100, number(2, UInt16.self) & Self.long != 0 else { return nil }
        timeline = number(4, UInt32.self)
        position = LogPosition(number(8, UInt64.self))
        systemIdentifier = number(24, UInt64.self)
        segmentSize = number(32, UInt32.self)
    }

    /// Why it cannot be the segment it is called, in one clause; nil where it is.
    func misfit(_ segment: WALSegment, of system: String, isFirstOfTimeline: Bool) -> String? {
        if String(systemIdentifier) != system {
            return "WAL segment \(segment) is of another cluster (\(systemIdentifier))"
        }
        if position != segment.start {
            let other = WALSegment(
                timeline: timeline, number: position.value / segment.size, size: segment.size)
            return "WAL segment \(segment) holds the content of \(other)"
        }
        // The first segment of a timeline begins with what it took over from its parent.
        if timeline != segment.timeline, !isFirstOfTimeline || timeline > segment.timeline {
            return "WAL segment \(segment) was written on timeline \(timeline)"
        }
        if UInt64(segmentSize) != segment.size {
            return "WAL segment \(segment) is of a cluster with segments of \(segmentSize) bytes"
        }
        return nil
    }
}

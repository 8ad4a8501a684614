import Maintenance

/// The write-ahead log a repository holds of one cluster, by the names of its files: what is missing, twice there, or on
/// a timeline that nobody can follow.
///
/// pgBackRest's own `verify` and `info` say nothing of a gap (2.45, *tried*), and a recovery ends at it without an error:
/// everything after it would be lost in silence.
struct WALArchive: Sendable {
    /// With how many files there are of each.
    private(set) var segments: [WALSegment: Int] = [:]
    /// Timelines that have a history file, with its path.
    private(set) var histories: [UInt32: String] = [:]
    let segmentSize: UInt64

    /// - Parameter files: paths below the archive's own directory: `0000000100000000/000000010000000000000003-SHA1.lz4`,
    ///   `00000002.history`.
    init(_ files: [RepositoryFile], segmentSize: UInt64) {
        self.segmentSize = segmentSize
        for file in files {
            let name = String(file.path.split(separator: "/").last ?? "")
            if name.hasSuffix(".history"), let timeline = UInt32(name.prefix(8), radix: 16), name.utf8.count == 16 {
                histories[timeline] = file.path
            } else if name.utf8.count > 25, name.utf8.dropFirst(24).first == UInt8(ascii: "-"),
                let segment = WALSegment(String(name.prefix(24)), size: segmentSize)
            {
                segments[segment, default: 0] += 1
            }
        }
    }

    func newest(of timeline: UInt32) -> WALSegment? { segments.keys.filter { $0.timeline == timeline }.max() }

    /// What is wrong, each in one clause, the earliest first; and what has to be replayed.
    struct Judgement: Sendable, Hashable {
        var problems: [String] = []
        /// From the backup to the end of what can be reached.
        var path: [WALSegment] = []
    }

    /// - Parameters:
    ///   - first: where the backup begins.
    ///   - last: where it becomes consistent.
    ///   - stop: the place in `last` itself, where it is known.
    ///   - branches: where each timeline of the newest one's history left its parent, the oldest first.
    func judge(
        from first: WALSegment, consistentAt last: WALSegment, _ stop: LogPosition? = nil,
        branches: [TimelineHistory.Branch]
    ) -> Judgement {
        var result = Judgement()
        for segment in segments.filter({ $0.value > 1 }).map(\.key).sorted() where segment >= first {
            result.problems.append(
                "WAL segment \(segment) is there \(segments[segment] ?? 0) times with different content")
        }
        let known = Set(branches.map(\.timeline))
        let lost = Set(segments.keys.map(\.timeline)).filter {
            $0 > first.timeline && !known.contains($0) && histories[$0] == nil
        }
        for timeline in lost.sorted() {
            result.problems.append("timeline \(timeline) has WAL and no history file: nobody can follow it")
        }
        let later = branches.filter { $0.timeline > first.timeline }
        if let left = later.first, left.at < stop ?? last.start {
            result.problems.append(
                "timeline \(left.timeline) began at \(left.at), before the backup was consistent: a recovery along it "
                    + "cannot begin with this backup")
            return result
        }
        var timeline = first.timeline
        var next = first
        for branch in later {
            let end = WALSegment(timeline: timeline, number: branch.at.value / segmentSize, size: segmentSize)
            // The segment a timeline branches in is archived again by the new one, once that is full.
            let isTakenOver = newest(of: branch.timeline) != nil
            append(&next, to: isTakenOver || segments[end] == nil ? end.number : end.number + 1, &result)
            timeline = branch.timeline
            next = WALSegment(timeline: timeline, number: end.number, size: segmentSize)
        }
        let newest = newest(of: timeline).map { $0.number + 1 } ?? next.number
        append(&next, to: timeline == first.timeline ? max(newest, last.number + 1) : newest, &result)
        return result
    }

    /// Segments of one timeline up to a number, and not with it.
    private func append(_ next: inout WALSegment, to end: UInt64, _ result: inout Judgement) {
        while next.number < end {
            if segments[next] != nil {
                result.path.append(next)
            } else {
                result.problems.append("WAL segment \(next) is missing")
            }
            next = next.next
        }
    }
}

/// How a timeline came about (PostgreSQL manual, "Timelines"): a file of lines `PARENT<tab>LSN<tab>reason`.
struct TimelineHistory: Sendable, Hashable {
    struct Branch: Sendable, Hashable {
        var timeline: UInt32
        /// Where it left its parent.
        var at: LogPosition
    }

    /// The oldest first; the timeline of the file itself is the last.
    var branches: [Branch] = []

    /// Nil where it cannot be read.
    init?(_ text: String, of timeline: UInt32) {
        var left: [(parent: UInt32, at: LogPosition)] = []
        for raw in text.split(separator: "\n") {
            let line = String(raw).trimmingWhitespace()
            if line.isEmpty || line.hasPrefix("#") { continue }
            let fields = line.split(separator: "\t")
            guard fields.count >= 2, let parent = UInt32(fields[0]), let at = LogPosition(String(fields[1])),
                parent < timeline, left.last.map({ $0.parent < parent && $0.at <= at }) ?? true
            else { return nil }
            left.append((parent, at))
        }
        guard !left.isEmpty else { return nil }
        for (index, line) in left.enumerated() {
            let child = index + 1 < left.count ? left[index + 1].parent : timeline
            branches.append(Branch(timeline: child, at: line.at))
        }
    }
}

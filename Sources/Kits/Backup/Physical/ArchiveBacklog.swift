import Maintenance

/// What piles up while a server cannot archive its write-ahead log: since when, how much, and when its disk is full if it
/// goes on like this.
///
/// A server never throws away what it could not archive: its disk fills, and then it stops ("Continuous Archiving",
/// PostgreSQL manual).
package struct ArchiveBacklog: Sendable, Hashable {
    /// When a segment was archived for the last time; where none ever was, the last attempt, which is all the server says.
    package var since: Timestamp
    package var failing: Duration
    /// Whether a segment was ever archived.
    package var everWorked: Bool
    /// Log that waits on the server's disk; nil where nobody may see it.
    package var waiting: ByteCount?
    /// Bytes that the server writes in a second, since the last success; nil where that cannot be known.
    package var pace: Double?
    package var free: ByteCount?
    /// When the disk is full at this pace; nil where it cannot be known, and where it lasts for more than ten years.
    package var full: Timestamp?

    private static let longest: Duration = .seconds(10 * 365 * 86_400)

    /// Nil where archiving does not fail.
    ///
    /// - Parameters:
    ///   - ready: how many segments wait, as the server counts them; nil where the role may not see it.
    ///   - free: of the file system of the log; nil where it is not this machine's, or nobody may look.
    package init?(_ state: ArchiverState, ready: Int64?, free: ByteCount?) {
        guard state.isFailing else { return nil }
        since = state.lastArchivedAt ?? state.lastFailedAt ?? state.now
        failing = state.now - since
        everWorked = state.lastArchivedAt != nil
        self.free = free
        let written: Int64? = state.archivedTo.flatMap { archived in
            state.position.map { Int64(clamping: $0.value < archived.value ? 0 : $0.value - archived.value) }
        }
        waiting = (ready.map { $0 * Int64(state.segmentSize) } ?? written).map { ByteCount($0) }
        if let written, everWorked, failing > .zero { pace = Double(written) / failing.inSeconds }
        guard let pace, pace > 0, let free else { return }
        let left = Double(free.bytes) / pace
        if left < Self.longest.inSeconds { full = state.now + .microseconds(Int64(left * 1_000_000)) }
    }

    /// Less than this is left.
    package func isFull(within time: Duration, at now: Timestamp) -> Bool { full.map { $0 - now < time } ?? false }

    /// One clause behind another: what waits, and when the disk is full.
    package func words(at now: Timestamp) -> String {
        var clauses: [String] = []
        if let waiting {
            let more = pace.map { ", \(ByteCount(Int64($0 * 3_600))) more each hour" } ?? ""
            clauses.append("\(waiting) of log wait on the server's disk\(more)")
        } else {
            clauses.append("how much waits may not be seen: grant pg_monitor")
        }
        if let full, let free {
            clauses.append("\(free) are free, full in \((full - now).short), at \(full)")
        } else if let free {
            clauses.append("\(free) are free")
        }
        return clauses.joined(separator: "; ")
    }
}

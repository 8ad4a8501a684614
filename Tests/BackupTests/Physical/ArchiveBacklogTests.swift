import Maintenance
import Testing

@testable import Backup

@Suite("what waits while the log cannot be archived")
struct ArchiveBacklogTests {
    private static let gigabyte: Int64 = 1_000_000_000

    /// 240 segments were written in the day since archiving stopped: 4 GB.
    private func state(_ change: (inout ArchiverState) -> Void = { _ in }) throws -> ArchiverState {
        let now = try #require(Timestamp(iso8601: "2026-11-22T09:00:00Z"))
        var state = ArchiverState(
            isOn: true, hasCommand: true, lastArchived: "00000001000000000000000F",
            lastArchivedAt: now - .seconds(86_400), lastFailed: "000000010000000000000010",
            lastFailedAt: now - .seconds(30), failures: 1_440, current: "000000010000000100000000",
            position: LogPosition(1 << 32), segmentSize: 16 * 1_048_576, timeout: nil, now: now)
        change(&state)
        return state
    }

    @Test("a day of it: since when, how much, how fast, and when the disk is full")
    func day() throws {
        let state = try state()
        let backlog = try #require(ArchiveBacklog(state, ready: 240, free: ByteCount(20 * Self.gigabyte)))
        #expect(backlog.since.iso8601.hasPrefix("2026-11-21T09:00:00"))
        #expect(backlog.failing == .seconds(86_400) && backlog.everWorked)
        #expect(backlog.waiting == ByteCount(240 * 16 * 1_048_576))
        let full = try #require(backlog.full)
        // 20 GB at 4.03 GB a day.
        #expect((full - state.now).inSeconds / 86_400 > 4.9 && (full - state.now).inSeconds / 86_400 < 5)
        #expect(!backlog.isFull(within: .seconds(86_400), at: state.now))
        let words = backlog.words(at: state.now)
        for part in ["of log wait on the server's disk", "more each hour", "are free, full in 4 d", "2026-11-27"] {
            #expect(words.contains(part), "\(part): \(words)")
        }
        let tight = try #require(ArchiveBacklog(state, ready: 240, free: ByteCount(2 * Self.gigabyte)))
        #expect(tight.isFull(within: .seconds(86_400), at: state.now))
    }

    @Test("what cannot be known is not made up")
    func unknown() throws {
        #expect(ArchiveBacklog(try state { $0.lastFailedAt = nil }, ready: 0, free: nil) == nil)
        let well = try state { $0.lastArchivedAt = $0.now }
        #expect(ArchiveBacklog(well, ready: 0, free: nil) == nil)
        let blind = try #require(ArchiveBacklog(try state(), ready: nil, free: nil))
        #expect(blind.waiting == ByteCount(240 * 16 * 1_048_576), "from the positions")
        let now = try state().now
        #expect(blind.full == nil && !blind.words(at: now).contains("free"))
        let never = try state {
            $0.lastArchived = nil
            $0.lastArchivedAt = nil
        }
        let backlog = try #require(ArchiveBacklog(never, ready: nil, free: ByteCount(Self.gigabyte)))
        #expect(!backlog.everWorked && backlog.waiting == nil && backlog.pace == nil && backlog.full == nil)
        #expect(backlog.words(at: never.now).contains("grant pg_monitor"))
        let idle = try state { $0.position = LogPosition(16 * 16 * 1_048_576) }
        let none = try #require(ArchiveBacklog(idle, ready: 0, free: ByteCount(Self.gigabyte)))
        #expect(none.full == nil, "nothing is written")
    }
}

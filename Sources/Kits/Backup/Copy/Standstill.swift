import Foundation
import Maintenance
import Outside
import Synchronization

/// When something moved last in a program that may take hours and must not stand still for ever: a time limit that counts
/// from there, and not from the start.
final class Standstill: Sendable {
    private struct State {
        var moved: Duration
        var isConsuming = false
        var last: [UInt8] = []
        var seen: Int64?
    }

    private let clock: WallClock
    /// What grows while it works, where it says nothing itself.
    private let probe: (@Sendable () -> Int64)?
    private let state: Mutex<State>

    init(_ clock: WallClock, probe: (@Sendable () -> Int64)? = nil) {
        self.clock = clock
        self.probe = probe
        state = Mutex(State(moved: clock.monotonic()))
    }

    /// While we ourselves are busy with what it handed over, it is not the program that stands still.
    func consuming<Result>(_ body: () throws -> Result) rethrows -> Result {
        state.withLock { $0.isConsuming = true }
        defer {
            let now = clock.monotonic()
            state.withLock { state in
                state.isConsuming = false
                state.moved = now
            }
        }
        return try body()
    }

    /// A line of progress: restic repeats it every second with the time that went by in brackets, also where nothing moves.
    func read(_ line: ArraySlice<UInt8>) {
        var said = Array(line)
        if let end = said.firstIndex(of: UInt8(ascii: "]")) { said.removeFirst(end) }
        let (now, words) = (clock.monotonic(), said)
        state.withLock { state in
            guard state.last != words else { return }
            state.last = words
            state.moved = now
        }
    }

    private func idle() -> Duration {
        let (now, present) = (clock.monotonic(), probe?())
        return state.withLock { state in
            if state.isConsuming || state.seen != present { state.moved = now }
            state.seen = present
            return now - state.moved
        }
    }

    /// Programs whose time limit, where it is this one, is over when nothing moved for so long.
    func programs(_ programs: Programs, patience: Duration) -> Programs {
        var result = programs
        let clock = clock
        result.clock = WallClock(now: { clock.now() }, monotonic: { clock.monotonic() }) { [self] span in
            guard span == patience else { return try await clock.sleep(for: span) }
            while idle() < patience { try await clock.sleep(for: min(patience / 4, .seconds(15))) }
        }
        return result
    }

    /// Files below a directory, and when the newest was written: what restic 0.14 does not tell of a restore.
    static func writing(below directory: String) -> @Sendable () -> Int64 {
        {
            var sum: Int64 = 0
            let files = FileManager.default.enumerator(
                at: URL(fileURLWithPath: directory), includingPropertiesForKeys: [.contentModificationDateKey])
            for case let file as URL in files ?? .init() {
                sum &+= 1
                guard let values = try? file.resourceValues(forKeys: [.contentModificationDateKey]),
                    let date = values.contentModificationDate
                else { continue }
                sum &+= Int64(date.timeIntervalSince1970 * 1_000_000)
            }
            return sum
        }
    }
}

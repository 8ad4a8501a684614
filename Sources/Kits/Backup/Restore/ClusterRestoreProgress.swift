import Maintenance
import Outside
import Synchronization

/// How far pgBackRest's restore is, from what it says of each file: `restore file … (16MB, 45.67%) checksum …` (command
/// "restore", at the level detail).
final class ClusterRestoreProgress: Sendable {
    private let began: Duration
    private let clock: WallClock
    private let told: @Sendable (String) -> Void
    private let last: Mutex<Duration>

    /// How long it says nothing new.
    private static let pause: Duration = .seconds(5)

    init(clock: WallClock, tell: @escaping @Sendable (String) -> Void) {
        self.clock = clock
        began = clock.monotonic()
        last = Mutex(clock.monotonic())
        told = tell
    }

    func line(_ line: String) {
        guard let share = Self.share(line) else { return }
        let now = clock.monotonic()
        let isDue = last.withLock { last in
            guard now - last >= Self.pause else { return false }
            last = now
            return true
        }
        guard isDue, share > 0 else { return }
        let spent = (now - began).inSeconds
        told(
            "\(Percentage(share * 100)) of the files restored, about \(Duration.seconds(spent / share - spent).short) left"
        )
    }

    /// From 0 to 1; nil where a line is about something else.
    static func share(_ line: String) -> Double? {
        guard line.containsBytes("restore file "), let end = line.utf8.lastIndex(of: UInt8(ascii: "%")) else {
            return nil
        }
        let digits = line.utf8[..<end].reversed().prefix { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
        }
        return Double(String(decoding: digits.reversed(), as: UTF8.self)).map { $0 / 100 }
    }
}

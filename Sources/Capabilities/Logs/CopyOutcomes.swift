import Maintenance
import Outside
import Synchronization

/// What copying a log came to, from making the change until proving it. Only the process that cut the log knows how much
/// may be missing; after a crash the proof says that nobody does.
final class CopyOutcomes: Sendable {
    struct Key: Hashable {
        var target: Target
        var change: String
    }

    private let outcomes = Mutex<[Key: CopyTruncate.Outcome]>([:])

    subscript(key: Key) -> CopyTruncate.Outcome? { outcomes.withLock { $0[key] } }

    func keep(_ outcome: CopyTruncate.Outcome, for key: Key) { outcomes.withLock { $0[key] = outcome } }
}

extension CopyTruncate.Gap {
    /// As evidence says it.
    var shown: String {
        switch self {
        case .none: "nothing"
        case .atMost(let bytes): bytes == ByteCount(0) ? "nothing" : "at most \(bytes)"
        case .unknown(let reason): "unknown: \(reason)"
        }
    }
}

import Dispatch
import Synchronization

/// Where calls go that block or reckon for long: file trees, slow disks, statvfs on a dead network mount. Threads of their
/// own, so that the cooperative pool never waits for them: of another quality of service than its own, since Dispatch keeps
/// as many threads of each at work as there are processors, and two that reckon would hold up everything else on two.
package struct Blocking: Sendable {
    private let queue: DispatchQueue

    package init(label: String = "mainstay.blocking") {
        queue = DispatchQueue(label: label, qos: .utility, attributes: .concurrent)
    }

    /// What long work asks between its parts.
    package final class Cancellation: Sendable {
        private let flag = Atomic(false)

        package init() {}

        package var isCancelled: Bool { flag.load(ordering: .relaxed) }

        package func check() throws(CancellationError) {
            if isCancelled { throw CancellationError() }
        }

        func cancel() { flag.store(true, ordering: .relaxed) }
    }

    /// The result of `body`. A cancelled task waits until `body` has noticed and returned, so that nothing goes on
    /// behind its back.
    package func run<Result: Sendable>(_ body: @escaping @Sendable (Cancellation) throws -> Result) async throws
        -> Result
    {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    continuation.resume(with: Swift.Result { try body(cancellation) })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// As `run`, and in a cancelled task too: for what has to be cleared away however the work ended.
    package func runToEnd<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Swift.Result { try body() })
            }
        }
    }
}

import Maintenance

/// Does something to its end although the caller is being cancelled: writing down what came of a side effect that has
/// already begun. The only place where work leaves the task that asked for it; the caller still waits for it.
package func despiteCancellation<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await Task { try await body() }.value
}

/// The same, for a while only: what still goes on so long after the caller was cancelled is cancelled too.
package func despiteCancellation<Value: Sendable>(
    for grace: Duration, by clock: WallClock, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let work = Task { try await body() }
    return try await withTaskCancellationHandler {
        try await work.value
    } onCancel: {
        // Nobody waits for it: it ends by itself when the time is over, and then there is nothing left to cancel.
        Task {
            defer { work.cancel() }
            try await clock.sleep(for: grace)
        }
    }
}

/// Does something to its end although the caller is being cancelled: writing down what came of a side effect that has
/// already begun. The only place where work leaves the task that asked for it; the caller still waits for it.
package func despiteCancellation<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await Task { try await body() }.value
}

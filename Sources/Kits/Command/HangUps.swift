import Dispatch
import Glibc

/// With each SIGHUP that this process gets meanwhile, which otherwise ends it.
func withHangUps<Value>(_ body: (AsyncStream<Void>) async throws -> Value) async rethrows -> Value {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler { continuation.yield() }
    source.resume()
    defer { source.cancel() }
    return try await body(stream)
}

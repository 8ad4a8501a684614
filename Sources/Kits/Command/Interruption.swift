import Dispatch
import Glibc
import Maintenance
import Synchronization

/// What SIGINT and SIGTERM do: they cancel the work, which ends its present change cleanly and says what is left; a
/// second one ends the process at once, and the journal knows what was open.
package enum Interruption {
    package static func running(_ body: @escaping @Sendable () async -> ExitStatus) async -> ExitStatus {
        let received = Mutex<ExitStatus?>(nil)
        let work = Task { await body() }
        let sources = [(SIGINT, ExitStatus.interrupted), (SIGTERM, .terminated)].map { number, status in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let isSecond = received.withLock { previous in
                    defer { previous = previous ?? status }
                    return previous != nil
                }
                if isSecond { _exit(status.rawValue) }
                work.cancel()
            }
            source.resume()
            return source
        }
        let result = await work.value
        for source in sources { source.cancel() }
        return received.withLock { $0 } ?? result
    }
}

import Dispatch
import Engine
import Glibc
import Maintenance
import Synchronization

/// What SIGINT and SIGTERM do: they cancel the work, which ends its present change cleanly and says what is left; a
/// second one ends the process at once, and the journal knows what was open.
///
/// Where the command drains, the first one lets present changes come to their own end, the second one, or the end of their
/// grace, interrupts them, and only the third ends at once.
package enum Interruption {
    package static func running(
        _ drain: Drain, grace: Duration = Drain.grace, _ body: @escaping @Sendable () async -> ExitStatus
    ) async -> ExitStatus {
        let received = Mutex(Received())
        let work = Task { await body() }
        let sources = [(SIGINT, ExitStatus.interrupted), (SIGTERM, .terminated)].map { number, status in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let before = received.withLock { received in
                    defer {
                        received.count += 1
                        received.status = received.status ?? status
                    }
                    return received
                }
                switch (before.count, before.drains) {
                case (0, _):
                    let drains = drain.begin()
                    received.withLock { $0.drains = drains }
                    work.cancel()
                    if drains {
                        DispatchQueue.global().asyncAfter(deadline: .now() + grace.inSeconds) { drain.end() }
                    }
                case (1, true): drain.end()
                default: _exit(status.rawValue)
                }
            }
            source.resume()
            return source
        }
        let result = await work.value
        for source in sources { source.cancel() }
        return received.withLock { $0.status } ?? result
    }

    private struct Received {
        var count = 0
        /// Of the first signal, which is what the process ends with.
        var status: ExitStatus?
        var drains = false
    }
}

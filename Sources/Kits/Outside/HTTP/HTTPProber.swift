import Dispatch
import Maintenance
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Asks HTTP(S) endpoints, each over a new connection, so that what is measured is what a new visitor meets.
///
/// Own bootstrap and NIO's codec instead of a client library: half the CPU, no pool that hides a refused connection,
/// and every phase has its time. One prober serves all checks at once; it keeps the TLS contexts.
package final class HTTPProber: Sendable {
    private let clock: WallClock
    /// Not made before something is asked: it has threads, and most runs ask nobody.
    private let group: @Sendable () -> any EventLoopGroup
    /// One for all: what begins together then wakes one thread. It only moves bytes.
    private let loop = Mutex(Loop())
    private let contexts = TLSContexts()
    /// For what blocks: name look-ups and reading certificate files.
    private let queue = DispatchQueue(label: "mainstay.http.blocking", attributes: .concurrent)

    package init(
        clock: WallClock = .system,
        group: @escaping @autoclosure @Sendable () -> any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.clock = clock
        self.group = group
    }

    private struct Loop {
        private var chosen: (any EventLoop)?

        mutating func get(_ group: () -> any EventLoopGroup) -> any EventLoop {
            if let chosen { return chosen }
            let loop = group().next()
            chosen = loop
            return loop
        }
    }

    /// The answer, or how the certificate failed. Throws `HTTPError` when there is no answer, and `CancellationError`.
    package func observe(_ probe: HTTPProbe) async throws -> HTTPObservation {
        let began = clock.monotonic()
        var target = probe.target
        var passed: [HTTPTarget] = []
        while true {
            let context =
                target.isSecure
                ? try await context { try $0.context(for: probe.trust, protocols: probe.protocols) } : nil
            let exchange = HTTPExchange(
                probe: probe, target: target, clock: clock, loop: loop.withLock { $0.get(group) }, queue: queue,
                context: context, remaining: probe.timeLimit - (clock.monotonic() - began))
            var observation = HTTPObservation(target: target, redirects: passed, times: HTTPObservation.Times())
            do {
                let result = try await exchange.run(request: exchange.head)
                observation.times = result.times
                observation.tls = result.tls
                observation.response = result.answer
            } catch let failure as UntrustedCertificate {
                let (times, facts) = try await look(at: failure, of: exchange, began)
                observation.times = times
                observation.tls = facts
            }
            observation.times.total = clock.monotonic() - began
            guard let limit = probe.redirects, let response = observation.response,
                [301, 302, 303, 307, 308].contains(response.status), let location = response.header("Location")
            else { return observation }
            passed.append(target)
            target = try target.resolving(location)
            guard !passed.contains(target) else { throw HTTPError.redirectLoop(target) }
            guard passed.count <= limit else { throw HTTPError.tooManyRedirects(limit: limit, last: target) }
        }
    }

    /// A second connection that takes any certificate and sends nothing, to say what is wrong with it and until when it
    /// was valid.
    private func look(at failure: UntrustedCertificate, of exchange: HTTPExchange, _ began: Duration) async throws
        -> (HTTPObservation.Times, TLSFacts)
    {
        var second = exchange
        second.context = try await context { try $0.unverified() }
        second.remaining = exchange.probe.timeLimit - (clock.monotonic() - began)
        let result = try await second.run(request: nil)
        guard var facts = result.tls else {
            throw HTTPError.handshakeFailed(exchange.target, reason: "the server showed no certificate")
        }
        let reason = facts.reason(
            for: exchange.target.host, isHostMismatch: failure.isHostMismatch, at: clock.now())
        facts.verification = .failed(reason: reason)
        return (result.times, facts)
    }

    private func context(_ make: @escaping @Sendable (TLSContexts) throws -> NIOSSLContext) async throws
        -> NIOSSLContext
    {
        let contexts = contexts
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try make(contexts) }) }
        }
    }
}

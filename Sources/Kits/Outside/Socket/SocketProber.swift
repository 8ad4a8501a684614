import Dispatch
import Glibc
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A conversation with one server over one new connection.
package struct SocketProbe: Sendable {
    package var host: String
    package var port: Int
    /// Over everything: name, connection, handshake, all that is said.
    package var timeLimit: Duration
    package var conversation: any Conversation
    package var trust = HTTPProbe.Trust.system
    /// The name the certificate has to be for; nil for the host's own.
    package var serverName: String?
    /// What is offered to be spoken over TLS (ALPN).
    package var protocols: [String] = []
    /// Which addresses may be spoken to.
    package var reach = Reach.anywhere

    package init(_ host: String, _ port: Int, timeLimit: Duration, _ conversation: any Conversation) {
        self.host = host
        self.port = port
        self.timeLimit = timeLimit
        self.conversation = conversation
    }

    var address: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// What came of it.
package struct SocketObservation: Sendable {
    package var times: HTTPObservation.Times
    /// Nil where there was no TLS.
    package var tls: TLSFacts?
    /// What was said until it was enough, or the time was over; nothing where the certificate is not trusted.
    package var heard: [UInt8] = []
}

/// Holds conversations, each over a new connection. One prober serves all checks at once; it keeps the TLS contexts.
package final class SocketProber: Sendable {
    private let clock: WallClock
    /// Not made before something is asked: it has threads, and most runs ask nobody.
    private let group: @Sendable () -> any EventLoopGroup
    private let contexts = TLSContexts()
    /// For what blocks: name look-ups and reading certificate files.
    private let queue = DispatchQueue(label: "mainstay.socket.blocking", attributes: .concurrent)

    package init(
        clock: WallClock = .system,
        group: @escaping @autoclosure @Sendable () -> any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.clock = clock
        self.group = group
    }

    /// What was heard, or how the certificate failed. Throws `SocketError`, and `HTTPError` where the authorities cannot be
    /// used.
    package func observe(_ probe: SocketProbe) async throws -> SocketObservation {
        let began = clock.monotonic()
        let context = try await context { try $0.context(for: probe.trust, protocols: probe.protocols) }
        do {
            let result = try await exchange(probe, context, within: probe.timeLimit)
            var times = result.times
            times.total = clock.monotonic() - began
            return SocketObservation(times: times, tls: result.tls, heard: result.answer ?? [])
        } catch let failure as UntrustedCertificate {
            // A second connection that takes any certificate and says nothing over it, to tell what is wrong with it.
            var second = probe
            if !(probe.conversation is TLSOpening) { second.conversation = TLSOpening(.none) }
            let unverified = try await self.context { try $0.unverified(protocols: probe.protocols) }
            let rest = max(.milliseconds(1), probe.timeLimit - (clock.monotonic() - began))
            let result = try await exchange(second, unverified, within: rest)
            var times = result.times
            times.total = clock.monotonic() - began
            var facts = result.tls
            let reason = facts?.reason(
                for: probe.serverName ?? probe.host, isHostMismatch: failure.isHostMismatch, at: clock.now())
            facts?.verification = .failed(reason: reason ?? "the server showed no certificate")
            return SocketObservation(times: times, tls: facts)
        }
    }

    private func context(_ make: @escaping @Sendable (TLSContexts) throws -> NIOSSLContext) async throws
        -> NIOSSLContext
    {
        let contexts = contexts
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try make(contexts) }) }
        }
    }

    private func exchange(_ probe: SocketProbe, _ context: NIOSSLContext, within remaining: Duration) async throws
        -> ExchangeProgress<[UInt8]>.Result
    {
        let progress = ExchangeProgress<[UInt8]>(clock: clock)
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    if progress.begin(continuation) { connect(probe, context, remaining, progress) }
                }
            } onCancel: {
                progress.finish(throwing: CancellationError())
            }
        } catch {
            throw probe.translated(error)
        }
    }

    private func connect(
        _ probe: SocketProbe, _ context: NIOSSLContext, _ remaining: Duration, _ progress: ExchangeProgress<[UInt8]>
    ) {
        let loop = group().next()
        let limit = TimeAmount.microseconds(remaining.microseconds)
        let resolver = HostResolver(loop: loop, queue: queue, reach: probe.reach) { progress.enter(.connecting) }
        let handler = NIOLoopBoundBox.makeEmptyBox(valueType: ConversationHandler.self, eventLoop: loop)
        let timer = loop.scheduleTask(in: limit) {
            let error = SocketError.timedOut(probe.address, phase: progress.phase, after: probe.timeLimit)
            if let talking = handler.value { talking.timeIsOver(error) } else { progress.finish(throwing: error) }
        }
        ClientBootstrap(group: loop)
            .resolver(resolver)
            .connectTimeout(limit + .seconds(1))
            .channelOption(.autoRead, value: false)
            .connect(host: probe.host, port: probe.port)
            .flatMapThrowing { channel in
                guard progress.opened(channel) else { return channel.close(promise: nil) }
                progress.enter(.waiting)
                channel.closeFuture.whenComplete { _ in timer.cancel() }
                let talking = ConversationHandler(probe, context, progress)
                handler.value = talking
                try channel.pipeline.syncOperations.addHandler(talking)
                channel.setOption(.autoRead, value: true).whenFailure { progress.finish(throwing: $0) }
            }
            .whenFailure { error in
                timer.cancel()
                progress.finish(throwing: error)
            }
    }
}

extension SocketProbe {
    fileprivate func translated(_ error: any Error) -> any Error {
        if error is SocketError || error is UntrustedCertificate || error is CancellationError { return error }
        return switch ConnectionFailure(error) {
        case .forbidden: SocketError.unreachable(address, reason: "its address may not be spoken to from here")
        case .noSuchHost(let reason): SocketError.noSuchHost(host, reason: reason)
        case .refused: SocketError.refused(address)
        case .unreachable(let reason): SocketError.unreachable(address, reason: reason)
        case .untrusted(let certificate): certificate
        case .handshake(let reason): SocketError.handshakeFailed(address, reason: reason)
        case .closed: SocketError.unexpected(address, reason: "it closed the connection before it had answered")
        }
    }
}

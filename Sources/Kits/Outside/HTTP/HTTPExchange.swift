import Dispatch
import Glibc
import Maintenance
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One request over one new connection, bounded by one time limit.
struct HTTPExchange: Sendable {
    var probe: HTTPProbe
    var target: HTTPTarget
    var clock: WallClock
    var loop: any EventLoop
    var queue: DispatchQueue
    /// Nil over plain HTTP.
    var context: NIOSSLContext?
    var remaining: Duration

    var head: HTTPRequestHead {
        var headers = HTTPHeaders([
            ("Host", target.authority), ("User-Agent", "mainstay"), ("Accept", "*/*"), ("Connection", "close"),
        ])
        // Without it the encoder would announce a body in chunks (RFC 9110, section 8.6).
        if [.post, .put, .patch].contains(probe.method) || !content.isEmpty {
            headers.add(name: "Content-Length", value: "\(content.count)")
        }
        if target.hasSameOrigin(as: probe.target) {
            for header in probe.headers { headers.replaceOrAdd(name: header.name, value: header.value.reveal()) }
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: probe.method.rawValue), uri: target.path, headers: headers)
    }

    /// Given to nobody but the origin it was meant for, as the headers are.
    private var content: [UInt8] { target.hasSameOrigin(as: probe.target) ? probe.content : [] }

    /// Nil as request ends the exchange after the handshake. Throws `HTTPError`, `UntrustedCertificate` or
    /// `CancellationError`.
    func run(request: HTTPRequestHead?) async throws -> ExchangeProgress<HTTPObservation.Response>.Result {
        guard remaining > .zero else {
            throw HTTPError.timedOut(target, phase: .connecting, after: probe.timeLimit)
        }
        let progress = ExchangeProgress<HTTPObservation.Response>(clock: clock)
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    if progress.begin(continuation) { connect(progress, request) }
                }
            } onCancel: {
                progress.finish(throwing: CancellationError())
            }
        } catch {
            throw translated(error, in: progress.phase)
        }
    }

    private func connect(_ progress: ExchangeProgress<HTTPObservation.Response>, _ request: HTTPRequestHead?) {
        let limit = TimeAmount.microseconds(remaining.microseconds)
        let timer = loop.scheduleTask(in: limit) {
            progress.finish(throwing: HTTPError.timedOut(target, phase: progress.phase, after: probe.timeLimit))
        }
        let bootstrap = ClientBootstrap(group: loop)
            // Ours ends it; NIO's own limit would only end the connecting.
            .connectTimeout(limit + .seconds(1))
            // Nothing is read before the handlers are there.
            .channelOption(.autoRead, value: false)
        connect(bootstrap, progress)
            .flatMapThrowing { channel in
                guard progress.opened(channel) else { return channel.close(promise: nil) }
                progress.enter(target.isSecure ? .handshake : .waiting)
                channel.closeFuture.whenComplete { _ in timer.cancel() }
                try install(in: channel, progress, request)
                channel.setOption(.autoRead, value: true).whenFailure { progress.finish(throwing: $0) }
            }
            .whenFailure { error in
                timer.cancel()
                progress.finish(throwing: error)
            }
    }

    private func connect(
        _ bootstrap: ClientBootstrap, _ progress: ExchangeProgress<HTTPObservation.Response>
    ) -> EventLoopFuture<any Channel> {
        // An address needs no look-up, nor a thread that waits for one.
        guard let address = try? SocketAddress(ipAddress: target.host, port: target.port) else {
            let resolver = HostResolver(loop: loop, queue: queue, reach: probe.reach) { progress.enter(.connecting) }
            return bootstrap.resolver(resolver).connect(host: target.host, port: target.port)
        }
        progress.enter(.connecting)
        guard address.ipAddress.map(probe.reach.allows) ?? false else {
            return loop.makeFailedFuture(HostResolver.Forbidden())
        }
        return bootstrap.connect(to: address)
    }

    private func install(
        in channel: any Channel, _ progress: ExchangeProgress<HTTPObservation.Response>, _ request: HTTPRequestHead?
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let context {
            let isAddress = (try? SocketAddress(ipAddress: target.host, port: target.port)) != nil
            try pipeline.addHandler(
                try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : target.host))
        }
        let exchange = ExchangeHandler(
            request: request, content: content, bodyLimit: Int(probe.bodyLimit.bytes), target: target,
            progress: progress)
        guard target.isSecure else {
            try pipeline.addHandler(FirstByteHandler { progress.enter(.reading) })
            try pipeline.addHTTPClientHandlers()
            return try pipeline.addHandler(exchange)
        }
        try pipeline.addHandler(HandshakeHandler(exchange: exchange, target: target, progress: progress))
    }

    private func translated(_ error: any Error, in phase: HTTPError.Phase) -> any Error {
        switch error {
        case is HTTPError, is CancellationError: return error
        case HTTPParserError.invalidEOFState: return HTTPError.closed(target, phase: phase)
        case HTTPParserError.headerOverflow:
            return HTTPError.malformedAnswer(target, reason: "its headers are too long")
        case let error as HTTPParserError: return HTTPError.malformedAnswer(target, reason: "\(error)")
        default: break
        }
        switch ConnectionFailure(error) {
        case .forbidden: return HTTPError.forbidden(target)
        case .noSuchHost(let reason): return HTTPError.noSuchHost(target.host, reason: reason)
        case .refused: return HTTPError.refused(target)
        case .unreachable(let reason): return HTTPError.unreachable(target, reason: reason)
        case .untrusted(let certificate): return certificate
        case .handshake(let reason): return HTTPError.handshakeFailed(target, reason: reason)
        case .closed: return HTTPError.closed(target, phase: phase)
        }
    }
}

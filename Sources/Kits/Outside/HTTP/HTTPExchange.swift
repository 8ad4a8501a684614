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
        let resolver = HostResolver(loop: loop, queue: queue, reach: probe.reach) { progress.enter(.connecting) }
        ClientBootstrap(group: loop)
            .resolver(resolver)
            // Ours ends it; NIO's own limit would only end the connecting.
            .connectTimeout(limit + .seconds(1))
            // Nothing is read before the handlers are there.
            .channelOption(.autoRead, value: false)
            .connect(host: target.host, port: target.port)
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
        case let error as NIOConnectionError: return translated(error)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return UntrustedCertificate(isHostMismatch: true)
        case NIOSSLError.unableToValidateCertificate: return UntrustedCertificate(isHostMismatch: false)
        case NIOSSLError.handshakeFailed(let cause):
            let text = String(describing: cause)
            if text.contains("CERTIFICATE_VERIFY_FAILED") { return UntrustedCertificate(isHostMismatch: false) }
            return HTTPError.handshakeFailed(target, reason: Self.reason(inBoringSSL: text))
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return HTTPError.handshakeFailed(target, reason: String(describing: error))
        case HTTPParserError.invalidEOFState: return HTTPError.closed(target, phase: phase)
        case HTTPParserError.headerOverflow:
            return HTTPError.malformedAnswer(target, reason: "its headers are too long")
        case let error as HTTPParserError: return HTTPError.malformedAnswer(target, reason: "\(error)")
        case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE:
            return HTTPError.closed(target, phase: phase)
        case let error as IOError: return HTTPError.unreachable(target, reason: systemReason(error.errnoCode))
        default: return HTTPError.unreachable(target, reason: String(describing: error))
        }
    }

    /// All addresses failed: the first failure is that of the address the system prefers.
    private func translated(_ error: NIOConnectionError) -> HTTPError {
        if error.dnsAError is HostResolver.Forbidden || error.dnsAAAAError is HostResolver.Forbidden {
            return .forbidden(target)
        }
        if let failure = error.dnsAError as? HostResolver.LookUpFailure ?? error.dnsAAAAError
            as? HostResolver.LookUpFailure
        {
            return .noSuchHost(target.host, reason: failure.reason)
        }
        let numbers = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
        if numbers.contains(ECONNREFUSED) { return .refused(target) }
        if let first = numbers.first { return .unreachable(target, reason: systemReason(first)) }
        return .unreachable(target, reason: "it has no address that could be tried")
    }

    /// BoringSSL's own name for what went wrong, in words: `…:OPENSSL_internal:WRONG_VERSION_NUMBER at …`.
    static func reason(inBoringSSL text: String) -> String {
        guard let marker = text.firstRange(of: "OPENSSL_internal:") else { return text }
        let name = text[marker.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return name.isEmpty ? text : name.lowercased().replacing("_", with: " ")
    }
}

/// The handshake ended because the certificate is not trusted.
struct UntrustedCertificate: Error {
    var isHostMismatch: Bool
}

import Maintenance
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL
import NIOTLS

/// Sends one request and collects its answer; the last handler in the pipeline of its connection, or of its stream.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Nil only looks at the handshake.
    private let request: HTTPRequestHead?
    private let content: [UInt8]
    private let bodyLimit: Int
    private let target: HTTPTarget
    private let progress: ExchangeProgress<HTTPObservation.Response>
    private var response: HTTPObservation.Response?
    private var isSent = false

    init(
        request: HTTPRequestHead?, content: [UInt8], bodyLimit: Int, target: HTTPTarget,
        progress: ExchangeProgress<HTTPObservation.Response>
    ) {
        self.request = request
        self.content = content
        self.bodyLimit = bodyLimit
        self.target = target
        self.progress = progress
    }

    /// Once: a connection that is active when its handler comes may still be about to say so.
    private func send(in context: ChannelHandlerContext) {
        guard !isSent else { return }
        isSent = true
        guard let request else { return progress.finish(with: nil) }
        progress.enter(.waiting)
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        if !content.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: content)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { send(in: context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        send(in: context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            progress.enter(.reading)
            response = HTTPObservation.Response(
                status: Int(head.status.code), version: head.version.major == 2 ? "2" : "1.1",
                headers: head.headers.map { ($0.name, $0.value) }, body: [], isBodyCut: false)
        case .body(let buffer):
            guard var answer = response else { return }
            // Taken out, so that the body is not copied with every part.
            response = nil
            answer.body.append(contentsOf: buffer.readableBytesView.prefix(bodyLimit - answer.body.count))
            answer.isBodyCut = answer.body.count == bodyLimit && buffer.readableBytes > 0
            if answer.isBodyCut { progress.finish(with: answer) } else { response = answer }
        case .end:
            if let response { progress.finish(with: response) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many servers close without TLS's farewell; whether the answer was whole HTTP's own framing says.
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        progress.finish(throwing: error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        progress.finish(throwing: HTTPError.closed(target, phase: progress.phase))
        context.fireChannelInactive()
    }
}

/// Waits for the handshake, and goes on with what was agreed to be spoken.
final class HandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = Never

    private let exchange: ExchangeHandler
    private let target: HTTPTarget
    private let progress: ExchangeProgress<HTTPObservation.Response>

    init(exchange: ExchangeHandler, target: HTTPTarget, progress: ExchangeProgress<HTTPObservation.Response>) {
        self.exchange = exchange
        self.target = target
        self.progress = progress
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSUserEvent, case .handshakeCompleted(let agreed) = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        do {
            let operations = context.pipeline.syncOperations
            guard let certificate = try operations.nioSSL_peerCertificate() else {
                throw NIOSSLError.noCertificateToValidate
            }
            progress.shookHands(try TLSFacts(certificate, version: try operations.nioSSL_tlsVersion()))
            if agreed == "h2" { try speakHTTP2(in: context) } else { try speakHTTP1(in: context) }
        } catch {
            progress.finish(throwing: error)
        }
    }

    private func speakHTTP1(in context: ChannelHandlerContext) throws {
        let operations = context.pipeline.syncOperations
        try operations.addHandler(FirstByteHandler { [progress] in progress.enter(.reading) })
        try operations.addHTTPClientHandlers()
        try operations.addHandler(exchange)
    }

    /// One stream, with the codec that makes of it what HTTP/1.1 would have been. What the server says beside it is not
    /// listened to: pushes are refused, as RFC 9113 (section 8.4) lets a client.
    private func speakHTTP2(in context: ChannelHandlerContext) throws {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [HTTP2Setting(parameter: .enablePush, value: 0)] + nioDefaultSettings
        let exchange = NIOLoopBound(exchange, eventLoop: context.eventLoop)
        let operations = context.channel.pipeline.syncOperations
        let multiplexer = try operations.configureHTTP2Pipeline(
            mode: .client, connectionConfiguration: connection, streamConfiguration: .init()
        ) { $0.close() }
        try operations.addHandler(ConnectionEndHandler(target: target, progress: progress))
        let promise = context.eventLoop.makePromise(of: (any Channel).self)
        promise.futureResult.whenFailure { [progress] in progress.finish(throwing: $0) }
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .https))
                try stream.pipeline.syncOperations.addHandler(exchange.value)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many servers close without TLS's farewell; whether the answer was whole HTTP's own framing says.
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        progress.finish(throwing: error)
    }
}

/// Behind HTTP/2's own handler: what ends the connection ends the exchange, whatever becomes of its stream.
final class ConnectionEndHandler: ChannelInboundHandler {
    typealias InboundIn = Never

    private let target: HTTPTarget
    private let progress: ExchangeProgress<HTTPObservation.Response>

    init(target: HTTPTarget, progress: ExchangeProgress<HTTPObservation.Response>) {
        self.target = target
        self.progress = progress
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { progress.finish(throwing: error) }

    func channelInactive(context: ChannelHandlerContext) {
        progress.finish(throwing: HTTPError.closed(target, phase: progress.phase))
    }
}

/// Notes when the first byte of the answer is there.
final class FirstByteHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let arrived: () -> Void

    init(_ arrived: @escaping () -> Void) { self.arrived = arrived }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived()
        context.fireChannelRead(data)
    }
}

extension TLSFacts {
    /// As trusted: whoever knows better says so.
    init(_ certificate: NIOSSLCertificate, version: TLSVersion?) throws {
        let names = CertificateNames(der: try certificate.toDERBytes())
        self.init(
            version: version?.officialName ?? "unknown", subject: names.subject,
            issuer: names.issuer, notBefore: Timestamp(seconds: Double(certificate.notValidBefore)),
            notAfter: Timestamp(seconds: Double(certificate.notValidAfter)), verification: .verified)
    }

    /// Why a certificate that was not taken was not; BoringSSL itself says only that it was not.
    func reason(for host: String, isHostMismatch: Bool, at now: Timestamp) -> String {
        if isHostMismatch { return "the certificate, made out to '\(subject.printable)', is not for '\(host)'" }
        if notAfter < now { return "the certificate expired on \(notAfter)" }
        if notBefore > now { return "the certificate is not valid before \(notBefore)" }
        if subject == issuer { return "the certificate is self-signed" }
        return "no trusted authority signed the certificate (its issuer is '\(issuer.printable)')"
    }
}

extension TLSVersion {
    fileprivate var officialName: String {
        switch self {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        }
    }
}

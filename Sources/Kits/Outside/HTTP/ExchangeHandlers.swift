import Maintenance
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// Sends one request and collects its answer; the last handler of its connection's pipeline.
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

    func send(in context: ChannelHandlerContext) {
        guard let request else { return progress.finish(with: nil) }
        progress.enter(.waiting)
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        if !content.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: content)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if !target.isSecure { send(in: context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            do {
                let operations = context.pipeline.syncOperations
                guard let certificate = try operations.nioSSL_peerCertificate() else {
                    throw NIOSSLError.noCertificateToValidate
                }
                progress.shookHands(try TLSFacts(certificate, version: try operations.nioSSL_tlsVersion()))
                send(in: context)
            } catch {
                progress.finish(throwing: error)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            response = HTTPObservation.Response(
                status: Int(head.status.code), headers: head.headers.map { ($0.name, $0.value) }, body: [],
                isBodyCut: false)
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

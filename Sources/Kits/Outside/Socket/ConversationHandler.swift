import Maintenance
import NIOCore
import NIOSSL
import NIOTLS

/// Holds one conversation; the last handler of its connection's pipeline. Made and used on its event loop alone.
final class ConversationHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let probe: SocketProbe
    private let context: NIOSSLContext
    private let progress: ExchangeProgress<[UInt8]>
    private var conversation: any Conversation
    private var isSecuring = false

    init(_ probe: SocketProbe, _ context: NIOSSLContext, _ progress: ExchangeProgress<[UInt8]>) {
        self.probe = probe
        self.context = context
        self.progress = progress
        conversation = probe.conversation
    }

    /// What was heard until now, where that may count; else the error.
    func timeIsOver(_ error: SocketError) {
        let isTalking = progress.phase == .waiting || progress.phase == .reading
        if isTalking, conversation.mayBeCutShort {
            progress.finish(with: conversation.heard)
        } else {
            progress.finish(throwing: error)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        move(conversation.begin(), context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        progress.enter(.reading)
        move(conversation.receive(Array(buffer: unwrapInboundIn(data))), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            do {
                let operations = context.pipeline.syncOperations
                guard let certificate = try operations.nioSSL_peerCertificate() else {
                    throw NIOSSLError.noCertificateToValidate
                }
                progress.shookHands(try TLSFacts(certificate, version: try operations.nioSSL_tlsVersion()))
                isSecuring = false
                progress.enter(.waiting)
                move(conversation.begin(), context)
            } catch {
                progress.finish(throwing: error)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        progress.finish(throwing: error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isSecuring {
            progress.finish(
                throwing: SocketError.handshakeFailed(probe.address, reason: "it closed the connection"))
        } else {
            move(conversation.end(), context)
        }
        context.fireChannelInactive()
    }

    private func move(_ move: ConversationMove, _ context: ChannelHandlerContext) {
        switch move {
        case .wait: break
        case .send(let bytes):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .finish(let bytes):
            let sent = context.eventLoop.makePromise(of: Void.self)
            sent.futureResult.whenComplete { [progress] result in
                switch result {
                case .success: progress.finish(with: [])
                case .failure(let error): progress.finish(throwing: error)
                }
            }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: sent)
        case .startTLS:
            progress.enter(.handshake)
            isSecuring = true
            do {
                let name = probe.serverName ?? probe.host
                let isAddress = (try? SocketAddress(ipAddress: name, port: probe.port)) != nil
                let handler = try NIOSSLClientHandler(context: self.context, serverHostname: isAddress ? nil : name)
                try context.pipeline.syncOperations.addHandler(handler, position: .first)
            } catch {
                progress.finish(throwing: error)
            }
        case .done: progress.finish(with: conversation.heard)
        case .fail(let reason): progress.finish(throwing: SocketError.unexpected(probe.address, reason: reason))
        }
    }
}

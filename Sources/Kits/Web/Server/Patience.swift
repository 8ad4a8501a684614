import Maintenance
import NIOCore
import NIOHTTP1

/// Ends a connection whose client keeps us waiting: for a request's head, for its body, or by not taking what is written.
///
/// Each wait is for the whole of something, so that a byte now and then does not prolong it (the "slow HTTP" attacks).
/// It stands behind the decoder, whose times it measures from the connection on.
final class Patience: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: WebLimits
    private var reading: Scheduled<Void>?
    private var writing: Scheduled<Void>?
    private var unwritten = 0
    /// A request has begun to come and its answer has not been written yet; the next may come with the last one's bytes.
    private var isInHand = false

    init(_ limits: WebLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { wait(limits.requestTime, context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        wait(limits.requestTime, context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isInHand = true
            wait(limits.requestTime, context)
        case .body: break
        case .end: reading?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        let promise = promise ?? context.eventLoop.makePromise()
        if isEnd { isInHand = false }
        unwritten += 1
        if unwritten == 1 { watch(context) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let patience = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { result in
            patience.value.wrote(isEnd: isEnd, isWell: (try? result.get()) != nil, bound.value)
        }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        reading?.cancel()
        writing?.cancel()
        context.fireChannelInactive()
    }

    private func wrote(isEnd: Bool, isWell: Bool, _ context: ChannelHandlerContext) {
        unwritten -= 1
        writing?.cancel()
        if unwritten > 0 { watch(context) }
        if isEnd, isWell, !isInHand { wait(limits.idleTime, context) }
    }

    private func wait(_ time: Duration, _ context: ChannelHandlerContext) {
        reading?.cancel()
        reading = close(after: time, context)
    }

    private func watch(_ context: ChannelHandlerContext) {
        writing?.cancel()
        writing = close(after: limits.writeTime, context)
    }

    private func close(after time: Duration, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let channel = context.channel
        return context.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(mode: .all, promise: nil) }
    }
}

/// The parts an answer is made of here, as the encoder of NIO takes them.
final class AnswerParts: ChannelOutboundHandler {
    typealias OutboundIn = HTTPPart<HTTPResponseHead, ByteBuffer>
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}

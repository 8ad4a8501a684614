import Maintenance
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Outside

/// HTTP/1.1 for strangers: it hands whole, well-formed requests to one function and sends what that answers.
///
/// The protocol is NIO's, the limits on what anybody may send, and on how long they may take, are ours (`WebLimits`). One
/// task per connection, all of them inside `run`: when that is cancelled, no new connection is taken, what has begun is
/// answered, and everything has ended when it returns.
package struct WebServer: Sendable {
    package var address: WebAddress
    package var limits: WebLimits
    private let certificates: WebCertificates?
    private let clock: WallClock
    private let group: any EventLoopGroup

    /// - Parameter certificates: nil for plain HTTP.
    package init(
        _ address: WebAddress, limits: WebLimits = WebLimits(), certificates: WebCertificates? = nil, clock: WallClock
    ) {
        self.address = address
        self.limits = limits
        self.certificates = certificates
        self.clock = clock
        group = MultiThreadedEventLoopGroup.singleton
    }

    /// Serves until it is cancelled; throws where it cannot listen.
    ///
    /// - Parameters:
    ///   - listening: is told where, once it does; the port is the one it got where `0` was asked for.
    ///   - refusing: is told of each connection that is closed at once because there are too many, and how many there are.
    package func run(
        listening: @Sendable (WebAddress) -> Void = { _ in },
        refusing: @escaping @Sendable (Int) -> Void = { _ in },
        answer: @escaping @Sendable (WebRequest) async -> WebResponse
    ) async throws {
        let listener = try await listen()
        let port = listener.channel.localAddress?.port ?? address.port
        listening(WebAddress(host: address.host, port: port))
        let conversation = Conversation(
            limits: limits, clock: clock, isSecure: certificates != nil, answer: answer)
        let count = ConnectionCount(limits)
        try await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    let peer = connection.remoteAddress?.ipAddress ?? ""
                    guard count.take(peer) else {
                        connection.close(mode: .all, promise: nil)
                        refusing(count.open)
                        continue
                    }
                    group.addTask {
                        await conversation.run(connection)
                        count.give(peer)
                    }
                }
            }
        }
        try Task.checkCancellation()
        throw WebError.cannotListen(address, reason: "the system stopped taking connections")
    }

    /// Connections come as they are and are read only when somebody takes them: one that nobody takes, because there are
    /// too many or the server is stopped, is just closed.
    private func listen() async throws -> NIOAsyncChannel<any Channel, Never> {
        // A certificate that cannot be used is found here and not by the first visitor.
        _ = try certificates?.context()
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 512)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.autoRead, value: false)
                .bind(host: address.host, port: address.port) { [limits, certificates] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let certificates {
                            try pipeline.addHandler(NIOSSLServerHandler(context: try certificates.context()))
                        }
                        try pipeline.configureHTTPServerPipeline(
                            withErrorHandling: true, withEncoderConfiguration: .init(),
                            withDecoderLimitConfiguration: limits.decoder)
                        try pipeline.addHandlers(Patience(limits), AnswerParts())
                        return channel
                    }
                }
        } catch let error as IOError {
            throw WebError.cannotListen(address, reason: systemReason(error.errnoCode))
        } catch let error as WebError {
            throw error
        } catch {
            throw WebError.cannotListen(address, reason: String(describing: error).printable)
        }
    }
}

import Dispatch
import Glibc
import NIOCore
import NIOPosix

/// Looks a name up with getaddrinfo(3), which blocks, on a queue of its own: neither an event loop nor the cooperative
/// pool waits, and one dead name does not hold up the others (NIO's own resolver has one thread an event loop).
///
/// One look-up each; the answer comes for both address families at once.
final class HostResolver: Resolver, Sendable {
    private let queue: DispatchQueue
    private let version4: EventLoopPromise<[SocketAddress]>
    private let version6: EventLoopPromise<[SocketAddress]>
    private let finished: @Sendable () -> Void

    private let reach: Reach

    init(
        loop: any EventLoop, queue: DispatchQueue, reach: Reach = .anywhere,
        finished: @escaping @Sendable () -> Void
    ) {
        self.reach = reach
        version4 = loop.makePromise()
        version6 = loop.makePromise()
        self.queue = queue
        self.finished = finished
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { version4.futureResult }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        queue.async {
            let result = Self.lookUp(host: host, port: port).flatMap { self.allowed($0) }
            self.finished()
            // In this order and in one tick, or NIO waits for the second answer before it connects.
            self.version6.futureResult.eventLoop.execute {
                switch result {
                case .success(let addresses):
                    self.version6.succeed(addresses.filter { $0.protocol == .inet6 })
                    self.version4.succeed(addresses.filter { $0.protocol == .inet })
                case .failure(let error):
                    self.version6.fail(error)
                    self.version4.fail(error)
                }
            }
        }
        return version6.futureResult
    }

    /// getaddrinfo cannot be ended; its answer is dropped.
    func cancelQueries() {}

    /// The name leads only to addresses that may not be spoken to.
    struct Forbidden: Error {}

    private func allowed(_ addresses: [SocketAddress]) -> Result<[SocketAddress], any Error> {
        let allowed = addresses.filter { $0.ipAddress.map(reach.allows) ?? false }
        return allowed.isEmpty && !addresses.isEmpty ? .failure(Forbidden()) : .success(allowed)
    }

    struct LookUpFailure: Error {
        var reason: String
    }

    private static func lookUp(host: String, port: Int) -> Result<[SocketAddress], any Error> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            let reason = code == EAI_SYSTEM ? systemReason(errno) : String(cString: gai_strerror(code))
            return .failure(LookUpFailure(reason: reason.prefix(1).lowercased() + reason.dropFirst()))
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let address = current.pointee.ai_addr {
                let raw = UnsafeRawPointer(address)
                switch current.pointee.ai_family {
                case AF_INET: addresses.append(SocketAddress(raw.load(as: sockaddr_in.self), host: host))
                case AF_INET6: addresses.append(SocketAddress(raw.load(as: sockaddr_in6.self), host: host))
                default: break
                }
            }
            entry = current.pointee.ai_next
        }
        return .success(addresses)
    }
}

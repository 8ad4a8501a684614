import Glibc
import Testing

/// A port of 127.0.0.1 that nobody uses, or on which somebody listens and never says a word.
final class FreePort: Sendable {
    let port: Int
    private let descriptor: Int32
    private let isListening: Bool

    init(listening: Bool = false) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
        if listening { try #require(listen(descriptor, 8) == 0) } else { close(descriptor) }
        isListening = listening
        self.descriptor = descriptor
    }

    deinit { if isListening { close(descriptor) } }

    /// Returns when somebody has connected.
    func acceptOne() {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&poller, 1, 10_000)
    }
}

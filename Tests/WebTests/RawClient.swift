import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Synchronization
import Testing
import Web

/// A client without manners: it sends the bytes it is told to, and reads until the other side closes or has said enough.
final class RawClient: Sendable {
    private let socket: Int32
    private let blocking = Blocking(label: "raw-client")

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(socket >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
    }

    deinit { close(socket) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// A server that has closed already is no failure of the one who sends.
    func send(_ bytes: [UInt8]) async throws {
        let socket = socket
        try await blocking.run { _ in
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { return }
                rest = rest.dropFirst(sent)
            }
        }
    }

    /// All that comes until the other side closes, or until `text` has come.
    func read(until text: String? = nil) async throws -> String {
        let socket = socket
        return try await blocking.run { _ in
            var time = timeval(tv_sec: 60, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(socket, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                bytes += buffer[..<count]
                if let text, String(decoding: bytes, as: UTF8.self).contains(text) { break }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// One request on a connection of its own.
    static func exchange(_ text: String, port: Int) async throws -> String {
        let client = try RawClient(port: port)
        try await client.send(text)
        return try await client.read()
    }
}

/// Runs a server on a port of the system's choice while `body` talks to it.
func withServer<Value: Sendable>(
    _ limits: WebLimits = WebLimits(), certificates: WebCertificates? = nil,
    answer: @escaping @Sendable (WebRequest) async -> WebResponse = { request in
        WebResponse(
            text:
                "\(request.method.rawValue) \(request.path) \(request.query.sorted { $0.key < $1.key }) \(request.body.count)\n"
        )
    },
    _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> Value {
    let server = WebServer(
        WebAddress(host: "127.0.0.1", port: 0), limits: limits, certificates: certificates, clock: .system)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
            try await server.run(listening: { continuation.yield($0.port) }, answer: answer)
            return nil
        }
        group.addTask {
            for await port in ports { return try await body(port) }
            return nil
        }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}

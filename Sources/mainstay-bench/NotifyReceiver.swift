import Foundation
import Glibc
import Synchronization

/// Takes webhooks on the loopback address and notes when the message about each resource was there.
final class NotifyReceiver: Sendable {
    let port: Int
    private let socket: Int32
    private let arrivals = Mutex<[String: ContinuousClock.Instant]>([:])

    struct Unusable: Error {}

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 1_024) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isBound else { throw Unusable() }
        port = Int(UInt16(bigEndian: address.sin_port))
        for _ in 0..<4 { Thread.detachNewThread { self.serve() } }
    }

    func arrival(of resource: String) -> ContinuousClock.Instant? { arrivals.withLock { $0[resource] } }

    private func serve() {
        while true {
            let connection = accept(socket, nil, nil)
            guard connection >= 0 else { return }
            take(connection)
            close(connection)
        }
    }

    private func take(_ connection: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !Self.isWhole(bytes) {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            bytes += buffer.prefix(count)
        }
        let now = ContinuousClock.now
        if let resource = Self.resource(bytes) { arrivals.withLock { $0[resource] = $0[resource] ?? now } }
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        let words = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).lowercased()
        guard let length = words.firstRange(of: "content-length: "),
            let count = Int(words[length.upperBound...].prefix { $0.isNumber })
        else { return false }
        return bytes.count - head.upperBound >= count
    }

    private static func resource(_ bytes: [UInt8]) -> String? {
        guard let place = bytes.firstRange(of: Array("\"resource\":\"".utf8)) else { return nil }
        return String(decoding: bytes[place.upperBound...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }
}

import Maintenance
import NIOCore
import NIOHTTP1
import Outside

/// One connection, one exchange after the other, until either side has had enough.
struct Conversation: Sendable {
    typealias Parts = NIOAsyncChannel<HTTPServerRequestPart, HTTPPart<HTTPResponseHead, ByteBuffer>>
    typealias Writer = NIOAsyncChannelOutboundWriter<HTTPPart<HTTPResponseHead, ByteBuffer>>

    let limits: WebLimits
    let clock: WallClock
    let isSecure: Bool
    let answer: @Sendable (WebRequest) async -> WebResponse

    /// Returns when the connection is closed; what went wrong with it concerns nobody but its client.
    func run(_ channel: any Channel) async {
        let peer = channel.remoteAddress?.ipAddress ?? ""
        do {
            let connection = try await channel.eventLoop.submit { try Parts(wrappingChannelSynchronously: channel) }
                .get()
            channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(mode: .all, promise: nil) }
            try await connection.executeThenClose { inbound, outbound in
                var parts = inbound.makeAsyncIterator()
                while let read = try await read(&parts, peer: peer) {
                    guard try await reply(to: read, outbound) else { break }
                }
            }
        } catch {
            // The client went away, broke off, or spoke something that is no HTTP.
        }
    }

    /// What came, and what has to be said to it without looking further.
    private enum Read: Sendable {
        case request(WebRequest, isKept: Bool, version: HTTPVersion)
        case refused(Int, version: HTTPVersion)
    }

    private static let foreignMethods: Set<String> = ["PATCH", "TRACE", "CONNECT", "QUERY"]

    /// Nil where the client has closed.
    private func read(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator, peer: String
    ) async throws -> Read? {
        guard case .head(let head)? = try await parts.next() else { return nil }
        guard let target = WebTarget.parse(head.uri) else { return .refused(400, version: head.version) }
        guard let method = WebRequest.Method(rawValue: head.method.rawValue) else {
            // Methods that are known elsewhere are not allowed here; others nobody knows (RFC 9110, 15.5.6 and 15.6.2).
            let isKnown = Self.foreignMethods.contains(head.method.rawValue)
            return .refused(isKnown ? 405 : 501, version: head.version)
        }
        let size = head.uri.utf8.count + head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard size <= limits.head else { return .refused(431, version: head.version) }
        // One host and no more than one (RFC 9112, 3.2).
        guard head.headers["host"].count == 1 || head.version == .http1_0 else {
            return .refused(400, version: head.version)
        }
        let most = limits.body(target.path)
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > most {
            return .refused(413, version: head.version)
        }
        var body: [UInt8] = []
        reading: while let part = try await parts.next() {
            switch part {
            case .head: return nil
            case .body(let buffer):
                guard body.count + buffer.readableBytes <= most else {
                    return .refused(413, version: head.version)
                }
                body.append(contentsOf: buffer.readableBytesView)
            case .end: break reading
            }
        }
        var request = WebRequest(
            method: method, path: target.path, query: target.query,
            headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body, peer: peer,
            isSecure: isSecure)
        if !request.query.isEmpty { request.repeated = WebTarget.repeated(in: head.uri) }
        return .request(request, isKept: head.isKeepAlive, version: head.version)
    }

    /// Whether the connection stays open.
    private func reply(to read: Read, _ writer: Writer) async throws -> Bool {
        switch read {
        case .refused(let status, let version):
            // RFC 9457, 4.2.1: nothing more is known than what the status says.
            let title = HTTPResponseStatus(statusCode: status).reasonPhrase
            let problem = #"{"status":\#(status),"title":"\#(title)","type":"about:blank"}"#
            var response = WebResponse(status, Array("\(problem)\n".utf8), type: "application/problem+json")
            if status == 405 {
                response.set("Allow", WebRequest.Method.allCases.map(\.rawValue).joined(separator: ", "))
            }
            SecurityHeaders.add(to: &response, isSecure: isSecure)
            try await write(response, Terms(isKept: false, hasBody: true, version: version), writer)
            return false
        case .request(let request, let isKept, let version):
            // What a request has begun is answered although the server is being stopped, for a while.
            let isStopping = Task.isCancelled
            let response = try await despiteCancellation(for: limits.grace, by: clock) {
                var response = await answer(request)
                SecurityHeaders.add(to: &response, isSecure: isSecure)
                guard case .bytes = response.body else { return response }
                let terms = Terms(
                    isKept: isKept && !isStopping, hasBody: request.method != .head, version: version)
                try await write(response, terms, writer)
                return response
            }
            guard case .stream(let body) = response.body else { return isKept && !Task.isCancelled }
            try await stream(response, body, hasBody: request.method != .head, version, writer)
            return false
        }
    }

    private struct Terms {
        var isKept: Bool
        var hasBody: Bool
        var version: HTTPVersion
    }

    private func write(_ response: WebResponse, _ terms: Terms, _ writer: Writer) async throws {
        guard case .bytes(let bytes) = response.body else { return }
        var headers = fields(of: response)
        // Neither says anything about a body (RFC 9110, 8.6).
        if response.status != 204, response.status != 304 {
            headers.add(name: "Content-Length", value: String(bytes.count))
        }
        headers.add(name: "Connection", value: terms.isKept ? "keep-alive" : "close")
        let head = HTTPResponseHead(
            version: terms.version, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        guard terms.hasBody, !bytes.isEmpty else {
            return try await writer.write(contentsOf: [.head(head), .end(nil)])
        }
        try await writer.write(contentsOf: [.head(head), .body(ByteBuffer(bytes: bytes)), .end(nil)])
    }

    private func stream(
        _ response: WebResponse, _ body: (WebStream) async throws -> Void, hasBody: Bool, _ version: HTTPVersion,
        _ writer: Writer
    ) async throws {
        var headers = fields(of: response)
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(
            version: version, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        try await writer.write(.head(head))
        if hasBody {
            try await body(WebStream { try await writer.write(.body(ByteBuffer(bytes: $0))) })
        }
        try await writer.write(.end(nil))
    }

    private func fields(of response: WebResponse) -> HTTPHeaders {
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.add(name: "Date", value: clock.now().httpDate)
        return headers
    }
}

extension Timestamp {
    /// `Sun, 22 Nov 2026 04:28:28 GMT` (RFC 9110, 5.6.7).
    package var httpDate: String {
        let civil = CivilTime(self)
        let days = CivilTime.daysSince1970(year: civil.year, month: civil.month, day: civil.day)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[((days % 7) + 7) % 7]
        return "\(weekday), \(civil.day.padded(2)) \(months[civil.month - 1]) \(civil.year.padded(4)) \(civil.time) GMT"
    }
}

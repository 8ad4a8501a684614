import Maintenance
import Page

/// One answer: whole, or a stream that goes on as long as there is something to say.
package struct WebResponse: Sendable {
    package var status: Int
    /// In the order they are sent. `Content-Length`, `Date` and `Connection` are the server's.
    package private(set) var headers: [(name: String, value: String)] = []
    package var body: Body

    package enum Body: Sendable {
        case bytes([UInt8])
        /// Writes until it returns or throws; it is cancelled where the client goes away or the server is stopped.
        case stream(@Sendable (WebStream) async throws -> Void)
    }

    package init(_ status: Int, _ body: [UInt8] = [], type: String? = nil) {
        self.status = status
        self.body = .bytes(body)
        if let type { set("Content-Type", type) }
    }

    package init(_ status: Int = 200, html: HTML) {
        self.init(status, html.bytes, type: "text/html; charset=utf-8")
    }

    package init(_ status: Int = 200, text: String) {
        self.init(status, Array(text.utf8), type: "text/plain; charset=utf-8")
    }

    /// Server-sent events (HTML Standard, 9.2).
    package init(events body: @escaping @Sendable (WebStream) async throws -> Void) {
        status = 200
        self.body = .stream(body)
        set("Content-Type", "text/event-stream; charset=utf-8")
        set("Cache-Control", "no-store")
        // Proxies that gather answers would keep events back (nginx, "X-Accel-Buffering").
        set("X-Accel-Buffering", "no")
    }

    /// To another page of ours, which is got then (RFC 9110, 15.4.4).
    package static func see(_ location: String) -> WebResponse {
        var response = WebResponse(303)
        response.set("Location", location)
        return response
    }

    /// Takes the place of a field of that name. Whatever a value brings along, it stays one field: controls become
    /// spaces.
    package mutating func set(_ name: String, _ value: String) {
        headers.removeAll { $0.name.lowercased() == name.lowercased() }
        add(name, value)
    }

    /// Beside others of that name, as `Set-Cookie` needs it.
    package mutating func add(_ name: String, _ value: String) {
        let isClean = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
        headers.append(
            (
                name,
                isClean
                    ? value : String(decoding: value.utf8.map { $0 >= 0x20 && $0 != 0x7f ? $0 : 0x20 }, as: UTF8.self)
            ))
    }

    package subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Where the body of an answer goes, piece by piece.
package struct WebStream: Sendable {
    let send: @Sendable ([UInt8]) async throws -> Void

    package init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) { self.send = send }

    package func write(_ bytes: [UInt8]) async throws { try await send(bytes) }

    /// One event; its data in as many lines as it has.
    package func send(event name: String, id: String? = nil, data: String) async throws {
        var text = id.map { "id: \($0.printable)\n" } ?? ""
        text += "event: \(name.printable)\n"
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            text += "data: \(line)\n"
        }
        try await write(Array((text + "\n").utf8))
    }

    /// A line that says nothing but that somebody is there; a client that is gone shows at it.
    package func keepAlive() async throws { try await write(Array(":\n\n".utf8)) }
}

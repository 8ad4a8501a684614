import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Page
import Synchronization
import Testing
import Web

@Suite("the web server")
struct WebServerTests {
    @Test("a request is answered with its length, its date and the headers that protect a browser")
    func answers() async throws {
        let answer = try await withServer { port in
            try await RawClient.exchange(
                "GET /a%20b/c?x=1&y=a+b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: port)
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("GET [\"a b\", \"c\"] [(key: \"x\", value: \"1\"), (key: \"y\", value: \"a b\")] 0\n"))
        for field in [
            "Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
            "Referrer-Policy: same-origin", "Cache-Control: no-store", "Date: ", "Content-Length: 70",
        ] {
            #expect(answer.contains("\r\n\(field)"), "\(field) is missing in \(answer)")
        }
        #expect(!answer.contains("Strict-Transport-Security"))
        #expect(!answer.contains("unsafe-inline"))
    }

    @Test("a name that stands several times in the query is told, however it is written")
    func tellsRepeated() async throws {
        let answer = try await withServer(answer: {
            WebResponse(text: "\($0.repeated.sorted()) \($0.query["a"] ?? "")\n")
        }) {
            try await RawClient.exchange(
                "GET /?a=1&b=2&%61=3&c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: $0)
        }
        #expect(answer.hasSuffix("[\"a\"] 3\n"), "\(answer)")
    }

    @Test("one connection carries several requests, also those that were sent before the first was answered")
    func keepsConnections() async throws {
        let answer = try await withServer { port in
            try await RawClient.exchange(
                "GET /one HTTP/1.1\r\nHost: x\r\n\r\nPOST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                    + "GET /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: port)
        }
        let first = try #require(answer.range(of: "GET [\"one\"]"))
        let second = try #require(answer.range(of: "POST [\"two\"] [] 3"))
        let third = try #require(answer.range(of: "GET [\"three\"]"))
        #expect(first.upperBound < second.lowerBound && second.upperBound < third.lowerBound)
    }

    @Test("HEAD gets the headers of GET and no body")
    func answersHead() async throws {
        let answer = try await withServer { port in
            try await RawClient.exchange("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: port)
        }
        #expect(answer.contains("Content-Length: 13"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test(
        "what is not a whole and clear request never reaches the one who answers",
        arguments: [
            ("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /%2e%2e/x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%2fb HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /a%5cb HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /a%0d%0ab HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /a//b HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /x?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            ("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405), ("MKCOL / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
            ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("NONSENSE\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        ])
    func refuses(request: String, status: Int) async throws {
        let reached = Mutex(0)
        let answer = try await withServer { _ in
            reached.withLock { $0 += 1 }
            return WebResponse(text: "reached")
        } _: { port in
            try await RawClient.exchange(request, port: port)
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) ") || answer.hasPrefix("HTTP/1.0 \(status) "), "\(answer)")
        #expect(reached.withLock { $0 } == 0)
    }

    @Test("a head or a body larger than the limit is refused, whether its length was announced or not")
    func refusesLarge() async throws {
        var limits = WebLimits()
        limits.body = 1_000
        let answers = try await withServer(limits) { port in
            let head = "GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n"
            let chunk =
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "200\r\n\(String(repeating: "a", count: 512))\r\n", count: 3) + "0\r\n\r\n"
            return [
                try await RawClient.exchange(head, port: port), try await RawClient.exchange(chunk, port: port),
            ]
        }
        #expect(answers.first?.hasPrefix("HTTP/1.1 431 ") == true)
        #expect(answers.last?.hasPrefix("HTTP/1.1 413 ") == true)
    }

    @Test(
        "whoever takes too long is shown out, at the head, in the body and between requests",
        arguments: ["GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", ""])
    func showsSlowOut(sent: String) async throws {
        var limits = WebLimits()
        limits.requestTime = .milliseconds(150)
        limits.idleTime = .milliseconds(150)
        let answer = try await withServer(limits) { port in
            try await RawClient.exchange(sent, port: port)
        }
        #expect(answer.isEmpty)
    }

    @Test("a client that takes nothing of what it asked for is shown out")
    func showsDeafOut() async throws {
        var limits = WebLimits()
        limits.writeTime = .milliseconds(200)
        let ended = Mutex(false)
        try await withServer(limits) { _ in
            WebResponse { stream in
                defer { ended.withLock { $0 = true } }
                while true { try await stream.write([UInt8](repeating: 65, count: 1_048_576)) }
            }
        } _: { port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually("the stream ends") { ended.withLock { $0 } }
            withExtendedLifetime(client) {}
        }
    }

    @Test("beyond the number of connections one more is closed, and the others go on")
    func limitsConnections() async throws {
        var limits = WebLimits()
        limits.connections = 2
        try await withServer(limits) { port in
            let first = try RawClient(port: port)
            let second = try RawClient(port: port)
            for client in [first, second] {
                try await client.send("GET /kept HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.read(until: "kept").contains("200 OK"))
            }
            #expect(try await RawClient.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n", port: port).isEmpty)
            try await first.send("GET /again HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(try await first.read().contains("again"))
        }
    }

    @Test(
        "streams that stay open are as many as the limit, the rest are closed and told, and a place that is free is given"
    )
    func limitsStreams() async throws {
        var limits = WebLimits()
        limits.connections = 40
        let refused = Refusals()
        let server = WebServer(WebAddress(host: "127.0.0.1", port: 0), limits: limits, clock: .system)
        let (ports, tell) = AsyncStream.makeStream(of: Int.self)
        let request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run(listening: { tell.yield($0.port) }) { open in
                    refused.add(open)
                } answer: { _ in
                    WebResponse { stream in
                        while true {
                            try await stream.keepAlive()
                            try await WallClock.system.sleep(for: .milliseconds(20))
                        }
                    }
                }
            }
            group.addTask {
                for await port in ports {
                    var clients: [RawClient] = []
                    for _ in 1...40 {
                        let client = try RawClient(port: port)
                        try await client.send(request)
                        #expect(try await client.read(until: ":\n\n").contains("200 OK"))
                        clients.append(client)
                    }
                    for _ in 1...10 { #expect(try await RawClient.exchange(request, port: port).isEmpty) }
                    try await eventually("each of them was told") { refused.all.count == 10 }
                    #expect(refused.all.allSatisfy { $0 == 40 })
                    // Those that are there go on.
                    #expect(try await clients[0].read(until: ":\n\n").contains(":\n\n"))
                    clients.removeLast(5)
                    try await eventually("a place is free") {
                        let client = try RawClient(port: port)
                        try await client.send(request)
                        return try await client.read(until: ":\n\n").contains("200 OK")
                    }
                    return
                }
            }
            defer { group.cancelAll() }
            // The first to end: the server where it cannot listen, else the clients.
            try await group.next()
        }
    }

    @Test("a stopped server answers what has begun, ends streams, and takes nothing more")
    func stopsGracefully() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let server = WebServer(WebAddress(host: "127.0.0.1", port: 0), clock: .system)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let serving = Task {
            // Stands for `serve`, which cancels its services.
            try await server.run(listening: { port.yield($0.port) }) { _ in
                begin.yield()
                for await _ in gate { break }
                return WebResponse(text: "whole")
            }
        }
        var iterator = ports.makeAsyncIterator()
        let listening = try #require(await iterator.next())
        let client = try RawClient(port: listening)
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        var begun = began.makeAsyncIterator()
        _ = await begun.next()
        serving.cancel()
        open.yield()
        #expect(try await client.read().hasSuffix("whole"))
        await #expect(throws: (any Error).self) { try await serving.value }
        // The port is free again at once.
        let next = WebServer(WebAddress(host: "127.0.0.1", port: listening), clock: .system)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (ready, tell) = AsyncStream.makeStream(of: Void.self)
            group.addTask { try await next.run(listening: { _ in tell.yield() }) { _ in WebResponse(text: "next") } }
            group.addTask {
                for await _ in ready { break }
                let answer = try await RawClient.exchange(
                    "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: listening)
                #expect(answer.hasSuffix("next"))
            }
            defer { group.cancelAll() }
            // The first to end: the server where it cannot listen, else the client.
            try await group.next()
        }
    }

    @Test("a value with a line break stays one field")
    func holdsHeaders() {
        var response = WebResponse(200)
        response.set("Location", "/x\r\nSet-Cookie: a=b")
        #expect(response[header: "location"] == "/x  Set-Cookie: a=b")
    }

    @Test("an address that is taken is named in the error")
    func namesAddress() async throws {
        try await withServer { port in
            let second = WebServer(WebAddress(host: "127.0.0.1", port: port), clock: .system)
            await #expect {
                try await second.run { _ in WebResponse(200) }
            } throws: { "\($0)".contains("cannot listen on '127.0.0.1:\(port)': ") }
        }
    }

    @Test(
        "dates are written as HTTP wants them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_795_321_708, "Sun, 22 Nov 2026 04:28:28 GMT"),
        ])
    func writesDates(seconds: Int, text: String) {
        #expect(Timestamp(seconds: Double(seconds)).httpDate == text)
    }

    @Test("events are lines, whatever stands in them")
    func writesEvents() async throws {
        let written = Mutex<[UInt8]>([])
        let stream = WebStream { bytes in written.withLock { $0 += bytes } }
        try await stream.send(event: "a\nb", id: "7\r\nx", data: "one\ntwo\r\nthree\rfour")
        let text = String(decoding: written.withLock { $0 }, as: UTF8.self)
        #expect(text == "id: 7\\r\\nx\nevent: a\\nb\ndata: one\ndata: two\ndata: three\ndata: four\n\n")
    }
}

/// How many connections there were whenever one more was refused.
private final class Refusals: Sendable {
    private let counts = Mutex<[Int]>([])

    var all: [Int] { counts.withLock { $0 } }

    func add(_ count: Int) { counts.withLock { $0.append(count) } }
}

import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Synchronization

/// What a test's own receiver got.
struct Received: Codable, Sendable {
    var path = ""
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body = ""
    /// Of a mail: its envelope.
    var sender: String?
    var recipients: [String]?
    var login: String?
    var isEncrypted: Bool?
}

/// A Python program that says what it gets, a line of JSON each, after a first line with its port.
final class TestReceiver: Sendable {
    let port: Int
    private let lines: Mutex<[Received]>

    init(port: Int) {
        self.port = port
        lines = Mutex([])
    }

    var received: [Received] { lines.withLock { $0 } }

    fileprivate func add(_ received: Received) { lines.withLock { $0.append(received) } }

    /// Waits until there are so many.
    func first(_ count: Int) async throws -> [Received] {
        try await eventually("\(count) messages came") { received.count >= count ? Array(received.prefix(count)) : nil }
    }
}

struct ReceiverDidNotStart: Error {}

let hostPrograms = Programs(environment: ProcessInfo.processInfo.environment)

/// A receiver on loopback for as long as `body` runs.
func withReceiver<Result: Sendable>(
    _ script: String, _ arguments: [String] = [], environment: ChildEnvironment = [:],
    _ body: (TestReceiver) async throws -> Result
) async throws -> Result {
    let (ready, isReady) = AsyncStream<TestReceiver>.makeStream()
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { isReady.finish() }
            let server = ChildProgram(
                "python3", ["-u", "-c", script] + arguments, environment: environment, grace: .milliseconds(100))
            var receiver: TestReceiver?
            let outcome = try await hostPrograms.run(server) { line in
                if let known = receiver {
                    known.add(try JSONDecoder().decode(Received.self, from: Data(line.text.utf8)))
                } else if let port = Int(line.text) {
                    let new = TestReceiver(port: port)
                    receiver = new
                    isReady.yield(new)
                }
            }
            _ = try outcome.checked()
        }
        defer { tasks.cancelAll() }
        for await receiver in ready { return try await body(receiver) }
        try await tasks.waitForAll()
        throw ReceiverDidNotStart()
    }
}

/// Answers by the path: `/status/503`, `/short` (413 for more than 200,000 bytes), `/hang`, `/slow` (2 s), `/redirect`, `/flaky` (twice 503, then 200), anything else with 200.
let webReceiver = #"""
    import http.server, json, sys, time

    calls = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                "body": body.decode() if len(body) < 100_000 else str(len(body))}
            # In one piece: threads write at once.
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
            calls[self.path] = calls.get(self.path, 0) + 1
            status, answer = 200, b"taken"
            if self.path.startswith("/status/"): status, answer = int(self.path[8:11]), b"no <b>way</b>"
            if self.path == "/short" and len(body) > 200_000: status, answer = 413, b"too long"
            if self.path.startswith("/flaky") and calls[self.path] <= 2: status, answer = 503, b"later"
            if self.path == "/hang": time.sleep(600)
            if self.path == "/slow": time.sleep(2)
            redirects = self.path.startswith("/redirect")
            self.send_response(302 if redirects else status)
            if redirects: self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        def log_message(self, *arguments): pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1])
    server.serve_forever()
    """#

/// A mail server (aiosmtpd): `CHAIN KEY MODE`, with STARTTLS or TLS and a login of `ada` with `hunter2`. Refuses recipients
/// that begin with `nobody`, and at first those that begin with `later`; cannot judge the login of `busy` now.
let mailReceiver = #"""
    import asyncio, json, ssl, sys
    from aiosmtpd.smtp import SMTP, AuthResult

    chain, key, mode = sys.argv[1:4]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    seen = {}

    class Handler:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("nobody"): return "550 no such user"
            seen[address] = seen.get(address, 0) + 1
            if address.startswith("later") and seen[address] == 1: return "451 try again"
            envelope.rcpt_tos.append(address)
            return "250 OK"
        async def handle_DATA(self, server, session, envelope):
            text = envelope.content.decode("latin-1")
            print(json.dumps({"sender": envelope.mail_from, "recipients": envelope.rcpt_tos, "body": text,
                "path": "", "headers": {}, "login": session.auth_data, "isEncrypted": session.ssl is not None or mode == "tls"}))
            return "250 taken as 1234"

    def login(server, session, envelope, mechanism, data):
        if data.login == b"busy": return AuthResult(success=False, handled=False, message="454 4.7.0 not now")
        good = data.login == b"ada" and data.password == b"hunter2"
        return AuthResult(success=good, handled=False, auth_data="ada" if good else None)

    def make():
        if mode == "tls":
            return SMTP(Handler(), authenticator=login, auth_required=True, auth_require_tls=False)
        return SMTP(Handler(), tls_context=context, require_starttls=True, authenticator=login, auth_required=True)

    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
        print(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())
    """#

func withMailServer<Result: Sendable>(
    _ certificate: TestCertificate, mode: String, _ body: (TestReceiver) async throws -> Result
) async throws -> Result {
    try await withReceiver(
        mailReceiver, [certificate.chain, certificate.key, mode],
        environment: ["PYTHONPATH": "\(TestServer.cache)/aiosmtpd-1.4.6"], body)
}

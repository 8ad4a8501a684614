import Foundation
import Maintenance
import Outside
import Synchronization

/// What a test's own receiver got.
package struct Received: Codable, Sendable {
    package var path = ""
    /// Names in lower case.
    package var headers: [String: String] = [:]
    package var body = ""
    /// Of a mail: its envelope.
    package var sender: String?
    package var recipients: [String]?
    package var login: String?
    package var isEncrypted: Bool?
}

/// A Python program that says what it gets, a line of JSON each, after a first line with its port.
package final class TestReceiver: Sendable {
    package let port: Int
    private let lines: Mutex<[Received]>

    init(port: Int) {
        self.port = port
        lines = Mutex([])
    }

    package var received: [Received] { lines.withLock { $0 } }

    fileprivate func add(_ received: Received) { lines.withLock { $0.append(received) } }

    /// Waits until there are so many.
    package func first(_ count: Int) async throws -> [Received] {
        try await eventually("\(count) messages came") { received.count >= count ? Array(received.prefix(count)) : nil }
    }
}

package struct ReceiverDidNotStart: Error {}

package let hostPrograms = Programs(environment: ProcessInfo.processInfo.environment)

/// A receiver on loopback for as long as `body` runs.
package func withReceiver<Result: Sendable>(
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

/// A mail server (aiosmtpd): `CHAIN KEY MODE`, with STARTTLS or TLS and a login of `ada` with `hunter2`. Refuses recipients
/// that begin with `nobody`, and at first those that begin with `later`; cannot judge the login of `busy` now.
private let mailReceiver = #"""
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

package func withMailServer<Result: Sendable>(
    _ certificate: TestCertificate, mode: String, _ body: (TestReceiver) async throws -> Result
) async throws -> Result {
    try await withReceiver(
        mailReceiver, [certificate.chain, certificate.key, mode],
        environment: ["PYTHONPATH": "\(TestServer.cache)/aiosmtpd-1.4.6"], body)
}

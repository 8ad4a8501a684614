import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

@Suite("Certificates of servers", .temporaryDirectory, .timeLimit(.minutes(2)))
struct TLSCheckTests {
    private func run(_ port: Int, _ authority: String?, _ keys: String = "", host: String = "localhost") async throws
        -> RunSummary
    {
        let trust = authority.map { "ca-file: \($0)\n" } ?? ""
        return try await check(
            "tls.certificate", on: written("kind: tls\naddress: \(host):\(port)\ntimeout: 5s\n\(trust)\(keys)"))
    }

    @Test(
        "a certificate is judged by its days",
        arguments: [(90, CheckOutcome.State.passed), (20, .warning), (5, .critical)])
    func days(days: Int, state: CheckOutcome.State) async throws {
        let certificate = try await TestCertificate.make(days: days)
        try await withHTTPServer(certificate: certificate) { port in
            let run = try await run(port, certificate.authority)
            #expect(run.check("tls.certificate")?.state == state, "\(run.check("tls.certificate")?.summary ?? "")")
            #expect(run.findings("HC061").count == (state == .passed ? 0 : 1))
        }
    }

    @Test("a certificate that nobody trusts or that is for another name is critical, and conditions may allow it")
    func distrusted() async throws {
        let certificate = try await TestCertificate.make(names: "DNS:localhost", days: 90)
        try await withHTTPServer(certificate: certificate) { port in
            let unknown = try await run(port, nil)
            #expect(unknown.check("tls.certificate")?.state == .critical)
            #expect(unknown.check("tls.certificate")?.summary.contains("no trusted authority signed") == true)
            let other = try await run(port, certificate.authority, "server-name: other.example")
            #expect(other.check("tls.certificate")?.summary.contains("is not for 'other.example'") == true)
            let allowed = try await run(
                port, nil, "conditions: [certificate-trusted == false, certificate-expiration > 80d]")
            #expect(allowed.check("tls.certificate")?.state == .passed)
        }
    }

    @Test("a real PostgreSQL is asked for TLS in its own words", arguments: [TestServer.v15])
    func postgresql(version: TestServer) async throws {
        let certificate = try await TestCertificate.make(days: 20)
        try await TestDatabase.with(version) { database in
            let options = ClusterOptions(listening: .loopback(port: try freePort(), password: Secret("x")))
            let cluster = try await PrivateCluster.start(
                database.cluster.server, options, in: TestClusters.directory,
                with: Programs(environment: ProcessInfo.processInfo.environment))
            do {
                let plain = try await run(options.port, certificate.authority, "starttls: postgresql")
                #expect(plain.check("tls.certificate")?.state == .critical)
                #expect(plain.check("tls.certificate")?.summary.contains("it does not do TLS") == true)
                for (from, to) in [(certificate.chain, "server.crt"), (certificate.key, "server.key")] {
                    let path = "\(cluster.dataDirectory)/\(to)"
                    try FileManager.default.copyItem(atPath: from, toPath: path)
                    let owner = try SystemUser.unprivileged()
                    let isOwned = owner.map { chown(path, $0.id, $0.group) == 0 } ?? true
                    guard isOwned, chmod(path, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
                }
                try await Connection.with(cluster.address()) { connection in
                    try await connection.executeScript(trusted: "alter system set ssl = on")
                }
                try await cluster.restart()
                let secure = try await run(options.port, certificate.authority, "starttls: postgresql")
                #expect(
                    secure.check("tls.certificate")?.state == .warning,
                    "\(secure.check("tls.certificate")?.summary ?? "")")
                #expect(secure.check("tls.certificate")?.summary.contains("19 days") == true)
                try cluster.destroy()
            } catch {
                try cluster.destroy()
                throw error
            }
        }
    }

    @Test("a real mail server is asked for TLS in its own words")
    func smtp() async throws {
        let certificate = try await TestCertificate.make(days: 90)
        let script = """
            import asyncio, ssl, sys
            from aiosmtpd.smtp import SMTP
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            async def main():
                loop = asyncio.get_running_loop()
                server = await loop.create_server(lambda: SMTP(None, tls_context=context), "127.0.0.1", 0)
                print(server.sockets[0].getsockname()[1])
                await server.serve_forever()
            asyncio.run(main())
            """
        try await withScriptServer(
            script, [certificate.chain, certificate.key],
            environment: ["PYTHONPATH": .plain("\(TestServer.cache)/aiosmtpd-1.4.6")]
        ) { port in
            let run = try await run(port, certificate.authority, "starttls: smtp\nconditions: [tls-version == TLSv1.3]")
            #expect(run.check("tls.certificate")?.state == .passed, "\(run.check("tls.certificate")?.summary ?? "")")
        }
    }

    @Test(
        "a server that does no TLS, or talks before it, is critical and says why",
        arguments: [
            ("no", "postgresql", "it does not do TLS"),
            ("yes-and-more", "postgresql", "it sends more than its yes before TLS has begun"),
            ("plain-smtp", "smtp", "it does not offer STARTTLS"),
            ("injecting-smtp", "smtp", "it sends more than its yes before TLS has begun"),
            ("flood", "smtp", "it talks without end instead of beginning TLS"),
            ("flood", "none", "handshake"), ("greet", "none", "handshake"),
            ("greet", "imap", "it answers '220 ready'"),
            ("silent", "none", "it took too long at: the TLS handshake"),
            ("drip", "smtp", "did not answer within"), ("close", "postgresql", "closed the connection"),
        ])
    func refusing(mode: String, opening: String, text: String) async throws {
        try await withScriptServer(talkingServer, [mode]) { port in
            let run = try await check(
                "tls.certificate",
                on: written("kind: tls\naddress: 127.0.0.1:\(port)\ntimeout: 1s\nstarttls: \(opening)"))
            #expect(run.check("tls.certificate")?.state == .critical)
            #expect(
                run.check("tls.certificate")?.summary.contains(text) == true,
                "\(run.check("tls.certificate")?.summary ?? "")")
        }
    }
}

import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("probes over HTTPS", .temporaryDirectory, .timeLimit(.minutes(2)))
struct HTTPSProberTests {
    let prober = HTTPProber()

    private func observe(port: Int, host: String = "localhost", trust: HTTPProbe.Trust) async throws -> HTTPObservation
    {
        try await prober.observe(HTTPProbe(try HTTPTarget("https://\(host):\(port)/ok"), trust: trust))
    }

    @Test(
        "a trusted certificate gives an answer, the TLS version and the days that are left",
        arguments: ["localhost", "127.0.0.1"])
    func trusted(host: String) async throws {
        let certificate = try await TestCertificate.make(days: 30)
        try await withHTTPServer(certificate: certificate) { port in
            let observation = try await observe(port: port, host: host, trust: .file(path: certificate.authority))
            #expect(observation.response?.status == 200)
            let tls = try #require(observation.tls)
            #expect(tls.verification == .verified)
            #expect(tls.version == "TLSv1.3")
            #expect(tls.subject == "server.test")
            #expect(tls.issuer == "Test Authority")
            #expect(tls.daysLeft(at: WallClock.system.now()) == 29)
            #expect(observation.times.handshake ?? .zero > .zero)
        }
    }

    /// A server of TLS 1.2 that shows whatever its argument says, in hexadecimal digits, as its certificate.
    private static let forger = #"""
        import socket, struct, sys, threading
        shown = bytes.fromhex(sys.argv[1])
        def record(kind, content): return bytes([kind, 3, 3]) + struct.pack(">H", len(content)) + content
        def message(kind, content): return bytes([kind]) + struct.pack(">I", len(content))[1:] + content
        def length3(content): return struct.pack(">I", len(content))[1:] + content
        def serve(c):
            try:
                if c.recv(65536):
                    hello = b"\x03\x03" + b"r" * 32 + b"\x00" + b"\xc0\x2f\x00" + b"\x00\x05\xff\x01\x00\x01\x00"
                    c.sendall(record(22, message(2, hello)))
                    c.sendall(record(22, message(11, length3(length3(shown)))))
                    c.sendall(record(22, message(14, b"")))
                    while c.recv(65536): pass
            except OSError: pass
            finally: c.close()
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1])
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#

    @Test(
        "a certificate that cannot be read ends the handshake, and nothing is sent",
        arguments: ["", "00", "3082ffff", "30820003020100", String(repeating: "30", count: 4_000)])
    func malformedCertificate(hexadecimal: String) async throws {
        try await withScriptServer(Self.forger, [hexadecimal]) { port in
            let error = await #expect(throws: HTTPError.self) { try await observe(port: port, trust: .system) }
            #expect(error?.code == "http.handshake-failed", "\(error?.problem ?? "")")
        }
    }

    @Test("an expired certificate is a result: no request, the reason, and when it expired")
    func expired() async throws {
        let certificate = try await TestCertificate.make(days: -1)
        try await withHTTPServer(certificate: certificate) { port in
            let observation = try await observe(port: port, trust: .file(path: certificate.authority))
            #expect(observation.response == nil)
            let tls = try #require(observation.tls)
            #expect(tls.verification == .failed(reason: "the certificate expired on \(tls.notAfter)"))
            #expect(tls.daysLeft(at: WallClock.system.now()) == -2)
        }
    }

    @Test("an authority that is not trusted is named")
    func unknownAuthority() async throws {
        let certificate = try await TestCertificate.make()
        try await withHTTPServer(certificate: certificate) { port in
            let tls = try #require(try await observe(port: port, trust: .system).tls)
            let reason = "no trusted authority signed the certificate (its issuer is 'Test Authority')"
            #expect(tls.verification == .failed(reason: reason))
        }
    }

    @Test("a certificate for another host is named as that")
    func otherHost() async throws {
        let certificate = try await TestCertificate.make(names: "DNS:shop.example")
        try await withHTTPServer(certificate: certificate) { port in
            let observation = try await observe(port: port, trust: .file(path: certificate.authority))
            #expect(observation.response == nil)
            let reason = "the certificate, made out to 'server.test', is not for 'localhost'"
            #expect(observation.tls?.verification == .failed(reason: reason))
        }
    }

    @Test("a self-signed certificate is trusted once its own file is the authority")
    func selfSigned() async throws {
        var certificate = try await TestCertificate.make()
        let made = try await programs.run(
            ChildProgram(
                "openssl",
                [
                    "req", "-x509", "-key", certificate.key, "-out", "self.pem", "-subj", "/CN=alone", "-addext",
                    "subjectAltName=DNS:localhost", "-days", "5",
                ], workingDirectory: TemporaryDirectory.current))
        _ = try made.checked()
        certificate.chain = TemporaryDirectory.current + "/self.pem"
        try await withHTTPServer(certificate: certificate) { port in
            let distrusted = try await observe(port: port, trust: .system)
            #expect(distrusted.tls?.verification == .failed(reason: "the certificate is self-signed"))
            #expect(try await observe(port: port, trust: .file(path: certificate.chain)).response?.status == 200)
        }
    }

    @Test("an authority file that changed is read again")
    func changedAuthority() async throws {
        let certificate = try await TestCertificate.make()
        let file = TemporaryDirectory.current + "/trusted.pem"
        let other = try await TestCertificate.make(name: "other")
        try FileManager.default.copyItem(atPath: other.chain, toPath: file)
        try await withHTTPServer(certificate: certificate) { port in
            #expect(try await observe(port: port, trust: .file(path: file)).response == nil)
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.copyItem(atPath: certificate.authority, toPath: file)
            #expect(try await observe(port: port, trust: .file(path: file)).response?.status == 200)
        }
    }

    @Test("a server that speaks no TLS fails the handshake, not the probe")
    func noTLS() async throws {
        try await withHTTPServer { port in
            let error = await #expect(throws: HTTPError.self) { try await observe(port: port, trust: .system) }
            #expect(error?.code == "http.handshake-failed")
            #expect(error?.problem.hasSuffix("failed: wrong version number") == true)
        }
    }

    @Test("an authority file that is missing or holds none is a configuration error")
    func unusableAuthorities() async throws {
        let empty = TemporaryDirectory.current + "/empty.pem"
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: empty))
        for path in [empty, TemporaryDirectory.current + "/none.pem"] {
            let error = await #expect(throws: HTTPError.self) { try await observe(port: 9, trust: .file(path: path)) }
            #expect(error?.code == "http.unusable-authorities")
            #expect(error?.exitStatus == .configuration)
        }
    }
}

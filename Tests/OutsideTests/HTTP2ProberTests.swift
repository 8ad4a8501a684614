import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Against nginx, which speaks both.
@Suite("probes over HTTP/2", .temporaryDirectory, .timeLimit(.minutes(2)))
struct HTTP2ProberTests {
    private let prober = HTTPProber()

    /// - Parameter extra: lines of its `server` block.
    private func withNginx(
        speaks: String = "ssl http2", _ extra: String = "",
        _ body: (_ port: Int, _ authority: String) async throws -> Void
    ) async throws {
        let certificate = try await TestCertificate.make(days: 30)
        let port = try freePort()
        let directory = TemporaryDirectory.current
        let file = "\(directory)/nginx.conf"
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(directory)/\($0);"
        }.joined(separator: "\n")
        try """
        daemon off;
        master_process off;
        pid \(directory)/nginx.pid;
        error_log stderr;
        events {}
        http {
            access_log off;
            \(temporary)
            server {
                listen 127.0.0.1:\(port) \(speaks);
                ssl_certificate \(certificate.chain);
                ssl_certificate_key \(certificate.key);
                location = /version { return 200 "$server_protocol $request_method $content_length"; }
                location = /big { default_type text/plain; alias \(directory)/big; }
                location = /away { return 302 https://localhost:\(port)/version; }
                \(extra)
            }
        }
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let nginx = ChildProgram(
            "/usr/sbin/nginx", ["-p", directory, "-e", "stderr", "-c", file], grace: .milliseconds(200))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await programs.run(nginx) }
            defer { group.cancelAll() }
            try await eventually("nginx answers") {
                do {
                    _ = try await observe("/version", port, certificate.authority)
                    return true
                } catch is HTTPError {
                    return false
                }
            }
            try await body(port, certificate.authority)
        }
    }

    private func observe(
        _ path: String, _ port: Int, _ authority: String, offersHTTP2: Bool = true,
        _ adapt: (inout HTTPProbe) -> Void = { _ in }
    ) async throws -> HTTPObservation {
        var probe = HTTPProbe(
            try HTTPTarget("https://localhost:\(port)\(path)"), trust: .file(path: authority))
        probe.offersHTTP2 = offersHTTP2
        adapt(&probe)
        return try await prober.observe(probe)
    }

    @Test("where both sides know it, it is spoken, and everything is there that HTTP/1.1 would have given")
    func spoken() async throws {
        try await withNginx { port, authority in
            let observation = try await observe("/version", port, authority)
            let response = try #require(observation.response)
            #expect(response.version == "2")
            #expect(response.status == 200)
            #expect(String(decoding: response.body, as: UTF8.self) == "HTTP/2.0 GET ")
            #expect(response.header("server")?.hasPrefix("nginx") == true)
            #expect(observation.tls?.verification == .verified)
            #expect(observation.times.firstByte != nil && observation.times.handshake != nil)
            let plain = try await observe("/version", port, authority, offersHTTP2: false)
            #expect(plain.response?.version == "1.1")
            #expect(plain.response.map { String(decoding: $0.body, as: UTF8.self) } == "HTTP/1.1 GET ")
        }
    }

    @Test("a server that does not know it answers over HTTP/1.1")
    func fallback() async throws {
        try await withNginx(speaks: "ssl") { port, authority in
            let observation = try await observe("/version", port, authority)
            #expect(observation.response?.version == "1.1")
        }
    }

    @Test("content is sent, redirects are followed, and a long body is cut where it should be")
    func whole() async throws {
        let big = Data(repeating: UInt8(ascii: "x"), count: 3_000_000)
        try await withNginx { port, authority in
            try big.write(to: URL(fileURLWithPath: TemporaryDirectory.current + "/big"))
            let posted = try await observe("/version", port, authority) {
                $0.method = .post
                $0.content = Array("a=b".utf8)
            }
            #expect(posted.response.map { String(decoding: $0.body, as: UTF8.self) } == "HTTP/2.0 POST 3")
            let followed = try await observe("/away", port, authority) { $0.redirects = 2 }
            #expect(followed.redirects.count == 1)
            #expect(followed.response?.version == "2")
            let cut = try await observe("/big", port, authority)
            #expect(cut.response?.body.count == 1_048_576)
            #expect(cut.response?.isBodyCut == true)
            let all = try await observe("/big", port, authority) { $0.bodyLimit = ByteCount(10_000_000) }
            #expect(all.response?.body.count == 3_000_000)
            #expect(all.response?.isBodyCut == false)
        }
    }

    @Test("an untrusted certificate is a result here too")
    func untrusted() async throws {
        try await withNginx { port, _ in
            var probe = HTTPProbe(try HTTPTarget("https://localhost:\(port)/version"))
            probe.offersHTTP2 = true
            let observation = try await prober.observe(probe)
            #expect(observation.response == nil)
            #expect(observation.tls?.verification != .verified)
        }
    }
}

import Foundation
import Maintenance
import Outside

/// A real server on loopback for as long as `body` runs: a Python program that answers well and badly, by path.
@discardableResult
package func withHTTPServer<Result: Sendable>(
    certificate: TestCertificate? = nil, address: String = "127.0.0.1",
    _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    let (ports, found) = AsyncStream<Int>.makeStream()
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            let arguments = ["-u", "-c", serverScript, address, certificate?.chain ?? "", certificate?.key ?? ""]
            let server = ChildProgram("python3", arguments, grace: .milliseconds(100))
            defer { found.finish() }
            let outcome = try await programs.run(server) { line in
                if let port = Int(line.text) { found.yield(port) }
            }
            _ = try outcome.checked()
        }
        defer { tasks.cancelAll() }
        for await port in ports { return try await body(port) }
        try await tasks.waitForAll()
        throw ServerDidNotStart()
    }
}

package struct ServerDidNotStart: Error {}

/// A key and a certificate chain made by openssl, signed by an authority of the test's own.
package struct TestCertificate: Sendable {
    package var chain: String
    package var key: String
    package var authority: String

    /// In the test's directory. `days` may be negative: then it has expired.
    package static func make(name: String = "server", names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 30)
        async throws
        -> Self
    {
        let directory = TemporaryDirectory.current
        let made = try await programs.run(
            ChildProgram(
                "sh",
                [
                    "-ec",
                    """
                    key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
                    test -f ca.pem || openssl req -x509 $key -keyout ca.key -out ca.pem -subj '/CN=Test Authority' -days 30
                    openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1.test" -addext "subjectAltName=$2"
                    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" \
                        -copy_extensions copy -out "$1.pem"
                    """, "sh", name, names, String(days),
                ], workingDirectory: directory))
        _ = try made.checked()
        return TestCertificate(
            chain: "\(directory)/\(name).pem", key: "\(directory)/\(name).key", authority: "\(directory)/ca.pem")
    }
}

private let programs = Programs(environment: ProcessInfo.processInfo.environment)

private let serverScript = #"""
    import socket, ssl, sys, threading, time

    heard = []

    def answer(connection, path, head, method):
        def send(text): connection.sendall(text if isinstance(text, bytes) else text.encode())
        def page(body, status="200 OK", extra=""):
            body = body.encode() if isinstance(body, str) else body
            send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n")
            if method != "HEAD": send(body)
        if path == "/ok": page("status: healthy\n")
        elif path == "/echo": page(head)
        elif path == "/error": page("broken", "503 Service Unavailable")
        elif path.startswith("/redirect/"):
            left = int(path[10:])
            page("", "302 Found", "Location: " + (f"{left - 1}" if left else "../ok") + "\r\n")
        elif path == "/loop": page("", "301 Moved", "Location: /loop2\r\n")
        elif path == "/loop2": page("", "301 Moved", "Location: loop\r\n")
        elif path.startswith("/to/"): page("", "307 Temporary", "Location: " + path[4:] + "\r\n")
        elif path == "/chunked":
            send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        elif path == "/until-close": send("HTTP/1.0 200 OK\r\n\r\nuntil the end")
        elif path == "/continue":
            send("HTTP/1.1 103 Early Hints\r\n\r\n"); page("after hints")
        elif path == "/big": page(b"x" * 3_000_000)
        elif path == "/endless":
            send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True: send("10000\r\n" + "y" * 65536 + "\r\n")
        elif path == "/endless-headers":
            send("HTTP/1.1 200 OK\r\n")
            while True: send("X-A: " + "z" * 1000 + "\r\n")
        elif path == "/slow-headers":
            for character in "HTTP/1.1 200 OK\r\n" + "A: b\r\n" * 10000: send(character); time.sleep(0.02)
        elif path == "/slow-body":
            send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True: send("s"); time.sleep(0.02)
        elif path == "/hang": time.sleep(600)
        elif path == "/half": send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        elif path == "/garbage": send("SSH-2.0-OpenSSH_9.2p1 Debian\r\n")
        elif path == "/close": pass
        elif path.startswith("/ping"): page("OK")
        elif path == "/heard": page("\n--\n".join(heard))
        else: page("none", "404 Not Found")

    def serve(connection):
        try:
            if context: connection = context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                part = connection.recv(65536)
                if not part: return
                head += part
                if head[:1] == b"\x16":
                    connection.sendall(b"HTTP/1.1 400 The plain HTTP request was sent to HTTPS port\r\n\r\n")
                    return
            text = head.decode("latin-1")
            method, path = text.split(" ")[:2]
            body = text.split("\r\n\r\n", 1)[1]
            lengths = [int(line[15:]) for line in text.split("\r\n") if line.lower().startswith("content-length:")]
            while lengths and len(body) < lengths[0]: body += connection.recv(65536).decode("latin-1")
            if path.startswith("/ping"): heard.append(method + " " + path + "\n" + body)
            answer(connection, path.split("?")[0], text, method)
        except OSError: pass
        finally:
            try: connection.shutdown(socket.SHUT_RDWR)
            except OSError: pass
            connection.close()

    context = None
    if sys.argv[2]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    listener = socket.create_server((sys.argv[1], 0), family=family, backlog=200)
    print(listener.getsockname()[1])
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    """#

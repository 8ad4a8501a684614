import Foundation
import Maintenance
import Outside

/// A Python program that prints the port it listens on, for as long as `body` runs.
@discardableResult
package func withScriptServer<Result: Sendable>(
    _ script: String, _ arguments: [String] = [], environment: ChildEnvironment = [:],
    _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    try await withServer(
        ChildProgram("python3", ["-u", "-c", script] + arguments, environment: environment, grace: .milliseconds(100)),
        port: { Int($0) }, body)
}

/// A program that says on standard output where it listens, in a line from which `port` reads it.
@discardableResult
package func withServer<Result: Sendable>(
    _ program: ChildProgram, port: @escaping @Sendable (String) -> Int?, _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    let (ports, found) = AsyncStream<Int>.makeStream()
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { found.finish() }
            let outcome = try await Programs(environment: ProcessInfo.processInfo.environment).run(program) { line in
                if let port = port(line.text) { found.yield(port) }
            }
            _ = try outcome.checked()
        }
        defer { tasks.cancelAll() }
        for await port in ports { return try await body(port) }
        try await tasks.waitForAll()
        throw ServerDidNotStart()
    }
}

/// One that behaves as its argument says to everybody who connects: `greet`, `silent`, `flood`, `drip`, `echo`, `close`.
package let talkingServer = #"""
    import socket, sys, threading, time
    mode = sys.argv[1]
    def serve(c):
        try:
            if mode == "greet": c.sendall(b"220 ready\r\n"); time.sleep(600)
            elif mode == "flood":
                while True: c.sendall(b"x" * 65536)
            elif mode == "drip":
                while True: c.sendall(b"y"); time.sleep(0.02)
            elif mode == "echo":
                while True:
                    d = c.recv(65536)
                    if not d: break
                    c.sendall(d)
            elif mode == "silent": time.sleep(600)
            elif mode == "yes-and-more": c.recv(8); c.sendall(b"SX"); time.sleep(600)
            elif mode == "no": c.recv(8); c.sendall(b"N"); time.sleep(600)
            elif mode == "plain-smtp":
                c.sendall(b"220 hello\r\n"); c.recv(1000); c.sendall(b"250-hello\r\n250 SIZE 100\r\n"); time.sleep(600)
            elif mode == "injecting-smtp":
                c.sendall(b"220 hello\r\n"); c.recv(1000); c.sendall(b"250 STARTTLS\r\n")
                c.recv(1000); c.sendall(b"220 go\r\n250 injected\r\n"); time.sleep(600)
        except OSError: pass
        finally: c.close()
    s = socket.create_server(("127.0.0.1", 0), backlog=50)
    print(s.getsockname()[1])
    while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
    """#

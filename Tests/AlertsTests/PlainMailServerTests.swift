import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

@Suite("mail servers without encryption", .temporaryDirectory, .timeLimit(.minutes(1)))
struct PlainMailServerTests {
    /// It offers a login and no STARTTLS, refuses STARTTLS where that is asked for all the same, takes everything else, and
    /// writes down what it heard.
    private static let server = #"""
        import socket, sys, threading
        heard = open(sys.argv[1], "ab", buffering=0)
        def serve(c):
            try:
                lines = c.makefile("rb")
                c.sendall(b"220 plain.example ESMTP\r\n")
                for line in lines:
                    heard.write(line)
                    word = line.strip().upper()[:4]
                    if word == b"EHLO": c.sendall(b"250-plain.example\r\n250 AUTH PLAIN LOGIN\r\n")
                    elif word == b"STAR": c.sendall(b"502 not here\r\n")
                    elif word == b"AUTH": c.sendall(b"235 welcome\r\n")
                    elif word == b"DATA": c.sendall(b"354 go on\r\n")
                    elif word == b"QUIT": c.sendall(b"221 bye\r\n"); return
                    else: c.sendall(b"250 ok\r\n")
            except OSError: pass
            finally: c.close()
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1])
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#

    @Test(
        "a server that offers no STARTTLS gets neither mail nor login",
        arguments: [MailServer.Protection.starttls, .tls])
    func plain(protection: MailServer.Protection) async throws {
        let log = TemporaryDirectory.current + "/heard"
        try await withScriptServer(Self.server, [log]) { port in
            var access = EmailAccess(host: "127.0.0.1", port: port, sender: "mainstay@example.org")
            access.protection = protection
            access.user = "ada"
            access.password = try ConfiguredText("${MAIL_PASSWORD}", secrecy: .whole, location: Samples.place)
            let channel = EmailChannel(access: access, tools: Samples.tools(["MAIL_PASSWORD": "hunter2"]))
            let message = try Samples.message(summary: "95 of 100", recipients: [.address("team@example.org")])
            await #expect(throws: ChannelError.self) { try await channel.send(message) }
            let heard = String(decoding: try Data(contentsOf: URL(fileURLWithPath: log)), as: UTF8.self)
            // With STARTTLS it was spoken to; TLS from the first byte is no line of its language.
            #expect(protection == .tls || heard.contains("EHLO"), "\(heard)")
            for word in ["AUTH", "MAIL FROM", "hunter2", "95 of 100", "team@example.org"] {
                #expect(!heard.contains(word), "\(word) in: \(heard)")
            }
        }
    }
}

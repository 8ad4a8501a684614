import Maintenance
import MaintenanceTesting
import Testing

@testable import Outside

@Suite("Conversations", .temporaryDirectory)
struct ConversationTests {
    /// What it does about these bytes, whole or in pieces.
    private func moves(_ conversation: any Conversation, _ pieces: [[UInt8]]) -> [ConversationMove] {
        var conversation = conversation
        var moves = [conversation.begin()]
        for piece in pieces {
            let move = conversation.receive(piece)
            if move != .wait { moves.append(move) }
            if case .fail = move { break }
            if move == .done { break }
            if move == .startTLS { moves.append(conversation.begin()) }
        }
        return moves
    }

    private static let scripts: [(any Conversation, String)] = [
        (TLSOpening(.smtp), "220-hello\r\n220 there\r\n250-mail\r\n250-SIZE 100\r\n250 STARTTLS\r\n220 go\r\n"),
        (TLSOpening(.smtp), "220 hello\n250 STARTTLS\n220 go\n"), (TLSOpening(.smtp), "554 no\r\n"),
        (TLSOpening(.imap), "* OK hello\r\n* CAPABILITY IMAP4rev2\r\na1 OK go\r\n"),
        (TLSOpening(.postgresql), "S"), (TLSOpening(.postgresql), "N"), (TLSOpening(.postgresql), "HTTP"),
        (RedisTalk(password: Secret("x")), "+OK\r\n+PONG\r\n$12\r\nredis:1\r\na:2\r\n\r\n"),
        (RedisTalk(), "\n"), (RedisTalk(), "-NOAUTH Authentication required.\r\n"), (RedisTalk(), "+PONG\r\n$-1\r\n"),
    ]

    @Test("an answer means the same in one piece and byte by byte", arguments: scripts.indices)
    func pieces(index: Int) {
        let (conversation, text) = Self.scripts[index]
        let bytes = Array(text.utf8)
        // A server that waits for its client's words sends reply by reply.
        let replies = bytes.split(separator: 10, omittingEmptySubsequences: false).dropLast().map { Array($0) + [10] }
        let byReply = moves(conversation, bytes.last == 10 ? replies : [bytes])
        #expect(moves(conversation, bytes.map { [$0] }) == byReply)
        #expect(byReply.last != .wait)
    }

    @Test("any bytes at all end in a wait, an answer or a refusal, and fill no memory")
    func noise() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let parts = [
            "220 ", "250-", "STARTTLS", "\r\n", "S", "N", "+OK", "+PONG", "$", "3", "-", "*", "a1 OK", "\0", "\n",
        ]
        for _ in 0..<3_000 {
            for conversation in Self.scripts.map(\.0) {
                let pieces = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    Bool.random(using: &random)
                        ? Array((parts.randomElement(using: &random) ?? "").utf8)
                        : (0..<Int.random(in: 0...40, using: &random)).map { _ in
                            UInt8.random(in: 0...255, using: &random)
                        }
                }
                #expect(moves(conversation, pieces).count <= 14, "seed \(seed)")
            }
        }
        for conversation in Self.scripts.map(\.0) {
            let flood = moves(conversation, (0..<600).map { _ in [UInt8](repeating: 43, count: 4_096) })
            if case .fail? = flood.last {} else { Issue.record("\(conversation) listens without end") }
        }
    }

    @Test("a certificate whose bytes are damaged has names or none, and breaks nothing")
    func certificates() async throws {
        let certificate = try await TestCertificate.make()
        let der = try await Programs(environment: [:]).run(
            ChildProgram("openssl", ["x509", "-in", certificate.chain, "-outform", "DER"])
        ).checked().output.bytes
        let bytes = try #require(der)
        #expect(CertificateNames(der: bytes).subject == "server.test")
        #expect(CertificateNames(der: bytes).issuer == "Test Authority")
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
            _ = CertificateNames(der: damaged)
        }
        #expect(CertificateNames(der: []).subject.isEmpty)
    }
}

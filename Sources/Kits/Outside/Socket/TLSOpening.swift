import Maintenance

/// Asks for TLS in the words of a protocol, and is content when it stands.
///
/// Whatever a server sends behind its yes and before the handshake comes from somebody in between, and ends it
/// (CVE-2021-23222 of PostgreSQL, RFC 3207 section 4.2).
package struct TLSOpening: Conversation {
    package enum Dialect: Sendable, Hashable {
        /// TLS from the first byte.
        case none
        /// SSLRequest (PostgreSQL manual, "Message Formats").
        case postgresql
        /// RFC 3207.
        case smtp
        /// RFC 9051, section 6.2.1.
        case imap
    }

    private enum Stage { case greeting, capabilities, answer, secure }

    private let dialect: Dialect
    private var stage = Stage.greeting
    private var buffer: [UInt8] = []
    /// A server that talks without end.
    private static let longest = 16_384

    package init(_ dialect: Dialect) { self.dialect = dialect }

    package var heard: [UInt8] { [] }

    package mutating func begin() -> ConversationMove {
        if stage == .secure { return .done }
        switch dialect {
        case .none:
            stage = .secure
            return .startTLS
        case .postgresql:
            stage = .answer
            return .send([0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F])
        case .smtp, .imap: return .wait
        }
    }

    package mutating func receive(_ bytes: [UInt8]) -> ConversationMove {
        buffer += bytes
        guard buffer.count <= Self.longest else { return .fail("it talks without end instead of beginning TLS") }
        switch dialect {
        case .none: return .fail("it talks before TLS has begun")
        case .postgresql: return answerOfPostgreSQL()
        case .smtp: return lines(isLast: Self.isLastReply, next: answerOfSMTP)
        case .imap: return lines(isLast: { _ in true }, next: answerOfIMAP)
        }
    }

    private mutating func answerOfPostgreSQL() -> ConversationMove {
        switch buffer.first {
        case UInt8(ascii: "S") where buffer.count == 1:
            stage = .secure
            return .startTLS
        case UInt8(ascii: "S"): return .fail("it sends more than its yes before TLS has begun")
        case UInt8(ascii: "N"): return .fail("it does not do TLS (the server answers N to SSLRequest)")
        default: return .fail("it does not speak PostgreSQL")
        }
    }

    /// Hands over whole replies, of one line or more.
    private mutating func lines(
        isLast: (ArraySlice<UInt8>) -> Bool, next: ([ArraySlice<UInt8>], inout TLSOpening) -> ConversationMove
    ) -> ConversationMove {
        var reply: [ArraySlice<UInt8>] = []
        var rest = buffer[...]
        while let end = rest.firstIndex(of: 10) {
            let line = rest[..<end].last == 13 ? rest[..<(end - 1)] : rest[..<end]
            rest = rest[(end + 1)...]
            reply.append(line)
            guard isLast(line) else { continue }
            buffer = Array(rest)
            let move = next(reply, &self)
            if case .startTLS = move, !buffer.isEmpty {
                return .fail("it sends more than its yes before TLS has begun")
            }
            guard move == .wait, !buffer.isEmpty else { return move }
            rest = buffer[...]
            reply = []
        }
        return .wait
    }

    /// `250-` goes on, `250 ` ends (RFC 5321, section 4.2.1).
    private static func isLastReply(_ line: ArraySlice<UInt8>) -> Bool {
        line.count < 4 || line[line.startIndex + 3] != UInt8(ascii: "-")
    }

    private func answerOfSMTP(_ reply: [ArraySlice<UInt8>], _ state: inout TLSOpening) -> ConversationMove {
        let text = reply.map { String(decoding: $0, as: UTF8.self) }
        let code = String(text.last?.prefix(3) ?? "")
        switch state.stage {
        case .greeting where code == "220":
            state.stage = .capabilities
            return .send(Array("EHLO mainstay\r\n".utf8))
        case .capabilities where code == "250":
            guard text.contains(where: { $0.dropFirst(4).uppercased() == "STARTTLS" }) else {
                return .fail("it does not offer STARTTLS")
            }
            state.stage = .answer
            return .send(Array("STARTTLS\r\n".utf8))
        case .answer where code == "220":
            state.stage = .secure
            return .startTLS
        default: return .fail("it answers '\((text.last ?? "").prefix(80).printable)'")
        }
    }

    private func answerOfIMAP(_ reply: [ArraySlice<UInt8>], _ state: inout TLSOpening) -> ConversationMove {
        let text = String(decoding: reply.last ?? [], as: UTF8.self)
        switch state.stage {
        case .greeting where text.hasPrefix("* OK"):
            state.stage = .answer
            return .send(Array("a1 STARTTLS\r\n".utf8))
        case .answer where text.hasPrefix("a1 OK"):
            state.stage = .secure
            return .startTLS
        // The server may say other things first.
        case .answer where text.hasPrefix("* "): return .wait
        default: return .fail("it answers '\(text.prefix(80).printable)'")
        }
    }
}

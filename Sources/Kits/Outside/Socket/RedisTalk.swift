import Maintenance

/// Logs in, asks PING and INFO, and is content with what INFO says (Redis, "Redis serialization protocol specification",
/// RESP2). Everything is sent at once and answered in order.
package struct RedisTalk: Conversation {
    /// INFO of a big server is some tens of kB; nobody needs more.
    private static let longest = 1_048_576

    private let request: [UInt8]
    /// What each answer has to be, in order.
    private var awaited: [Step]
    private let isSecure: Bool
    private var isSecured = false
    private var buffer: [UInt8] = []
    package private(set) var heard: [UInt8] = []

    private enum Step { case login, ping, info }

    /// - Parameters:
    ///   - user: of an ACL (Redis 6); nil for the default user.
    ///   - isSecure: TLS from the first byte.
    package init(user: String? = nil, password: Secret? = nil, isSecure: Bool = false) {
        var commands: [[String]] = []
        awaited = []
        if let password {
            commands.append(["AUTH"] + (user.map { [$0] } ?? []) + [password.reveal()])
            awaited.append(.login)
        }
        commands += [["PING"], ["INFO", "everything"]]
        awaited += [.ping, .info]
        request = commands.flatMap(Self.encoded)
        self.isSecure = isSecure
    }

    /// An array of bulk strings, which hold any bytes.
    private static func encoded(_ words: [String]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.utf8.count)\r\n".utf8) + Array(word.utf8) + [13, 10] }
        return bytes
    }

    package mutating func begin() -> ConversationMove {
        if isSecure, !isSecured {
            isSecured = true
            return .startTLS
        }
        return .send(request)
    }

    package mutating func receive(_ bytes: [UInt8]) -> ConversationMove {
        buffer += bytes
        guard buffer.count <= Self.longest else {
            return .fail("its answer is longer than \(ByteCount(Int64(Self.longest)))")
        }
        while let step = awaited.first {
            guard let (answer, length) = Self.answer(buffer) else {
                return Self.canBeAnswer(buffer) ? .wait : .fail("it does not speak Redis's protocol")
            }
            buffer.removeFirst(length)
            switch (step, answer) {
            case (.login, .simple("OK")), (.ping, .simple("PONG")): break
            case (.info, .bulk(let text)): heard = text
            case (_, .error(let words)): return .fail("it says '\(words.prefix(120).printable)'")
            default: return .fail("it does not answer as Redis does")
            }
            awaited.removeFirst()
        }
        return .done
    }

    private enum Answer { case simple(String), error(String), bulk([UInt8]), other }

    private static func canBeAnswer(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return true }
        return "+-:$*".utf8.contains(first) && (bytes.contains(10) || bytes.count < 16_384)
    }

    /// The first answer and how many bytes it has; nil where it is not whole yet.
    private static func answer(_ bytes: [UInt8]) -> (Answer, Int)? {
        guard let first = bytes.first, let end = bytes.firstIndex(of: 10), end > 0 else { return nil }
        let line = String(decoding: bytes[1..<end].dropLast(bytes[end - 1] == 13 ? 1 : 0), as: UTF8.self)
        switch first {
        case UInt8(ascii: "+"): return (.simple(line), end + 1)
        case UInt8(ascii: "-"): return (.error(line), end + 1)
        case UInt8(ascii: "$"):
            guard let count = Int(line), count >= 0, count <= longest else { return (.other, end + 1) }
            guard bytes.count >= end + 1 + count + 2 else { return nil }
            return (.bulk(Array(bytes[(end + 1)..<(end + 1 + count)])), end + 1 + count + 2)
        default: return (.other, end + 1)
        }
    }
}

/// What INFO says, field by field.
package struct RedisFacts: Sendable, Hashable {
    /// `connected_clients` and so on, as written.
    package var fields: [String: String] = [:]
    /// Of all databases.
    package var keys = 0

    package init(_ info: [UInt8]) {
        for line in info.split(separator: 10) {
            let text = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
            guard !text.hasPrefix("#"), let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(text[..<colon])
            let value = String(text[text.utf8.index(after: colon)...])
            fields[name] = value
            // db0:keys=12,expires=3,avg_ttl=0
            if name.hasPrefix("db"), Int(name.dropFirst(2)) != nil,
                let part = value.split(separator: ",").first, part.hasPrefix("keys="),
                let count = Int(part.dropFirst(5))
            {
                keys += count
            }
        }
    }

    package func number(_ field: String) -> Double? { fields[field].flatMap { Double($0) } }

    /// Of all look-ups since the server started; nil before the first.
    package var hitRate: Percentage? {
        guard let hits = number("keyspace_hits"), let misses = number("keyspace_misses"), hits + misses > 0 else {
            return nil
        }
        return Percentage(hits, of: hits + misses)
    }

    /// Nil where there is no limit.
    package var memoryUsed: Percentage? {
        guard let limit = number("maxmemory"), limit > 0, let used = number("used_memory") else { return nil }
        return Percentage(used, of: limit)
    }
}

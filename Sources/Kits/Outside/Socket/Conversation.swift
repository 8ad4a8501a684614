import Maintenance

/// What is said over one connection, as a state machine without input or output: it is told what came and says what to
/// do. So every protocol here can be tried with any bytes, in any pieces, without a server.
package protocol Conversation: Sendable {
    /// The connection stands, or TLS does where `startTLS` asked for it.
    mutating func begin() -> ConversationMove
    mutating func receive(_ bytes: [UInt8]) -> ConversationMove
    /// The other side has nothing more to say.
    mutating func end() -> ConversationMove
    /// What was heard, for whoever asked for it; also when the time was over before it was done.
    var heard: [UInt8] { get }
    /// Whether what was heard until the time was over counts as an answer.
    var mayBeCutShort: Bool { get }
}

package enum ConversationMove: Sendable, Hashable {
    case wait
    case send([UInt8])
    /// And then nothing more is waited for.
    case finish(sending: [UInt8])
    /// TLS begins now; `begin` is called again when it stands.
    case startTLS
    case done
    /// A clause: `the server refuses TLS`.
    case fail(String)
}

extension Conversation {
    package mutating func end() -> ConversationMove { .fail("it closed the connection before it had answered") }
    package var mayBeCutShort: Bool { false }
}

/// Says something, and listens until it is enough.
package struct PlainTalk: Conversation {
    /// Nil says nothing.
    package var content: [UInt8]?
    package var limit: Int
    /// Nil is content with a connection.
    package var isEnough: (@Sendable ([UInt8]) -> Bool)?
    package private(set) var heard: [UInt8] = []

    package init(content: [UInt8]?, limit: ByteCount, isEnough: (@Sendable ([UInt8]) -> Bool)?) {
        self.content = content
        self.limit = Int(limit.bytes)
        self.isEnough = isEnough
    }

    package mutating func begin() -> ConversationMove {
        guard let content else { return isEnough == nil ? .done : .wait }
        return isEnough == nil ? .finish(sending: content) : .send(content)
    }

    package mutating func receive(_ bytes: [UInt8]) -> ConversationMove {
        heard.append(contentsOf: bytes.prefix(limit - heard.count))
        return heard.count == limit || isEnough?(heard) ?? true ? .done : .wait
    }

    package mutating func end() -> ConversationMove { .done }
    package var mayBeCutShort: Bool { true }
}

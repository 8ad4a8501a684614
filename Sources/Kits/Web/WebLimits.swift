import NIOHTTP1

/// What one stranger may use up: everything that can be sent, and every wait for it, has an end.
package struct WebLimits: Sendable {
    /// Bytes of the request line and all header fields together.
    package var head = 16_384
    /// Bytes of a body, but where `largeBodies` says otherwise.
    package var body = 65_536
    /// Bytes of a body under paths that begin with these, for programs.
    package var largeBodies: (paths: [[String]], bytes: Int) = ([], 1_048_576)
    /// From the connection, with its handshake, to the end of the first request's head; and from there to the end of its
    /// body. Whoever sends a byte now and then gains nothing by it.
    package var requestTime: Duration = .seconds(15)
    /// Between an answer and the next request's head.
    package var idleTime: Duration = .seconds(60)
    /// How long a client may take nothing of what is written to it.
    package var writeTime: Duration = .seconds(30)
    /// Connections at once; one more is closed at once. Never more than half of the descriptors of this process, since the
    /// rest of the house opens files, databases and programs in it; these are raised as far as the system lets us.
    package var connections = 12_000
    /// Connections of one address at once, but for this machine's own, where a proxy may stand.
    package var connectionsOfPeer = 256
    /// How long an exchange that has begun may still take when the server is stopped.
    package var grace: Duration = .seconds(5)

    package init() {}

    func body(_ path: [String]) -> Int {
        largeBodies.paths.contains { path.starts(with: $0) } ? max(body, largeBodies.bytes) : body
    }

    /// What is not even gathered: twice what is answered with 431.
    var decoder: NIOHTTPDecoderLimitConfiguration {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = 2 * head
        decoder.maxHeaderListSize = 2 * head
        return decoder
    }
}

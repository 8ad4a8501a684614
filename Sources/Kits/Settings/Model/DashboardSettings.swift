import Maintenance

/// Where `mainstay serve` listens for browsers and programs.
package struct DashboardSettings: Sendable, Equatable {
    /// Only this machine reaches it.
    package static let standardListen = Listen(host: "127.0.0.1", port: 3_000)

    package var listen = standardListen
    /// How people reach it, without a slash at the end: what links begin with; nil for where it listens.
    package var url: String?
    /// PEM files, absolute; both or neither.
    package var certificate: String?
    package var key: String?
    /// Whether it may be reached without TLS from elsewhere, since a proxy in front of it speaks TLS.
    package var isBehindProxy = false
    /// How many requests of one account a minute the API answers.
    package var requestsPerMinute = 600
    /// How long the links in notifications count by which an alert is answered without signing in; nil for none.
    package var answerLinks: Duration?
    /// What the addresses of an application's own functions mean here; nil where there are none.
    package var functions: FunctionSettings?
    /// Whose people may sign in too; nil where passwords are the only way.
    package var openid: OpenIDSettings?
    /// Nil where nobody sees anything without signing in.
    package var statusPage: StatusPageSettings?

    package init() {}

    package struct Listen: Sendable, Hashable, CustomStringConvertible {
        /// An address, or `localhost`; never empty.
        package var host: String
        /// 0 for any that is free.
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000`.
        package init?(_ text: String) {
            guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
            let digits = text[text.utf8.index(after: colon)...]
            var name = text[..<colon]
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let port = Int(digits), port <= 65_535
            else { return nil }
            if name.hasPrefix("["), name.hasSuffix("]") {
                name = name.dropFirst().dropLast()
                guard name.utf8.contains(UInt8(ascii: ":")), name.utf8.allSatisfy(\.isAddress) else { return nil }
            } else {
                guard !name.isEmpty, name.utf8.allSatisfy(\.isHostName) else { return nil }
            }
            host = String(name)
            self.port = port
        }

        package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

        package var description: String {
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// What links begin with.
    package var address: String { url ?? "\(certificate == nil ? "http" : "https")://\(listen)" }
}

extension UInt8 {
    fileprivate var isHostName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    fileprivate var isAddress: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

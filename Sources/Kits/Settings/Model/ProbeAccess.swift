import Maintenance

/// A host and a port, written `host:port` or `[2001:db8::1]:port`.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, an IPv6 one without brackets.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil for anything that is no host with a port.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Int(text[text.utf8.index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.last == UInt8(ascii: "]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard Self.isHost(String(host)) else { return nil }
        self.init(host: String(host), port: port)
    }

    /// Whether it looks like a name or an address; not whether there is such a host.
    package static func isHost(_ text: String) -> Bool {
        let allowed = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:%".utf8
        return !text.isEmpty && text.utf8.count <= 255 && text.utf8.allSatisfy { allowed.contains($0) }
            && text.utf8.first != UInt8(ascii: "-")
    }

    package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A port that takes connections, and what is said over one.
package struct TCPAccess: Sendable, Equatable {
    package var address: HostPort
    /// Sent as soon as the connection stands; nil sends nothing.
    package var content: ConfiguredText?
    /// For all of it.
    package var timeout: Duration = .seconds(10)
    /// Of what comes back at most so much is read.
    package var receiveLimit = ByteCount(65_536)
    package var expected = ConditionSet()

    package init(address: HostPort) { self.address = address }
}

/// A server that speaks TLS, at once or after a word in its own protocol.
package struct TLSAccess: Sendable, Equatable {
    package var address: HostPort
    package var opening = Opening.none
    /// The name the certificate has to be for; nil for the address's own.
    package var serverName: String?
    /// Certificates to trust instead of the system's, PEM, absolute.
    package var certificateAuthorityFile: String?
    package var certificateDays = HTTPAccess.CertificateDays()
    package var timeout: Duration = .seconds(10)
    package var expected = ConditionSet()

    package init(address: HostPort) { self.address = address }

    /// What is said before TLS begins.
    package enum Opening: String, Sendable, CaseIterable {
        case none
        case postgresql
        case smtp
        case imap
    }
}

/// A program whose exit status says how something is, as Nagios and Icinga run them.
package struct ProgramAccess: Sendable, Equatable {
    /// Program and arguments; never a shell unless the program is one.
    package var program: [String]
    /// Values for its environment; where they come from is not part of any output.
    package var variables: [String: ConfiguredText] = [:]
    package var timeout: Duration = .seconds(30)
    package var expected = ConditionSet()

    package init(program: [String]) { self.program = program }
}

/// A statement that only reads, and what it has to give.
package struct QueryAccess: Sendable, Equatable {
    /// The resource of the same environment whose database is asked.
    package var database: Written<String>
    package var sql: String
    package var timeout: Duration = .seconds(30)
    package var expected = ConditionSet()

    package init(database: Written<String>, sql: String) {
        self.database = database
        self.sql = sql
    }
}

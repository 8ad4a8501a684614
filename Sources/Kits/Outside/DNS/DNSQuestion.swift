import CShims
import Glibc
import Maintenance

/// One question to the domain name system, asked through glibc's own resolver (resolver(3)).
package struct DNSQuestion: Sendable, Hashable {
    /// Absolute; the final point may be left out.
    package var name: String
    package var kind: Kind
    /// An IPv4 address, and the port; nil asks the servers of /etc/resolv.conf in their order.
    package var server: Server?
    /// For one attempt at one server.
    package var timeLimit: Duration

    package init(_ name: String, _ kind: Kind, server: Server? = nil, timeLimit: Duration = .seconds(5)) {
        self.name = name
        self.kind = kind
        self.server = server
        self.timeLimit = timeLimit
    }

    /// Record types, by their numbers (IANA, "DNS Parameters").
    package enum Kind: String, Sendable, CaseIterable {
        case a = "A"
        case aaaa = "AAAA"
        case cname = "CNAME"
        case mx = "MX"
        case ns = "NS"
        case ptr = "PTR"
        case txt = "TXT"

        var number: Int32 {
            switch self {
            case .a: 1
            case .ns: 2
            case .cname: 5
            case .ptr: 12
            case .mx: 15
            case .txt: 16
            case .aaaa: 28
            }
        }
    }

    package struct Server: Sendable, Hashable, CustomStringConvertible {
        package var address: String
        package var port: Int

        /// Nil for what is no IPv4 address, with a port where it is not 53.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            var bytes = in_addr()
            guard let first = parts.first, parts.count <= 2, inet_pton(AF_INET, first, &bytes) == 1 else { return nil }
            address = first
            port = 53
            if parts.count == 2 {
                guard let number = Int(parts[1]), (1...65_535).contains(number) else { return nil }
                port = number
            }
        }

        package var description: String { port == 53 ? address : "\(address):\(port)" }
    }

    /// Blocks a thread of `blocking` for up to twice the time limit.
    ///
    /// - Throws: `DNSError`.
    package func ask(_ blocking: Blocking, clock: WallClock = .system) async throws -> DNSAnswer {
        let began = clock.monotonic()
        var answer = try await blocking.run { _ in try askNow() }
        answer.duration = clock.monotonic() - began
        return answer
    }

    private func askNow() throws(DNSError) -> DNSAnswer {
        var records = [mainstay_dns_record](repeating: mainstay_dns_record(), count: Self.mostRecords)
        var count: Int32 = 0
        var code: Int32 = 0
        let seconds = Int32(timeLimit.inSeconds.rounded(.up))
        let problem = mainstay_dns_query(
            name, kind.number, server?.address, Int32(server?.port ?? 53), seconds, &records, Int32(records.count),
            &count, &code)
        guard problem == 0 else { throw DNSError(question: self, number: problem) }
        let values = records.prefix(Int(count)).map { record in
            withUnsafeBytes(of: record.value) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return DNSAnswer(
            values: values, code: DNSAnswer.name(ofCode: Int(code)),
            timeToLive: records.prefix(Int(count)).map(\.ttl).min().map { .seconds(Int64($0)) }, duration: .zero)
    }

    private static let mostRecords = 64
}

/// What the domain name system says, also that there is nothing.
package struct DNSAnswer: Sendable, Hashable {
    /// In the order they came; an alias's are those of what it stands for. Hostile text.
    package var values: [String]
    /// `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … (RFC 1035, section 4.1.1).
    package var code: String
    /// The least of the records; nil where there are none.
    package var timeToLive: Duration?
    package var duration: Duration

    static func name(ofCode code: Int) -> String {
        let names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]
        return names.indices.contains(code) ? names[code] : "RCODE\(code)"
    }
}

/// No answer, or one that makes no sense.
package struct DNSError: MaintenanceError, Equatable {
    package var question: DNSQuestion
    /// An errno.
    var number: Int32

    package var code: String { "dns.no-answer" }

    package var problem: String {
        let asked = "'\(question.name.printable)' (\(question.kind.rawValue))"
        let whom = question.server.map { "the server \($0)" } ?? "no server of /etc/resolv.conf"
        let verb = question.server == nil ? "answers" : "does not answer"
        return switch number {
        case EBADMSG: "the answer about \(asked) makes no sense"
        case EINVAL: "\(asked) is no name that could be asked for"
        default: "\(whom) \(verb) the question about \(asked): \(systemReason(number))"
        }
    }

    package var isRetryable: Bool { number != EINVAL && number != EBADMSG }
    package var exitStatus: ExitStatus { .unreachable }
}

import Maintenance

/// One PostgreSQL database, as libpq reaches it (manual, 34.1 "Database Connection Control Functions").
package struct PostgreSQLAccess: Sendable, Equatable {
    package var connection: Connection
    /// Over whatever the connection says itself; nil leaves it to libpq (`.pgpass`, `PGPASSWORD`, the service file).
    package var password: ConfiguredText?
    /// `SET ROLE` after connecting; nil stays with the login role.
    package var role: String?
    package var connectTimeout: Duration = .seconds(10)
    /// What differs from its environment's policy; `Inventory.backupPolicy(of:)` puts them together.
    package var backups = BackupPolicy()
    /// Which of its tables lose their old rows, in the order of the file.
    package var retention: [RetentionRule] = []

    package init(_ connection: Connection, password: ConfiguredText? = nil) {
        self.connection = connection
        self.password = password
    }

    package enum Connection: Sendable, Equatable {
        /// `postgresql://…`
        case url(ConfiguredText)
        /// A section of `pg_service.conf`.
        case service(String)
        /// `host=… dbname=…`
        case keywords(ConfiguredText)
    }
}

/// One HTTP or HTTPS endpoint and what it has to answer.
package struct HTTPAccess: Sendable, Equatable {
    package var url: ConfiguredText
    package var method = Method.get
    package var headers: [String: ConfiguredText] = [:]
    package var expectation = Expectation()
    /// For the whole exchange.
    package var timeout: Duration = .seconds(30)
    /// Off: a redirect is the answer, and `expect.status` judges it.
    package var followsRedirects = false
    /// Whether HTTP/2 is offered over TLS.
    package var offersHTTP2 = false
    /// Certificates to trust instead of the system's, PEM, absolute.
    package var certificateAuthorityFile: String?
    package var certificateDays = CertificateDays()
    /// What is sent with the request; nil sends nothing.
    package var content: ConfiguredText?
    /// What is read of the body at most.
    package var bodyLimit = ByteCount(1_048_576)
    /// Over 'expectation'; where they speak of the status, its own default does not count.
    package var expected = ConditionSet()

    package init(url: ConfiguredText) { self.url = url }

    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    package struct Expectation: Sendable, Equatable {
        package var status: [StatusRange] = [StatusRange(200...299)]
        /// Text the body has to contain.
        package var body: String?
        /// A regular expression (Swift's syntax) that has to match somewhere in the body.
        package var bodyPattern: String?

        package init() {}
    }

    /// Days before a certificate ends from which it is a finding.
    package struct CertificateDays: Sendable, Equatable {
        package var warning = 30
        package var critical = 7

        package init() {}
    }
}

/// Status codes that count as well: `200`, `2xx`, `200-204`.
package struct StatusRange: Sendable, Hashable, CustomStringConvertible {
    package var codes: ClosedRange<Int>

    package init(_ codes: ClosedRange<Int>) { self.codes = codes }

    package init?(_ text: String) {
        let lowered = text.lowercased()
        if lowered.count == 3, lowered.hasSuffix("xx"), let hundreds = lowered.first?.wholeNumberValue,
            (1...5).contains(hundreds)
        {
            codes = (hundreds * 100)...(hundreds * 100 + 99)
            return
        }
        let bounds = lowered.split(separator: "-", omittingEmptySubsequences: false).map {
            Int($0.trimmingWhitespace())
        }
        guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2,
            first <= last, first >= 100, last <= 599
        else { return nil }
        codes = first...last
    }

    package func contains(_ status: Int) -> Bool { codes.contains(status) }

    package var description: String {
        if codes.lowerBound % 100 == 0, codes.count == 100 { return "\(codes.lowerBound / 100)xx" }
        return codes.count == 1 ? "\(codes.lowerBound)" : "\(codes.lowerBound)-\(codes.upperBound)"
    }
}

/// A machine's processor, memory and disks; only the one Mainstay runs on.
package struct HostAccess: Sendable, Equatable {
    /// Mount points or directories whose file systems are watched, absolute.
    package var disks: [String] = ["/"]

    package init() {}
}

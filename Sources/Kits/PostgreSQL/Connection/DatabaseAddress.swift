import CLibPQ
import Maintenance
import Outside

/// Where a database is and how to get in: what libpq takes, as a URL, a keyword string or `service=name`. libpq adds what
/// is not said from the environment, the service file and `.pgpass`. The password is in no description, dump or mirror.
package struct DatabaseAddress: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// libpq's keywords (PostgreSQL manual, "Parameter Key Words").
    let keywords: [String: String]

    /// - Throws: `PostgreSQLError.badAddress`, which never repeats the text.
    package init(_ text: String) throws(PostgreSQLError) {
        guard !text.utf8.contains(0) else { throw .badAddress("it holds a NUL character") }
        guard !text.trimmingWhitespace().isEmpty else { throw .badAddress("it is empty") }
        // libpq would take `shop` for an empty keyword string and connect to whatever the environment says.
        guard text.containsBytes("=") || text.containsBytes("://") else {
            throw .badAddress("it is neither a URL nor key=value")
        }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(text, &message)
        // The message may quote any part of the text, so nobody gets to see it.
        if let message { PQfreemem(message) }
        guard let options else {
            let isURL = text.containsBytes("://")
            throw .badAddress(isURL ? "the URL cannot be read" : "a key=value pair cannot be read or is not known")
        }
        defer { PQconninfoFree(options) }
        keywords = Self.values(options)
        if text.containsBytes("://") { try refuseSpilledPassword() }
    }

    /// A connection string that was fetched as a secret.
    ///
    /// - Throws: `PostgreSQLError.badAddress`, which never repeats the text.
    package init(_ secret: Secret) throws(PostgreSQLError) { try self.init(secret.reveal()) }

    package init(
        host: String, port: Int? = nil, database: String, user: String? = nil, password: Secret? = nil
    ) {
        var keywords = ["host": host, "dbname": database]
        if let port { keywords["port"] = String(port) }
        if let user { keywords["user"] = user }
        if let password { keywords["password"] = password.reveal() }
        self.keywords = keywords
    }

    private init(keywords: [String: String]) { self.keywords = keywords }

    /// `postgresql://me:pa/ss@host/db` parses, with a piece of the password as host, port or database, and the next
    /// error would show it.
    private func refuseSpilledPassword() throws(PostgreSQLError) {
        let host = keywords["host"] ?? ""
        let port = keywords["port"] ?? ""
        let database = keywords["dbname"] ?? ""
        guard !host.containsBytes("@"), !database.containsBytes("@"), port.allSatisfy({ $0.isNumber || $0 == "," })
        else {
            throw .badAddress("a user, password or database in it has to be percent-encoded")
        }
    }

    /// The same server and role, another database.
    package func with(database: String) -> DatabaseAddress { with("dbname", database) }

    package func with(user: String, password: Secret? = nil) -> DatabaseAddress {
        var changed = keywords
        changed["user"] = user
        changed["password"] = password?.reveal()
        return DatabaseAddress(keywords: changed)
    }

    /// Settings told to the server at the start (`-c name=value`); they win over those of the database and the role.
    package func with(options: String) -> DatabaseAddress { with("options", options) }

    package func with(password: Secret) -> DatabaseAddress { with("password", password.reveal()) }

    func with(_ keyword: String, _ value: String) -> DatabaseAddress {
        DatabaseAddress(keywords: keywords.merging([keyword: value]) { $1 })
    }

    private static let ofPlace: Set<String> = ["host", "hostaddr", "port", "dbname", "service"]

    /// Where it is, by libpq's keywords, without who comes there: to be kept where no secret may lie.
    package var place: [String: String] { keywords.filter { Self.ofPlace.contains($0.key) } }

    /// The same role with the same password at another place.
    package func at(_ place: [String: String]) -> DatabaseAddress {
        let login = keywords.filter { !Self.ofPlace.contains($0.key) }
        return DatabaseAddress(keywords: login.merging(place.filter { Self.ofPlace.contains($0.key) }) { $1 })
    }

    /// As it was given; nil if libpq finds it elsewhere.
    package var host: String? { keywords["host"] ?? keywords["hostaddr"] }
    package var port: String? { keywords["port"] }
    package var database: String? { keywords["dbname"] }
    package var user: String? { keywords["user"] }
    package var service: String? { keywords["service"] }
    package var hasPassword: Bool { keywords["password"] != nil }

    /// What a client program (`pg_dump`, `psql`) needs to reach the same database; nothing of it shows in argv
    /// (PostgreSQL manual, "Environment Variables").
    package var environment: [String: ChildEnvironment.Value] {
        var result: [String: ChildEnvironment.Value] = [:]
        for (keyword, value) in keywords {
            guard let name = Self.variables[keyword] else { continue }
            result[name] = keyword == "password" ? .secret(Secret(value)) : .plain(value)
        }
        return result
    }

    /// The same as one URL, for programs that take nothing else (PostgreSQL manual, "Connection URIs"). A socket's
    /// directory stands behind the question mark, where most drivers look for it; `localhost` before it is for those that
    /// want a host there.
    package var url: Secret {
        var rest = keywords
        let login = [rest.removeValue(forKey: "user"), rest.removeValue(forKey: "password")].compactMap(
            \.?.urlComponent)
        let host =
            keywords["host"].flatMap { $0.hasPrefix("/") ? nil : rest.removeValue(forKey: "host") } ?? "localhost"
        let port = rest.removeValue(forKey: "port").map { ":\($0)" } ?? ""
        let database = rest.removeValue(forKey: "dbname").map { "/\($0.urlComponent)" } ?? "/"
        let query = rest.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.urlComponent)" }
        return Secret(
            "postgresql://\(login.joined(separator: ":"))\(login.isEmpty ? "" : "@")\(host)\(port)\(database)"
                + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))"))
    }

    private static let variables = [
        "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
        "password": "PGPASSWORD", "passfile": "PGPASSFILE", "service": "PGSERVICE", "sslmode": "PGSSLMODE",
        "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslrootcert": "PGSSLROOTCERT", "sslcrl": "PGSSLCRL",
        "channel_binding": "PGCHANNELBINDING", "connect_timeout": "PGCONNECT_TIMEOUT", "gssencmode": "PGGSSENCMODE",
        "krbsrvname": "PGKRBSRVNAME", "target_session_attrs": "PGTARGETSESSIONATTRS", "options": "PGOPTIONS",
        "requirepeer": "PGREQUIREPEER", "application_name": "PGAPPNAME",
    ]

    /// `db.example.org:5432/shop`, `service=shop`; what was not given is left out. Safe to print.
    package var description: String {
        if let service, host == nil { return "service=\(service)\(database.map { "/\($0)" } ?? "")".printable }
        let port = port.map { ":\($0)" } ?? ""
        return "\(host ?? "local socket")\(port)/\(database ?? user ?? "")".printable
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    /// What must not be seen, longest first.
    private var secrets: [String] {
        ["password", "sslpassword", "oauth_client_secret"].compactMap { keywords[$0] }.filter { !$0.isEmpty }
            .sorted { $0.utf8.count > $1.utf8.count }
    }

    /// The text with every password in it replaced, but where the password is also the name of host, user or database.
    func redacted(_ text: String) -> String {
        let names = [host, user, database]
        return secrets.filter { !names.contains($0) }.reduce(text) { $0.replacingBytes(of: $1, with: "•••") }
    }

    private static func values(_ options: UnsafePointer<PQconninfoOption>) -> [String: String] {
        var result: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { result[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return result
    }
}

extension DatabaseAddress: Hashable {
    package static func == (left: DatabaseAddress, right: DatabaseAddress) -> Bool { left.keywords == right.keywords }
    package func hash(into hasher: inout Hasher) { hasher.combine(keywords) }
}

import Maintenance

/// One whole request, as far as it is well formed; what is in it is hostile.
package struct WebRequest: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    package var method: Method
    /// Decoded, without empty segments at the ends: `/runs/a%20b` is `["runs", "a b"]`, `/` is empty.
    package var path: [String]
    /// Decoded; of a name that stands several times the last.
    package var query: [String: String]
    /// The names that stand several times in the query: for whoever may not pass over one of them.
    package var repeated: Set<String> = []
    /// Names in lower case, in the order they came.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The other side's address without its port.
    package var peer: String
    /// Came over TLS of our own.
    package var isSecure: Bool

    package init(
        method: Method = .get, path: [String] = [], query: [String: String] = [:],
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], peer: String = "", isSecure: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.isSecure = isSecure
    }

    /// The first field of that name.
    package subscript(header name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// As links and forms of ours write it: `/runs/a%20b`.
    package var location: String { Self.location(path) }

    package static func location(_ path: [String]) -> String {
        "/" + path.map { $0.urlComponent }.joined(separator: "/")
    }

    /// The fields of a form (`application/x-www-form-urlencoded`); empty for any other body.
    package var form: [String: String] {
        let type = self[header: "content-type"]?.lowercased().split(separator: ";").first
        guard type.map({ $0.trimmingWhitespace() }) == "application/x-www-form-urlencoded" else { return [:] }
        return WebTarget.pairs(body) ?? [:]
    }

    /// The value of a cookie (RFC 6265, 5.4); of several of one name the first.
    package func cookie(_ name: String) -> String? {
        for field in headers where field.name == "cookie" {
            for pair in field.value.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let key = parts.first, parts.count == 2, key.trimmingWhitespace() == name else { continue }
                return parts.last?.trimmingWhitespace()
            }
        }
        return nil
    }
}

import Maintenance

/// Where a request goes: the parts of an `http` or `https` URL that a connection and a request line need (RFC 3986).
package struct HTTPTarget: Sendable, Hashable, CustomStringConvertible {
    package var isSecure: Bool
    /// A name or an IP address, in lower case, an IPv6 one without its brackets.
    package var host: String
    package var port: Int
    /// What stands in the request line: path and query, at least `/`, non-ASCII bytes percent-encoded.
    package var path: String

    /// Refuses other schemes, user and password, control characters and white space. A fragment is dropped.
    package init(_ text: String) throws(HTTPError) {
        guard let separator = text.firstRange(of: "://") else { throw .malformedURL(text, reason: "it has no scheme") }
        switch text[..<separator.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw .malformedURL(text, reason: "only http and https are probed")
        }
        let rest = text[separator.upperBound...]
        let authority = Substring(rest.unicodeScalars.prefix { !"/?#".unicodeScalars.contains($0) })
        guard !authority.containsBytes("@") else { throw .credentialsInURL }
        (host, port) = try Self.hostAndPort(authority, isSecure: isSecure, of: text)
        path = try Self.normalised(rest[authority.endIndex...], of: text)
    }

    /// The target a `Location` names, seen from this one (RFC 3986, section 5.2).
    package func resolving(_ location: String) throws(HTTPError) -> HTTPTarget {
        let location = location.trimmingWhitespace()
        let beforePath = location.unicodeScalars.prefix { !"/?#".unicodeScalars.contains($0) }
        if beforePath.last == ":" { return try HTTPTarget(location) }
        let scheme = isSecure ? "https:" : "http:"
        if location.utf8.starts(with: "//".utf8) { return try HTTPTarget(scheme + location) }
        let ownPath = path.prefix { $0 != "?" }
        var target = self
        let reference: String =
            switch location.unicodeScalars.first {
            case nil, "#": path
            case "/": location
            case "?": String(ownPath) + location
            default: String(ownPath[...(ownPath.lastIndex(of: "/") ?? ownPath.startIndex)]) + location
            }
        target.path = try Self.withoutDots(Self.normalised(reference[...], of: location))
        return target
    }

    /// The `Host` header: with the port only where it is not the scheme's own.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

    /// Whether credentials meant for this one may go to that one.
    package func hasSameOrigin(as other: HTTPTarget) -> Bool {
        (isSecure, host, port) == (other.isSecure, other.host, other.port)
    }

    private static func hostAndPort(_ authority: Substring, isSecure: Bool, of text: String) throws(HTTPError)
        -> (String, Int)
    {
        var host = authority
        var port = ""[...]
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw .malformedURL(text, reason: "its IPv6 address has no ']'")
            }
            host = authority[..<end].dropFirst()
            port = authority[end...].dropFirst()
            guard host.contains(":"), host.utf8.allSatisfy({ "0123456789abcdefABCDEF:.".utf8.contains($0) }) else {
                throw .malformedURL(text, reason: "'\(host)' is not an IPv6 address")
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[colon...]
        }
        let isName = host.utf8.allSatisfy {
            ("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:").utf8.contains($0)
        }
        guard !host.isEmpty, isName else {
            throw .malformedURL(text, reason: host.isEmpty ? "it has no host" : "'\(host)' is not a host name")
        }
        guard !port.isEmpty, port != ":" else { return (host.lowercased(), isSecure ? 443 : 80) }
        guard port.hasPrefix(":"), let number = Int(port.dropFirst()), (1...65_535).contains(number) else {
            throw .malformedURL(text, reason: "'\(port.dropFirst())' is not a port")
        }
        return (host.lowercased(), number)
    }

    private static func normalised(_ reference: Substring, of text: String) throws(HTTPError) -> String {
        var result = reference.utf8.first == UInt8(ascii: "/") ? "" : "/"
        for byte in reference.utf8 {
            switch byte {
            case UInt8(ascii: "#"): return result
            case 0...0x20, 0x7F: throw .malformedURL(text, reason: "it contains white space or a control character")
            case 0x80...: result += "%" + [byte].hexadecimal.uppercased()
            default: result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return result
    }

    /// `/a/b/../c/./d` is `/a/c/d`.
    private static func withoutDots(_ path: String) -> String {
        let query = path.drop { $0 != "?" }
        var segments: [Substring] = []
        let parts = path[..<query.startIndex].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            switch part {
            case ".", "..":
                if part == "..", !segments.isEmpty { segments.removeLast() }
                if index == parts.count - 1 { segments.append("") }
            default: segments.append(part)
            }
        }
        return "/" + segments.joined(separator: "/") + query
    }
}

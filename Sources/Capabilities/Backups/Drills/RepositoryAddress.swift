import Maintenance
import Outside

/// What a restic repository is reached by.
enum RepositoryAddress: Sendable, Hashable {
    /// Of this machine.
    case directory(String)
    /// A name or an address, with a port or without.
    case host(String)
    /// A provider's, by no address of ours.
    case service
    /// Nobody can say, and why.
    case unknown(String)

    /// - Parameters:
    ///   - text: as restic takes it.
    ///   - environment: where rclone's configuration is looked for.
    init(_ text: String, environment: [String: String]) {
        let (scheme, rest) = text.parted(at: ":") ?? ("", text)
        switch scheme {
        case _ where text.utf8.first == UInt8(ascii: "/"): self = .directory(text)
        case "local": self = .directory(rest)
        case "sftp", "rest", "s3": self = .host(Self.host(rest))
        case "rclone": self = Self.ofRemote(rest, RcloneRemotes(environment), depth: 0)
        case "swift", "b2", "azure", "gs": self = .service
        default: self = .directory(text)
        }
    }

    /// `[user@]host:path`, `//[user@]host[:port]/path`, `http://[user:password@]host:port/path`, `host:port/bucket`.
    private static func host(_ text: String) -> String {
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "//") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { $0 != "/" }
        if let login = rest.lastIndex(of: "@") { rest = rest[rest.index(after: login)...] }
        return String(rest)
    }

    /// `name:path`, `:type,option=value:path`. A remote may stand before another one, as 'alias' and 'crypt' do.
    private static func ofRemote(_ text: String, _ remotes: RcloneRemotes, depth: Int) -> RepositoryAddress {
        // One that stands before itself leads nowhere.
        guard depth < 8 else { return .unknown("its remotes of rclone stand before each other") }
        if text.utf8.first == UInt8(ascii: "/") { return .directory(text) }
        let remote: [String: String]
        let path: String
        if text.utf8.first == UInt8(ascii: ":") {
            guard let (words, rest) = String(text.dropFirst()).parted(at: ":") else {
                return .unknown("it is no remote of rclone")
            }
            let parts = words.split(separator: ",").map(String.init)
            remote = parts.dropFirst().reduce(into: ["type": parts.first ?? ""]) { result, part in
                guard let (key, value) = part.parted(at: "=") else { return }
                result[key] = value
            }
            path = rest
        } else {
            guard let (name, rest) = text.parted(at: ":") else { return .unknown("it is no remote of rclone") }
            guard let known = remotes[name] else { return .unknown(remotes.lack(of: name)) }
            remote = known
            path = rest
        }
        if remote["type"] == "local" { return .directory(path) }
        if let behind = remote["remote"] { return ofRemote(behind, remotes, depth: depth + 1) }
        if let host = remote["host"] ?? remote["url"] ?? remote["endpoint"] { return .host(self.host(host)) }
        return .service
    }
}

/// The remotes that rclone knows: its own file, and what the environment says (rclone manual, "Configuration",
/// "Environment Variables").
private struct RcloneRemotes {
    private var remotes: [String: [String: String]] = [:]
    /// Why its file could not be read; nil where it was, or where there is none.
    private var trouble: String?

    private static let limit = 1_048_576

    init(_ environment: [String: String]) {
        let home = environment["HOME"] ?? "/root"
        let path =
            environment["RCLONE_CONFIG"] ?? "\(environment["XDG_CONFIG_HOME"] ?? "\(home)/.config")/rclone/rclone.conf"
        do throws(FileError) {
            if let bytes = try Descriptor.open(path).contents(limit: Self.limit) {
                read(bytes)
            } else {
                trouble = "'\(path)' is too long"
            }
        } catch {
            trouble = error.isMissing ? nil : error.problem
        }
        for (name, value) in environment where name.hasPrefix("RCLONE_CONFIG_") {
            guard let (remote, key) = String(name.dropFirst("RCLONE_CONFIG_".count)).parted(at: "_") else { continue }
            remotes[remote.lowercased(), default: [:]][key.lowercased()] = value
        }
    }

    private mutating func read(_ bytes: [UInt8]) {
        var section = ""
        for raw in bytes.split(separator: UInt8(ascii: "\n")) {
            let line = String(decoding: raw, as: UTF8.self).trimmingWhitespace()
            if line.utf8.first == UInt8(ascii: "["), line.utf8.last == UInt8(ascii: "]") {
                section = String(line.dropFirst().dropLast()).lowercased()
            } else if let (key, value) = line.parted(at: "=") {
                remotes[section, default: [:]][key.trimmingWhitespace()] = value.trimmingWhitespace()
            }
        }
    }

    subscript(name: String) -> [String: String]? { remotes[name.lowercased()] }

    func lack(of name: String) -> String {
        "rclone's configuration names no remote '\(name.printable)'\(trouble.map { ": \($0)" } ?? "")"
    }
}

extension String {
    /// What is before the first of a byte, and what is behind it; nil without one.
    fileprivate func parted(at byte: Unicode.Scalar) -> (String, String)? {
        guard let index = utf8.firstIndex(of: UInt8(ascii: byte)) else { return nil }
        return (String(self[..<index]), String(self[self.utf8.index(after: index)...]))
    }
}

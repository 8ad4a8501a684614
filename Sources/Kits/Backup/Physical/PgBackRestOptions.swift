import Maintenance
import Outside

/// A team's own pgbackrest.conf, as far as a restore needs it: how its repositories are reached.
///
/// The file is never written. A restore of ours gets what is here through the environment (pgBackRest manual,
/// "Configuration": `PGBACKREST_REPO1_PATH` is `repo1-path`), with `--no-config`: nothing else that stands in the file,
/// such as where a real restore would go, can have a say, and no second copy of a key lies on a disk.
package struct PgBackRestOptions: Sendable {
    /// By section, then by key.
    private var sections: [String: [String: String]] = [:]

    private static let largest = 1_048_576

    /// - Throws: `FileError`, `PhysicalError.configuration`.
    package init(reading path: String) throws {
        guard let bytes = try Descriptor.open(path).contents(limit: Self.largest) else {
            throw FileError.tooLong(path: path, limit: ByteCount(Int64(Self.largest)))
        }
        try self.init(String(decoding: bytes, as: UTF8.self), path: path)
    }

    /// - Parameter text: `[section]`, `key=value`, `#` begins a line that says nothing.
    package init(_ text: String, path: String) throws(PhysicalError) {
        var section: String?
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = String(raw).trimmingWhitespace()
            if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { continue }
            if line.utf8.first == UInt8(ascii: "["), line.utf8.last == UInt8(ascii: "]") {
                let name = String(line.dropFirst().dropLast())
                section = name
                sections[name, default: [:]].merge([:]) { old, _ in old }
                continue
            }
            guard let section, let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                throw .configuration(path: path, reason: "line \(index + 1) is neither a section nor 'key=value'")
            }
            let key = String(line[..<equals]).trimmingWhitespace()
            sections[section]?[key] = String(line[line.index(after: equals)...]).trimmingWhitespace()
        }
    }

    /// Sections that are a stanza's, in the order of their names.
    package var stanzas: [String] {
        sections.keys.filter { $0 != "global" && !$0.containsBytes(":") }.sorted()
    }

    /// What holds for a command of a stanza: the narrower section wins.
    func values(of stanza: String, for command: String) -> [String: String] {
        ["global", "global:\(command)", stanza, "\(stanza):\(command)"].reduce(into: [:]) { result, section in
            result.merge(sections[section] ?? [:]) { $1 }
        }
    }

    /// Whether an option says how a repository, or the machine it is on, is reached.
    private static func isOfRepository(_ key: String) -> Bool {
        if ["cmd-ssh", "process-max", "io-timeout", "protocol-timeout", "sck-block"].contains(key) { return true }
        guard key.hasPrefix("repo") else { return false }
        let rest = key.dropFirst(4).drop { ("0"..."9").contains($0) }
        return rest.first == "-" && !rest.hasPrefix("-retention-")
    }

    /// For the environment of a restore: `PGBACKREST_REPO1_PATH` and the like, all of them secrets, since some are.
    package func environment(of stanza: String) -> [String: ChildEnvironment.Value] {
        var result: [String: ChildEnvironment.Value] = [:]
        for (key, value) in values(of: stanza, for: "restore") where Self.isOfRepository(key) {
            let name = "PGBACKREST_" + key.uppercased().replacingBytes(of: "-", with: "_")
            result[name] = .secret(Secret(value))
        }
        return result
    }

    /// One of its repositories.
    package struct Place: Sendable, Hashable {
        package var number: Int
        /// The machine it is reached at, `host` or `host:port`; nil where it is a directory of this one, or a service goes
        /// by no address of ours.
        package var host: String?
        /// Its directory of this machine; nil for one that is reached by a network.
        package var path: String?
    }

    /// Its repositories, each by itself; without a word about any there is the first, where it usually lies (pgBackRest
    /// manual, "Repository": options repo-type, repo-host, repo-storage-host, repo-s3-endpoint, repo-sftp-host).
    package func places(of stanza: String) -> [Place] {
        let values = values(of: stanza, for: "restore")
        let named = Set(
            values.keys.compactMap { key -> Int? in
                guard key.hasPrefix("repo") else { return nil }
                return Int(key.dropFirst(4).prefix { ("0"..."9").contains($0) })
            })
        return (named.isEmpty ? [1] : named).sorted().map { number in
            func value(_ key: String) -> String? { values["repo\(number)-\(key)"] }
            if let host = value("host") { return Place(number: number, host: host) }
            switch value("type") ?? "posix" {
            case "posix", "cifs": return Place(number: number, path: value("path") ?? "/var/lib/pgbackrest")
            case let kind:
                let keys = ["storage-host", "\(kind)-host", "\(kind)-endpoint"]
                return Place(number: number, host: keys.lazy.compactMap(value).first)
            }
        }
    }

    /// What pgBackRest itself keeps, in its own words, sorted: `repo1-retention-full=2`.
    package func retention(of stanza: String) -> [String] {
        values(of: stanza, for: "expire").filter { $0.key.containsBytes("-retention-") }
            .map { "\($0.key)=\($0.value)" }.sorted()
    }
}

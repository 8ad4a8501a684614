import Glibc
import Maintenance
import Outside

/// The text of one configuration file: bounded, checked to be text, and never waited for.
enum ConfigurationText {
    static let maximumBytes = 1_048_576

    /// A FIFO, a device or a socket is refused, a file over 1 MiB without being read; broken UTF-8 and NUL are located.
    static func read(_ path: String) throws(ConfigurationError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
            throw ConfigurationError([Problem("\(Tree.quoted(path)) is \(kind)", allowed: "a YAML file")])
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= maximumBytes, status.st_size <= maximumBytes {
            let (count, number) = chunk.withUnsafeMutableBytes {
                (Glibc.read(descriptor, $0.baseAddress, $0.count), errno)
            }
            if count < 0, number == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, number) }
            if count == 0 { return try decode(bytes, file: path) }
            bytes += chunk[..<count]
        }
        let size = ByteCount(max(Int64(status.st_size), Int64(bytes.count)))
        throw ConfigurationError([
            Problem("\(Tree.quoted(path)) is \(size) long", allowed: "a file of at most 1 MB")
        ])
    }

    static func decode(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> String {
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
            throw ConfigurationError([Problem("\(Tree.quoted(file)) is UTF-16", allowed: "UTF-8")])
        }
        if let index = bytes.firstIndex(of: 0) {
            throw ConfigurationError([
                Problem("a NUL byte stands here", at: SourceLocation(after: bytes[..<index], file: file))
            ])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let good = validPrefix(bytes)
            throw ConfigurationError([
                Problem("this is not UTF-8", at: SourceLocation(after: bytes[..<good], file: file), allowed: "UTF-8")
            ])
        }
        return text
    }

    /// How many bytes come before the first that is not UTF-8.
    private static func validPrefix(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var count = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { count += UTF8.width(scalar) }
        return count
    }

    /// The names in a directory; nil where there is none.
    static func names(in path: String) throws(ConfigurationError) -> [String]? {
        guard let directory = opendir(path) else {
            guard errno != ENOENT else { return nil }
            throw unreadable(path, errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
            errno = 0
        }
        guard errno == 0 else { throw unreadable(path, errno) }
        return names
    }

    private static func unreadable(_ path: String, _ number: Int32) -> ConfigurationError {
        ConfigurationError([Problem("\(Tree.quoted(path)) cannot be read: \(systemReason(number))")])
    }
}

extension SourceLocation {
    /// The place right behind these bytes of a file's beginning.
    init(after bytes: ArraySlice<UInt8>, file: String) {
        let lineStart = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.startIndex
        self.init(
            file: file, line: bytes.count(where: { $0 == UInt8(ascii: "\n") }) + 1,
            column: String(decoding: bytes[lineStart...], as: UTF8.self).unicodeScalars.count + 1)
    }
}

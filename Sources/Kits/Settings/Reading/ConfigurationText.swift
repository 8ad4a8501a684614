import Glibc
import Maintenance

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
            throw ConfigurationError([Problem("a NUL byte stands here", at: place(bytes[..<index], file))])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let good = validPrefix(bytes)
            throw ConfigurationError([
                Problem("this is not UTF-8", at: place(bytes[..<good], file), allowed: "UTF-8")
            ])
        }
        return text
    }

    private static func place(_ before: ArraySlice<UInt8>, _ file: String) -> SourceLocation {
        let line = before.count(where: { $0 == UInt8(ascii: "\n") }) + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
        return SourceLocation(file: file, line: line, column: column)
    }

    /// How many bytes come before the first that is not UTF-8.
    private static func validPrefix(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var count = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { count += UTF8.width(scalar) }
        return count
    }

    private static func unreadable(_ path: String, _ number: Int32) -> ConfigurationError {
        let reason = String(cString: strerror(number)).lowercased()
        return ConfigurationError([Problem("\(Tree.quoted(path)) cannot be read: \(reason)")])
    }
}

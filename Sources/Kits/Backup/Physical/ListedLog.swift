import Maintenance

/// The write-ahead log behind a backup as its repository lists it, without opening a segment: cheap enough for a check.
package struct ListedLog: Sendable {
    /// What is missing, or there twice, each in one clause, the earliest first.
    package private(set) var problems: [String] = []
    /// What a recovery of the backup replays.
    package private(set) var path: [WALSegment] = []
    private(set) var branches: [TimelineHistory.Branch] = []

    /// - Parameter segmentSize: `wal_segment_size` of the cluster.
    /// - Throws: `PhysicalError`, `ProgramError`.
    package init(
        _ repository: PgBackRest, _ backup: PhysicalBackup, _ info: RepositoryInfo, segmentSize: UInt64
    ) async throws {
        guard let archive = info.archive(of: backup) else {
            problems = ["the repository holds no WAL of the cluster this backup is of"]
            return
        }
        guard let first = backup.firstWAL.flatMap({ WALSegment($0, size: segmentSize) }),
            let last = backup.lastWAL.flatMap({ WALSegment($0, size: segmentSize) })
        else {
            problems = ["it was taken without the WAL that makes it consistent"]
            return
        }
        let directory = "archive/\(repository.stanza)/\(archive.id)"
        let stored = WALArchive(
            try await repository.files(below: directory, in: backup.repository), segmentSize: segmentSize)
        if let newest = stored.histories.keys.filter({ $0 > first.timeline }).max(), let file = stored.histories[newest]
        {
            let text = String(
                decoding: try await repository.contents("\(directory)/\(file)", in: backup.repository), as: UTF8.self)
            if let history = TimelineHistory(text, of: newest) {
                branches = history.branches
            } else {
                problems.append("the history file of timeline \(newest) cannot be read")
            }
        }
        let stop = backup.stopLSN.flatMap { LogPosition($0) }
        let judged = stored.judge(from: first, consistentAt: last, stop, branches: branches)
        problems += judged.problems
        path = judged.path
    }
}

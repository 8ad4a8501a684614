import Maintenance

/// The write-ahead log behind a backup: that no segment is missing from its beginning to the end of what can be reached,
/// and that each is the one it is called.
struct ArchiveProof: Sendable {
    let copy: RestoredCopy
    let repository: PgBackRest
    let backup: PhysicalBackup
    let info: RepositoryInfo
    let jobs: Int

    /// So many segments are opened; of a longer log the first ones, which every recovery needs.
    private static let most = 2_000

    /// - Returns: what was found, and the end of the log that can be reached.
    /// - Throws: `PhysicalError`, `ProgramError`.
    func run() async throws -> (result: Climb.Result, end: LogPosition?) {
        let listed = try await ListedLog(repository, backup, info, segmentSize: copy.control.segmentSize)
        let path = listed.path
        var problems = listed.problems
        if problems.isEmpty { problems += try await contents(of: path, listed.branches) }
        guard problems.isEmpty, let first = path.first, let last = path.last else {
            // What cannot be reached says nothing of what is there.
            let found = problems.filter { !PhysicalError.isOfTheWay($0) }
            guard found.isEmpty, let way = problems.first else { return (.failed(found), path.last?.end) }
            return (.notPossible(way), path.last?.end)
        }
        let opened = min(path.count, Self.most)
        let words =
            "\("segment".counted(path.count)) from \(first) to \(last) without a gap"
            + (opened < path.count ? ", the first \(opened) of them opened" : ", each the one it is called")
        return (.proved(words), last.end)
    }

    private func contents(of path: [WALSegment], _ branches: [TimelineHistory.Branch]) async throws -> [String] {
        let starts = Set(
            branches.map {
                WALSegment(
                    timeline: $0.timeline, number: $0.at.value / copy.control.segmentSize,
                    size: copy.control.segmentSize)
            })
        var waiting = path.prefix(Self.most)[...]
        return try await withThrowingTaskGroup(of: (WALSegment, String?).self) { group in
            for segment in waiting.prefix(max(1, jobs)) {
                group.addTask { (segment, try await misfit(segment, starts.contains(segment))) }
            }
            waiting = waiting.dropFirst(max(1, jobs))
            var problems: [(WALSegment, String)] = []
            while let (segment, problem) = try await group.next() {
                if let problem { problems.append((segment, problem)) }
                if let next = waiting.popFirst() {
                    group.addTask { (next, try await misfit(next, starts.contains(next))) }
                }
            }
            return problems.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func misfit(_ segment: WALSegment, _ isFirstOfTimeline: Bool) async throws -> String? {
        let (header, reason) = try await copy.header(segment, from: repository)
        guard let header else { return "WAL segment \(segment) cannot be read: \(reason)" }
        return header.misfit(segment, of: copy.control.systemIdentifier, isFirstOfTimeline: isFirstOfTimeline)
    }
}

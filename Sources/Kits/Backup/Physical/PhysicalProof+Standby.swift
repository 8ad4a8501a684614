import Maintenance
import Outside
import PostgreSQL

extension PhysicalProof {
    /// The standby at one place of the log, with that log in the archive. What keeps it from being read is why the copy
    /// cannot be held against it; it says nothing of the backup.
    func readStandby(
        _ backup: PhysicalBackup, _ cluster: RepositoryInfo.Cluster, _ climb: inout Climb
    ) async throws -> StandbyReading.Found? {
        guard let standby, !climb.isOver else { return nil }
        guard case .pgBackRest(let repository) = engine else {
            climb.note(
                .equality,
                .notPossible(
                    "a base backup ends with its own log, and the standby is further: there is no log to meet at"),
                nil)
            return nil
        }
        tell("reading the standby, its replay paused")
        let found: StandbyReading.Found
        do {
            found = try await standby.run()
        } catch let error as PostgreSQLError {
            try Task.checkCancellation()
            climb.note(.equality, .notPossible("the standby cannot be read: \(error.problem)"), nil)
            return nil
        } catch let error as StandbyError {
            // That is no matter of the backup, and worse than whatever it says.
            if case .staysPaused = error { throw error }
            climb.note(.equality, .notPossible(error.problem), nil)
            return nil
        } catch let error as PauseError {
            let hint = error.hint.map { ". \($0)" } ?? ""
            climb.note(.equality, .notPossible(error.problem + hint), nil)
            return nil
        }
        guard found.systemIdentifier == cluster.systemIdentifier else {
            climb.note(.equality, .notPossible("the standby is of another cluster, \(found.systemIdentifier)"), nil)
            return nil
        }
        if let stop = backup.stopLSN.flatMap({ LogPosition($0) }), found.position < stop {
            climb.note(
                .equality, .notPossible("the standby is at \(found.position), behind the backup's end at \(stop)"), nil)
            return nil
        }
        let segment = WALSegment(
            timeline: found.timeline, number: found.position.value / found.segmentSize, size: found.segmentSize)
        tell("waiting until \(segment) is archived")
        let began = clock.monotonic()
        while clock.monotonic() - began < patience {
            let info = try await repository.info()
            let newest = info.archive(of: backup)?.newest.flatMap { WALSegment($0, size: found.segmentSize) }
            if let newest, newest >= segment { return found }
            try await clock.sleep(for: .seconds(1))
        }
        climb.note(
            .equality,
            .notPossible("the log up to the standby's \(found.position) was not archived within \(patience.short)"), nil
        )
        return nil
    }

    /// Everything that could be read of the copy, against the standby.
    func compare(
        _ copy: CopyReading.Outcome, _ oracle: StandbyReading.Found, _ climb: inout Climb
    ) async throws {
        try await climb.rung(.equality) {
            let differences = oracle.differences(from: copy.databases, unread: copy.unread)
            guard differences.isEmpty else { return .failed(differences) }
            let gaps = copy.unread.sorted().map { "the rows of '\($0)' in the copy (see 'structure')" } + oracle.gaps
            guard let gap = gaps.first else {
                return .proved(
                    "every row of every table and materialised view, every sequence and large object is the standby's, "
                        + "whose replay was paused at \(oracle.position): \("database".counted(copy.databases.count)) by digest"
                )
            }
            let more = gaps.count > 1 ? " and \(gaps.count - 1) more" : ""
            return .notPossible("what could be read on both sides is the standby's; not read: \(gap)\(more)")
        }
    }
}

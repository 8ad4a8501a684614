import Maintenance
import Outside

/// Makes one change: the choke point every side effect goes through.
///
/// The journal holds `started` with the witness before the side effect begins, and what came of it after somebody has
/// looked again. Whatever goes wrong in between, the answer is looked for at the target and never guessed.
struct ChangeRunner: Sendable {
    let task: any MaintenanceTask
    let act: Act
    let log: RunLog
    /// How often a change is tried at most, where trying again may help.
    var attempts = 3
    /// How long to wait before an attempt, the first repetition being 1.
    var pause: @Sendable (Int) -> Duration = { .milliseconds(250 * (1 << $0)) }
    /// What lets a change that has begun come to its end; nil where a cancellation interrupts it.
    var drain: Drain?
    let moved: @Sendable (ChangeRecord) -> Void

    /// How long looking again is tried when the target cannot be reached right after a change: a server that restarts.
    private static let proofPatience: Duration = .seconds(60)

    /// The change as it stands in the end. Throws only where the journal itself cannot be written, where the target was
    /// cancelled, or where nothing can be said yet (the record then stays uncertain, for `resume`).
    func run(_ record: ChangeRecord) async throws -> ChangeRecord {
        var record = record
        for attempt in 1...attempts {
            try Task.checkCancellation()
            if record.state == .planned {
                record = try await start(record)
                guard record.state == .started else { return record }
            }
            let failure = await failureOfApplying(record)
            let isLast = attempt == attempts
            let settled = record
            record = try await despiteCancellation { try await settle(settled, failure: failure, isLast: isLast) }
            moved(record)
            guard record.state == .planned else { return record }
            try Task.checkCancellation()
            try await act.look.clock.sleep(for: pause(attempt))
        }
        return record
    }

    /// Checks that the world is still the one that was planned for, and writes `started`.
    private func start(_ record: ChangeRecord) async throws -> ChangeRecord {
        let inspection: Inspection
        do {
            inspection = try await task.inspect(record.change, act.look)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return try await move(record, to: .refused, error: ErrorReport(error))
        }
        let moves = differences(planned: record.change.identity, found: inspection.identity)
        guard moves.isEmpty else {
            let error = EngineError.worldMoved(change: record.change.id, differences: moves)
            return try await move(record, to: .refused, error: ErrorReport(error))
        }
        return try await move(record, to: .started, witness: inspection.witness)
    }

    private func failureOfApplying(_ record: ChangeRecord) async -> (any Error)? {
        do {
            // What only looks or waits is begun again by whoever goes on.
            if let drain, record.change.effect > .observes {
                try await drain.sheltered { try await task.apply(record.change, act) }
            } else {
                try await task.apply(record.change, act)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Looks again and writes down what is so. `planned` means: not done, and worth another attempt.
    private func settle(_ record: ChangeRecord, failure: (any Error)?, isLast: Bool) async throws -> ChangeRecord {
        var record = record
        if failure == nil { record = try await move(record, to: .applied) }
        switch await proof(of: record) {
        case .done(let evidence):
            return try await log.move(record, at: act.look.target, to: .proved, evidence: evidence)
        case .notDone(let reason):
            guard let failure else {
                let error = EngineError.unproven(change: record.change.id, reason: reason)
                return try await log.move(record, at: act.look.target, to: .unproven, error: ErrorReport(error))
            }
            let report = ErrorReport(failure)
            // Cancelled: nothing of it is done, so it waits in the plan for whoever resumes.
            if failure is CancellationError || report.exitStatus == .interrupted || (report.isRetryable && !isLast) {
                return try await log.move(record, at: act.look.target, to: .planned, error: report)
            }
            return try await log.move(record, at: act.look.target, to: .failed, error: report)
        case .failed(let reason, let evidence):
            let error =
                failure.map { ErrorReport($0) }
                ?? ErrorReport(EngineError.unproven(change: record.change.id, reason: reason))
            return try await log.move(
                record, at: act.look.target, to: record.state == .started ? .failed : .unproven, evidence: evidence,
                error: error)
        case .unknown(let reason):
            let error = EngineError.undecided(record, reason: reason)
            return try await log.move(record, at: act.look.target, to: .undecided, error: ErrorReport(error))
        }
    }

    /// Asks the target what is so. While it cannot be reached it is asked again, for a while.
    func proof(of record: ChangeRecord) async -> Proof {
        let look = act.look
        let begin = look.clock.monotonic()
        var wait: Duration = .milliseconds(200)
        while true {
            do {
                return try await task.prove(record.change, before: record.witness ?? [:], look)
            } catch {
                let report = ErrorReport(error)
                guard report.isRetryable, look.clock.monotonic() - begin < Self.proofPatience else {
                    return .unknown("could not look again: \(report.problem)")
                }
                for resource in look.resources { await look.sessions.drop(resource) }
                try? await look.clock.sleep(for: wait)
                wait = min(wait * 2, .seconds(5))
            }
        }
    }

    private func move(
        _ record: ChangeRecord, to state: ChangeState, witness: Facts? = nil, error: ErrorReport? = nil
    ) async throws -> ChangeRecord {
        let result = try await log.move(record, at: act.look.target, to: state, witness: witness, error: error)
        moved(result)
        return result
    }
}

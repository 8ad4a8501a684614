import Maintenance
import Outside
import Settings
import Store

extension Runner {
    typealias Outcome = (state: StepState, error: ErrorReport?)

    /// Carries a step out under the terms of its routine: whether it begins, how long it may take, how often it is tried.
    func perform(
        _ work: Work, under terms: StepTerms?, _ body: @escaping @Sendable () async throws -> Outcome
    ) async throws -> Outcome {
        guard let terms else { return try await body() }
        let run = work.step.runID
        let asked = Set(terms.results.values)
        let steps = try await asked.contains(.findings) ? log.steps(of: run) : log.outlines(of: run)
        let changes = try await asked.contains(.changes) ? log.changes(of: run) : []
        switch StepGate(work.step, in: steps, changes).answer {
        case .begins: break
        case .skipped(let reason): return (.skipped, reason)
        case .waits(let reason): return (.waiting, reason)
        }
        // Changes are tried again one by one, by whoever makes them.
        let again = work.parsed.declaration.effect == .observes ? terms.retries?.count ?? 0 : 0
        for attempt in 0..<again {
            let outcome: Outcome
            do {
                outcome = try await limited(terms.timeLimit, work.step, body)
                guard let error = outcome.error, outcome.state.isFailure, error.isRetryable else {
                    return outcome
                }
            } catch {
                guard ErrorReport(error).isRetryable, !(error is StoreError), !Task.isCancelled else {
                    throw error
                }
            }
            try await clock.sleep(for: terms.retries?.pause(before: attempt + 1) ?? .zero)
        }
        return try await limited(terms.timeLimit, work.step, body)
    }

    /// Interrupts a step whose time is over; what it had not begun by then is skipped.
    private func limited(
        _ limit: Duration?, _ step: StepRecord, _ body: @escaping @Sendable () async throws -> Outcome
    ) async throws -> Outcome {
        guard let limit else { return try await body() }
        let inTime = try await withThrowingTaskGroup(of: Turn.self) { [clock] group -> Outcome? in
            group.addTask { .ended(try await body()) }
            group.addTask {
                do { try await clock.sleep(for: limit) } catch { return .cancelled }
                return .timeOver
            }
            var isOver = false
            do {
                while let turn = try await group.next() {
                    switch turn {
                    case .ended(let outcome):
                        group.cancelAll()
                        return outcome
                    case .timeOver:
                        isOver = true
                        group.cancelAll()
                    // The whole run was cancelled: how the step ends then is for it to say.
                    case .cancelled: break
                    }
                }
            } catch {
                // It may have ended all the same, or have left what only a person can decide about.
                guard isOver, error is CancellationError || ErrorReport(error).exitStatus == .interrupted else {
                    throw error
                }
            }
            return nil
        }
        if let inTime, inTime.state != .cancelled { return inTime }
        let error = ErrorReport(EngineError.stepTimeLimit(limit))
        for record in try await log.changes(of: step) where record.state == .planned {
            _ = try await log.move(record, at: step.target, to: .skipped, error: error)
        }
        return (.failed, error)
    }

    private enum Turn: Sendable {
        case ended(Outcome)
        case timeOver, cancelled
    }
}

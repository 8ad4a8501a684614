import Maintenance
import Outside

extension StepRunner {
    /// Makes what is planned: what windows let start now, one after the other, each asked for again by the clock before it
    /// starts. What does not fit any more is left to the next window, and the step waits for it.
    ///
    /// - Parameters:
    ///   - records: those that have ended, or that nobody can decide about, stay.
    ///   - plan: what they belong to, packed as it was judged; nil where no window restricts it.
    ///   - fit: the windows; nil where none restricts them.
    func carryOut(
        _ records: [ChangeRecord], of plan: Plan?, in fit: WindowFit?, gaps: [Observation.Gap]
    ) async throws -> (StepState, ErrorReport?) {
        var ended = records.filter { $0.state != .planned }
        // The first is the last: taking it away moves none of the others, of which there may be thousands.
        var open = Array(records.filter { $0.state == .planned }.reversed())
        var fit = fit
        while let index = next(of: open, in: fit) {
            let record = open.remove(at: index)
            guard deadline() else {
                let error = ErrorReport(EngineError.timeLimit(change: record.change.id))
                ended.append(try await log.move(record, at: step.target, to: .skipped, error: error))
                continue
            }
            let done = try await changeRunner(of: records.count).run(record)
            ended.append(done)
            if let known = fit?.budget, known.learns(after: ended.count) {
                fit?.budget.expected = try await log.expectedDurations(
                    open.map(\.change), of: step.task, at: step.target)
            }
        }
        if let fit { try await noteMade(ended, fit) }
        ended.sort { $0.number < $1.number }
        guard let plan, let fit, !open.isEmpty, !ended.contains(where: \.state.isUncertain) else {
            return Self.outcome((ended + open).sorted { $0.number < $1.number }, gaps: gaps)
        }
        let error = ErrorReport(try await leave(open.reversed().map(\.change), of: plan, fit))
        return (.waiting, error)
    }

    private func next(of open: [ChangeRecord], in fit: WindowFit?) -> Int? {
        guard let fit else { return open.indices.last }
        let id = fit.budget.next(of: open.reversed().map(\.change), at: log.clock.now())
        return open.firstIndex { $0.change.id == id }
    }

    /// Writes down that these changes wait for the next window, and that they were left out of this one.
    private func leave(_ changes: [Change], of plan: Plan, _ fit: WindowFit) async throws -> WindowError {
        var budget = fit.budget
        budget.isEmergency = false
        budget.expected = try await log.expectedDurations(changes, of: step.task, at: step.target)
        var left = fit
        left.packing = budget.leaving(changes, at: log.clock.now())
        let error = left.error(step)
        try await wait(for: left, plan, error: ErrorReport(error))
        let count = changes.count == 1 ? "1 change is" : "\(changes.count) changes are"
        let what = left.packing.nextWindow.map { "to the window that opens \($0)" } ?? "out: no window will do"
        events(.told(step, "\(count) left \(what)"))
        return error
    }

    /// Writes down what waits for windows, with its plan.
    ///
    /// - Parameter plan: packed as before, so that it shows which windows have passed since.
    func wait(for fit: WindowFit, _ plan: Plan, error: ErrorReport) async throws {
        var packed = plan
        packed.packing = fit.packing
        try await log.wait(
            forWindow: step, packed, left: fit.packing.missed(since: plan.packing ?? step.plan?.packing), error: error)
    }

    private func noteMade(_ ended: [ChangeRecord], _ fit: WindowFit) async throws {
        let made = ended.filter { $0.state == .proved && fit.budget.handedOn[$0.change.id] != nil }
        try await log.noteMade(made.map(\.change.id), of: step.task, at: step.target)
    }
}

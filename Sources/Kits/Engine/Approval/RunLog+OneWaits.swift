import Maintenance
import Outside
import Store

extension RunLog {
    /// Of the runs by schedule of one routine with the same steps, one waits for people: a routine of every night that
    /// nobody approves for a week asks them one thing and not seven.
    ///
    /// - The newer takes the place of one that nobody has answered: its plan is made of what is so now, and an older plan
    ///   would be refused when it starts.
    /// - Where somebody has approved the older, and the newer would do exactly the same, the newer ends: no approval is
    ///   lost, and nobody is asked again.
    /// - Where somebody has approved the older and the plan is another by now, both wait.
    /// - An older one in its middle, of which a step was approved and made or a waiting step needs what is made, is left
    ///   alone.
    ///
    /// What people asked for by hand is always a run of its own.
    func oneWaits(_ run: RunRecord, _ steps: [StepRecord]) async throws {
        let meant = steps.map(StepMeaning.init)
        guard run.isRoutine, run.requester.service != nil, Self.waitsForPeople(steps) else { return }
        let now = clock.now()
        try await store.write { writer in
            let rows = try writer.reader.rows(
                WindowStatement.olderWaiting, ["name": run.name, "id": run.id, "started_at": run.startedAt])
            for older in try rows.map(RunRecord.init) where older.isRoutine {
                let own = try writer.reader.rows(RunStatement.steps, ["run_id": older.id]).map(StepRecord.init)
                guard older.requester.service == run.requester.service, own.map(StepMeaning.init) == meant,
                    Self.waitsForPeople(own),
                    try own.allSatisfy({ try $0.state.isSettled || !Self.hasBegun($0, writer.reader) })
                else { continue }
                // One that is in its middle goes on where it is: what it has begun, only its own end ends.
                guard try !Self.isInMiddle(own, writer.reader) else { continue }
                let ballots = try own.filter { $0.state == .waiting }.compactMap {
                    try Self.ballot(of: Ballot.Use(runID: $0.runID, step: $0.number), writer.reader)
                }
                if ballots.allSatisfy({ $0.approvals.isEmpty }) {
                    let error = ErrorReport(ApprovalError.superseded(by: run.id))
                    try leave(older, error, ["superseded by": .text(run.id)], at: now, in: writer)
                } else if ballots.allSatisfy({ !$0.isExpired(at: now) && $0.rejection == nil }),
                    Self.plansAgree(own, steps)
                {
                    let error = ErrorReport(ApprovalError.joined(run: older.id))
                    return try leave(run, error, ["joined": .text(older.id)], at: now, in: writer)
                }
            }
        }
    }

    /// Something waits for people, and nothing for anything but people, a window or another step that waits.
    private static func waitsForPeople(_ steps: [StepRecord]) -> Bool {
        let waiting = steps.filter { !$0.state.isSettled }
        return waiting.contains { $0.error?.code == "approval.waits" }
            && waiting.allSatisfy { step in
                step.state == .waiting
                    && ["approval.waits", "window.closed", "step.waits"].contains(step.error?.code)
            }
    }

    /// What waits in the one waits in the other, and would do the same.
    private static func plansAgree(_ one: [StepRecord], _ other: [StepRecord]) -> Bool {
        zip(one, other).allSatisfy { mine, theirs in
            guard mine.state == .waiting || theirs.state == .waiting else { return true }
            return mine.state == theirs.state && mine.plan?.digest == theirs.plan?.digest
        }
    }
}

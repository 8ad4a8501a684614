import Maintenance
import Outside
import Settings

extension Scheduler {
    /// Goes on with runs whose window has opened, the most urgent first, and one after the other in each environment: they
    /// share its window, and what the first does not need the next one gets. False where one has to be asked about again
    /// as soon as something has ended.
    func goOnInWindows(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async -> Bool {
        var isComplete = true
        do {
            let waiting = try await WaitingForWindows(log, work.book.inventory, zones)
            guard waiting.steps.contains(where: \.isDue) else { return true }
            let asked = try await Approvals(log: log, inventory: work.book.inventory).waiting()
            // What people have still to approve starts in no window.
            let blocked = asked.filter { $0.state != .approved && !$0.ballot.request.isOnlyForEmergency }
                .map { Ballot.Use(runID: $0.ballot.request.runID, step: $0.ballot.request.step) }
            let due = waiting.steps.filter { waiting in
                waiting.isDue && !blocked.contains(Ballot.Use(runID: waiting.step.runID, step: waiting.step.number))
            }.sorted { $0.rank > $1.rank }
            for id in distinct(due.map(\.step.runID)) {
                let run = try await log.run(id)
                guard run.state == .waiting, !resuming.contains(id) else { continue }
                let environments = Set(due.filter { $0.step.runID == id }.map(\.step.target.environment))
                let isFree = windowRuns.values.allSatisfy { $0.isDisjoint(with: environments) }
                if isFree, atWork[run.name, default: 0] == 0 {
                    windowRuns[id] = environments
                    goOn(run, "its window is open", &group)
                } else {
                    isComplete = false
                }
            }
        } catch is CancellationError {
            // The scheduler ends.
        } catch {
            tell(.failed(what: "looking for what waits for a window", ErrorReport(error)))
        }
        return isComplete
    }

    /// Whether an approved run has something to gain from going on now: not while its window is closed, unless it was
    /// approved to start all the same.
    func mayGoOn(_ ballot: Ballot, _ waiting: WaitingForWindows) -> Bool {
        waiting[run: ballot.request.runID].filter { $0.step.number == ballot.request.step }
            .allSatisfy { $0.isDue || ballot.hasEmergency && $0.mayStartInEmergency }
    }
}

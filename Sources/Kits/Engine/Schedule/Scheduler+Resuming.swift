import Maintenance
import Outside
import Settings

extension Scheduler {
    /// What earlier processes left: runs whose process died, those that nobody could decide about then, and the drained
    /// runs of an earlier leader. A run that a person interrupted stays as it is.
    func leftBehind() async throws -> [(run: RunRecord, reason: String)] {
        let open = try await log.openRuns().filter { !$0.isDryRun }
        let dead = try log.abandoned(open)
        var found = open.filter { dead.contains($0.id) }.map { run in
            (run, run.state == .uncertain ? "nobody could tell what became of it" : "its process died")
        }
        for name in routines.keys.sorted() {
            guard let latest = try await log.latest(ofRoutine: name), latest.state == .cancelled,
                latest.requester.service == Self.serviceName, try await log.hasMoreToDo(latest)
            else { continue }
            found.append((latest, "the scheduler was stopped"))
        }
        return found
    }

    /// Goes on with a run, unless that is on its way.
    func goOn(_ run: RunRecord, _ reason: String, _ group: inout ThrowingDiscardingTaskGroup<any Error>) {
        guard resuming.insert(run.id).inserted else { return }
        atWork[run.name, default: 0] += 1
        group.addTask { await self.resume(run, reason) }
    }

    /// Runs that wait for approvals of which none is missing any more. False where one has to be asked about again as
    /// soon as something has ended: its routine is at work, and two would keep each other from the target.
    func goOnWithApproved(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async -> Bool {
        var isComplete = true
        do {
            let waiting = try await Approvals(log: log, inventory: work.book.inventory).waiting()
            let approved = waiting.filter { $0.state == .approved }
            guard !approved.isEmpty else { return true }
            let windows = try await WaitingForWindows(log, work.book.inventory, zones)
            for id in distinct(approved.filter { mayGoOn($0.ballot, windows) }.map(\.ballot.request.runID)) {
                let run = try await log.run(id)
                // One that is carried out will come to it by itself, or stop and be found here again.
                guard run.state == .waiting else { continue }
                if atWork[run.name, default: 0] == 0 {
                    goOn(run, "it was approved", &group)
                } else {
                    isComplete = false
                }
            }
        } catch {
            tell(.failed(what: "looking for what was approved", ErrorReport(error)))
        }
        return isComplete
    }

    /// Runs that wait for signatures of a checklist of which none is missing any more. False as above.
    func goOnWithSigned(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async -> Bool {
        var isComplete = true
        do {
            for run in try await log.signedRuns(work.book.inventory, work.book.catalog) {
                if atWork[run.name, default: 0] == 0 {
                    goOn(run, "its checklist was signed", &group)
                } else {
                    isComplete = false
                }
            }
        } catch {
            tell(.failed(what: "looking for what was signed", ErrorReport(error)))
        }
        return isComplete
    }

    private func resume(_ run: RunRecord, _ reason: String) async {
        tell(.resumes(run, reason: reason))
        do {
            await ended(try await work.runner.resume(run.id, requester: requester))
        } catch is CancellationError {
            // What had begun is written down.
        } catch EngineError.runIsAlive {
            // Somebody else was quicker.
        } catch {
            tell(.failed(what: "going on with run \(run.id)", ErrorReport(error)))
        }
        resuming.remove(run.id)
        windowRuns[run.id] = nil
        atWork[run.name, default: 1] -= 1
        nudge.yield(.again)
    }
}

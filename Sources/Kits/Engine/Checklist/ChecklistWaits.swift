import Maintenance
import Settings

/// A step of a run that waits for signatures of a checklist.
struct ChecklistWait: Sendable {
    var run: RunRecord
    var list: String
    var environment: String
    var reason: String
}

extension RunLog {
    /// What waits for signatures, of these runs.
    func checklistWaits(_ runs: [RunRecord]) async throws -> [ChecklistWait] {
        var found: [ChecklistWait] = []
        for run in runs where run.state == .waiting && run.isRoutine {
            for step in try await steps(of: run.id)
            where step.task == ChecklistStep.name && step.state == .waiting
                && step.error?.code == ChecklistStepError.waitsCode
            {
                found.append(
                    ChecklistWait(
                        run: run, list: step.arguments.last ?? "", environment: step.target.environment,
                        reason: step.error?.problem ?? ""))
            }
        }
        return found
    }

    /// Runs of which a checklist's step waits for signatures that have all been given: worth another look.
    func signedRuns(_ inventory: Inventory, _ catalog: TaskCatalog) async throws -> [RunRecord] {
        let answers = ChecklistAnswers(ChecklistBook(inventory: inventory, catalog: catalog), log: self)
        var found: [RunRecord] = []
        for wait in try await checklistWaits(try await openRuns())
        where !found.contains(where: { $0.id == wait.run.id }) {
            // A list that is not there, or not kept there, any more is for a person to resume.
            guard let list = answers.book.lists.first(where: { $0.name == wait.list }),
                answers.book.environments(of: list).contains(wait.environment)
            else { continue }
            if try await answers.standing(list, in: wait.environment).unsigned.isEmpty { found.append(wait.run) }
        }
        return found
    }
}

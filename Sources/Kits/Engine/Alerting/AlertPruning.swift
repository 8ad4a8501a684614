import Alert
import Maintenance
import Outside
import Store

/// What is forgotten of alerts: what happened, what was decided, and notifications that are not queued any more. Nothing
/// of the last 30 days, which is what a simulation looks at.
extension RunLog {
    private static let simulated: Duration = .seconds(30 * 86_400)
    /// In one transaction, so that nobody waits long.
    private static let atOnce = 500

    func countAlerts(before: Timestamp) async throws -> Int {
        let before = alertLimit(before)
        return try await store.read { reader in
            try [AlertStatement.countEvents, .countDecisions, .countNotifications].reduce(0) { sum, statement in
                try sum + (reader.first(statement, ["before": before])?.get("n") ?? 0)
            }
        }
    }

    func forgetAlerts(before: Timestamp) async throws {
        let before = alertLimit(before)
        while try await forgetSomeDecisions(before: before) { try Task.checkCancellation() }
        try await store.write { try $0.run(AlertStatement.forgetNotifications, ["before": before]) }
        try await store.write { try $0.run(AlertStatement.forgetInstead, ["before": before]) }
        try await store.write { try $0.run(AlertStatement.forgetEvents, ["before": before]) }
    }

    private func alertLimit(_ before: Timestamp) -> Timestamp { min(before, clock.now() - Self.simulated) }

    /// False where none is left.
    private func forgetSomeDecisions(before: Timestamp) async throws -> Bool {
        try await store.write { writer in
            let numbers = try writer.reader.rows(
                AlertStatement.oldDecisions, ["before": before, "most": Self.atOnce]
            ).map { try $0.get("number", as: Int64.self) }
            for number in numbers {
                try writer.run(AlertStatement.forgetSubjects, ["number": number])
                try writer.run(AlertStatement.forgetDecision, ["number": number])
            }
            return !numbers.isEmpty
        }
    }
}

import Maintenance
import Settings

extension ChecklistAnswers {
    /// One line for each checklist in use of which items wait for somebody's signature: never given, or counting no more.
    ///
    /// Shipped checklists that nobody has put into use are nobody's duty.
    package func unsigned() async throws -> [ScheduleStanding.Attention] {
        var found: [ScheduleStanding.Attention] = []
        for list in book.inUse {
            var due: [(environment: String, item: ItemStanding)] = []
            for environment in book.environments(of: list) {
                due += try await standing(list, in: environment).unsigned.map { (environment, $0) }
            }
            guard let first = due.first else { continue }
            let expired = due.count { $0.item.signOff != nil }
            let names = due.map { "\($0.item.item) in \($0.environment)" }
            let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
            found.append(
                ScheduleStanding.Attention(
                    kind: .unsigned, subject: list.name,
                    reason: "\(due.count) \(due.count == 1 ? "item waits" : "items wait") for a signature"
                        + (expired > 0 ? ", \(expired) of them signed before" : "") + ": \(shown)",
                    resolve: due.count == 1 ? first.item.resolve : "mainstay checklist show \(list.name)"))
        }
        return found
    }
}

import Command
import Engine
import Maintenance
import Web

/// Tasks and plans, as programs see them.
enum TaskActs {
    static func all(_ visit: Visit) throws -> WebResponse {
        try visit.answer(try interfaces(visit).map(TaskDocument.init), next: nil)
    }

    static func one(_ visit: Visit) throws -> WebResponse {
        try WebResponse(json: TaskDocument(try interface(visit.value(0), visit)))
    }

    /// Of what a dry run has shown; whoever does not see one of its targets does not see it.
    static func plan(_ visit: Visit) async throws -> WebResponse {
        let digest = visit.value(0)
        guard digest.utf8.count == 64, let plans = try await visit.site.log.keptPlans(digest: digest),
            !plans.isEmpty, plans.allSatisfy({ visit.sees($0.target.environment) })
        else { throw Refusal.notFound }
        return try WebResponse(json: plans)
    }

    static func interfaces(_ visit: Visit) throws -> [TaskInterface] {
        try visit.site.tasks.all(visit.site.session.application)
    }

    static func interface(_ name: String, _ visit: Visit) throws -> TaskInterface {
        guard let task = try interfaces(visit).first(where: { $0.declaration.name == name }) else {
            throw Refusal.notFound
        }
        return task
    }
}

import Engine
import Settings

extension Application {
    /// Shipped checklists under those of the configuration.
    package func checklistBook(_ inventory: Inventory) -> ChecklistBook {
        ChecklistBook(inventory: inventory, shipped: checklists, catalog: catalog, checks: checks)
    }
}

extension Session {
    /// How checklists stand, as they are configured and stored.
    package var answers: ChecklistAnswers {
        ChecklistAnswers(application.checklistBook(inventory), log: log)
    }
}

extension EnvironmentOptions {
    /// Nothing was said about environments.
    package var isEmpty: Bool { names.isEmpty && !allEnvironments }
}

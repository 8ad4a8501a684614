import Settings

/// Who writes the runbooks of routines, for whoever shows them.
package struct RunbookSource: Sendable {
    /// One routine that has a runbook.
    package struct Entry: Hashable, Sendable {
        package var name: String
        package var summary: String

        package init(name: String, summary: String) {
            self.name = name
            self.summary = summary
        }
    }

    /// Those of the routines that start by themselves, and of the configuration's own.
    package var list: @Sendable (Session) async throws -> [Entry]
    /// Markdown; nil where no routine has the name.
    package var page: @Sendable (Session, String) async throws -> String?

    package init(
        list: @escaping @Sendable (Session) async throws -> [Entry],
        page: @escaping @Sendable (Session, String) async throws -> String?
    ) {
        self.list = list
        self.page = page
    }
}

extension Session {
    /// The same with the configuration as it is by now.
    package func with(_ inventory: Inventory) -> Session {
        Session(
            application: application, inventory: inventory, log: log, stateDirectory: stateDirectory, output: output)
    }
}

extension Application {
    /// The reference pages as `mainstay reference` writes them: Markdown, by their paths.
    package func referencePages() throws -> [String: String] { try Reference(self).pages }
}

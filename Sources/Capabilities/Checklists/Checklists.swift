import Command
import Composition

/// Checklists that are answered by evidence, and signed by people only where there can be none.
extension Capability {
    package static let checklists = Capability(
        "checklists",
        commands: [
            (group: "checklist", command: ListChecklists.self), (group: "checklist", command: ShowChecklist.self),
            (group: "checklist", command: SignItem.self), (group: "checklist", command: RemarkOnItem.self),
            (group: "checklist", command: ExportChecklist.self),
        ])
}

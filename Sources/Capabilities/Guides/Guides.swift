import Command
import Composition

/// A team's own maintenance guides: read, checked, and understood as commands of ours.
extension Capability {
    package static let guides = Capability(
        "guides",
        commands: [
            ("guide", CheckGuides.self),
            ("guide", ListGuideRules.self),
            ("guide", AccountForGuides.self),
            ("guide", CompileGuides.self),
            ("guide", RunGuide.self),
            ("docs", GenerateRunbooks.self),
            ("docs", UpdateDocuments.self),
            ("docs", VerifyDocuments.self),
            ("", Adopt.self),
            ("", RunAdopted.self),
        ], runbooks: RunbookMaker.source)
}

import Command
import Composition

/// Whether the data are what the schema says they are.
extension Capability {
    package static let dataIntegrity = Capability(
        "data integrity",
        tasks: [
            .init(ValidateRelationships.self),
            .init(CheckIntegrity.self),
            .init(CheckCorruption.self),
            .init(MendConsistency.self),
            .init(RemoveOrphans.self),
            .init(RetainRows.self),
            .init(LookAtRetention.self),
            .init(AssessQuality.self),
        ],
        findingPages: IntegrityFindings.pages)
}

import Command
import Composition

/// What a DBA does to keep a database well: finds what is wrong, keeps statistics fresh, fits connections.
extension Capability {
    package static let databaseCare = Capability(
        "database care",
        tasks: [
            .init(UpdateStatistics.self),
            .init(ExamineConnections.self),
            .init(ExamineDatabase.self),
            .init(MeasureBloat.self),
            .init(VacuumTables.self),
            .init(ReindexIndexes.self),
            .init(AdviseIndexes.self),
            .init(MeasureVectors.self),
            .init(WriteDatabaseReport.self),
            .init(OptimizeDatabase.self),
            .init(TuneSettings.self),
            .init(RelieveBottlenecks.self),
        ],
        findingPages: LintCatalogue.all.map(\.page) + CareFindings.pages)
}

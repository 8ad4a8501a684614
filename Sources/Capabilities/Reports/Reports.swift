import Command
import Composition

/// What happened, what was found and what it proves, for people: written from the run log alone.
extension Capability {
    package static let reports = Capability(
        "reports",
        tasks: [
            .init(WriteDailyReport.self), .init(WritePeriodReport<Week>.self), .init(WritePeriodReport<Month>.self),
            .init(WritePeriodReport<Quarter>.self), .init(WritePerformanceReport.self), .init(PruneReports.self),
        ],
        commands: [
            ("report", ConfigureReports.self), ("report", DistributeReports.self),
            ("health", ScheduleHealthReports.self),
        ])
}

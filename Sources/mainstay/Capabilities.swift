import Alerts
import ArgumentParser
import Backups
import Checklists
import Command
import Composition
import Dashboard
import DataIntegrity
import DatabaseCare
import Guides
import Health
import History
import Logs
import Reports

/// THE list.
let capabilities: [Capability] = [
    .health,
    .databaseCare,
    .dataIntegrity,
    .backups,
    .checklists,
    .logs,
    .alerts,
    .reports,
    .guides,
    .history,
    .dashboard,
]

/// The first words of commands; what stands under them comes from the list.
let groups: [any ParsableCommand.Type] = [
    GroupCommand<HealthGroup>.self,
    GroupCommand<MonitorGroup>.self,
    GroupCommand<DatabaseGroup>.self,
    GroupCommand<DataGroup>.self,
    GroupCommand<BackupGroup>.self,
    GroupCommand<RecoveryGroup>.self,
    GroupCommand<DisasterGroup>.self,
    GroupCommand<LogsGroup>.self,
    GroupCommand<ReportGroup>.self,
    GroupCommand<ChecklistGroup>.self,
    GroupCommand<GuideGroup>.self,
    GroupCommand<DocsGroup>.self,
    GroupCommand<HistoryGroup>.self,
    GroupCommand<AlertsGroup>.self,
    GroupCommand<AccessGroup>.self,
    GroupCommand<APIGroup>.self,
    GroupCommand<CalendarGroup>.self,
    GroupCommand<ApprovalsGroup>.self,
    GroupCommand<AuditGroup>.self,
    GroupCommand<ConfigGroup>.self,
    GroupCommand<ServiceGroup>.self,
]

enum HealthGroup: CommandFamily {
    static let name = "health"
    static let summary = "Check whether everything is well."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum MonitorGroup: CommandFamily {
    static let name = "monitor"
    static let summary = "Ask all the time whether everything is well."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum DatabaseGroup: CommandFamily {
    static let name = "db"
    static let summary = "Look after databases."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum DataGroup: CommandFamily {
    static let name = "data"
    static let summary = "Look after what is stored."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum BackupGroup: CommandFamily {
    static let name = "backup"
    static let summary = "Take backups, and prove them by restoring them."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum RecoveryGroup: CommandFamily {
    static let name = "recovery"
    static let summary = "Prove that what was lost comes back."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum DisasterGroup: CommandFamily {
    static let name = "dr"
    static let summary = "Be ready for the worst, and know how ready."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum ChecklistGroup: CommandFamily {
    static let name = "checklist"
    static let summary = "Answer checklists by evidence, and sign what only people can tell."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum LogsGroup: CommandFamily {
    static let name = "logs"
    static let summary = "Look after log files."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum GuideGroup: CommandFamily {
    static let name = "guide"
    static let summary = "Check a team's own maintenance guides, and make them run."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum DocsGroup: CommandFamily {
    static let name = "docs"
    static let summary = "Write a team's documents from what really happens, and say which are not true any more."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum HistoryGroup: CommandFamily {
    static let name = "history"
    static let summary = "Look after what the state remembers."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum AlertsGroup: CommandFamily {
    static let name = "alerts"
    static let summary = "Tell the right people what is wrong, and know why they were told."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum ReportGroup: CommandFamily {
    static let name = "report"
    static let summary = "Write what happened, for people."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum APIGroup: CommandFamily {
    static let name = "api"
    static let summary = "Know what programs may ask of the server."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

enum AccessGroup: CommandFamily {
    static let name = "access"
    static let summary = "Say who may use the dashboard, and what they may do there."
    static var commands: [any ParsableCommand.Type] { capabilities.commands(in: name) }
}

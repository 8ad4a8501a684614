import Maintenance
import Settings

/// What the scheduler does, as it does it.
package enum SchedulerEvent: Sendable {
    /// It holds the lock and has read what is to be started.
    case leads(routines: Int, next: Timestamp?)
    /// Another process holds the lock.
    case waits
    case starts(ScheduledStart, late: Duration)
    case resumes(RunRecord, reason: String)
    case ended(RunSummary)
    /// A start was given up, or a routine did not end well in time.
    case found(Finding)
    case failed(what: String, ErrorReport)
    case reloaded(Inventory, routines: Int, next: Timestamp?)
    case refusedConfiguration(ErrorReport)
    /// Said at least every `Scheduler.pulse`, whatever else happens or does not.
    case isWell
}

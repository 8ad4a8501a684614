import Engine
import Maintenance
import Outside

/// What the service manager that started `mainstay serve` is told, while it is told.
struct ServiceNews: Sendable {
    let manager: ServiceManager

    /// How often the scheduler has to be well: twice in the manager's time, as sd_watchdog_enabled(3) recommends.
    var pulse: Duration { manager.watchdog.map { $0 / 2 } ?? Scheduler.standardPulse }

    /// Why the manager could not be told; nil where it was, or nobody wants to know.
    func tell(_ event: SchedulerEvent) -> String? {
        switch event {
        case .leads(let routines, let next), .reloaded(_, let routines, let next):
            manager.tell(.ready, status: Self.status(routines, next))
        case .waits: manager.tell(.ready, status: "another scheduler leads on this state; waiting for it to end")
        case .refusedConfiguration(let error):
            manager.tell(.ready, status: "the configuration was refused, the old one stays: \(error.problem)")
        case .isWell where manager.watchdog != nil: manager.tell(.alive)
        default: nil
        }
    }

    func reloads() -> String? { manager.tell(.reloading) }

    func stops() -> String? {
        manager.tell(.stopping, status: "the present changes end, the rest is left for the next start")
    }

    private static func status(_ routines: Int, _ next: Timestamp?) -> String {
        "\(routines) \(routines == 1 ? "routine" : "routines") by schedule\(next.map { ", the next at \($0)" } ?? "")"
    }
}

import Command
import Engine
import Maintenance
import Outside
import Settings

/// What runs inside `mainstay serve` and asks the checks again and again, where the configuration has a `monitoring`
/// section.
///
/// Of several processes on one state one does, and the others wait.
struct MonitorService: Sendable {
    let running: HouseService.Running

    static let service = HouseService("monitoring") { try await MonitorService(running: $0).run() }

    private var application: Application { running.session.application }

    func run() async throws {
        let log = running.session.log
        let lock = try await lead(log)
        defer { withExtendedLifetime(lock) {} }
        let current = CurrentInventory(running.session.inventory)
        let watch = CheckWatch(
            log: log, clock: application.clock, programs: application.programs,
            checks: HealthChecks.of, gate: HealthChecks.gate,
            tell: tell)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await inventory in running.inventories { current.replace(inventory) } }
            group.addTask { try await watch.run(current) }
            for try await _ in group {}
        }
    }

    private func lead(_ log: RunLog) async throws -> LockFile {
        while true {
            if let lock = try log.leadMonitoring() { return lock }
            try await application.clock.sleep(for: .seconds(1))
        }
    }

    private func tell(_ event: WatchEvent) {
        switch event {
        case .asked, .follows(targets: 0, checks: _): return
        case .follows(let targets, let checks):
            running.say(
                .info, "checks are asked all the time", [("targets", "\(targets)"), ("checks", "\(checks)")])
        // That all is well from the beginning is no news.
        case .changed(let change) where change.from == .unknown && change.to == .passed: return
        case .changed(let change):
            running.say(
                change.to.severity, "check stands differently",
                [
                    ("target", change.target.description), ("check", change.check), ("from", change.from.rawValue),
                    ("to", change.to.rawValue), ("summary", change.summary),
                ])
        case .unwritten(let report):
            running.say(
                .critical, "what checks say cannot be written",
                [("code", report.code), ("problem", report.problem)])
        }
    }
}

extension CheckOutcome.State {
    fileprivate var severity: Severity {
        switch self {
        case .passed: .info
        case .warning, .unknown: .warning
        case .critical: .critical
        }
    }
}

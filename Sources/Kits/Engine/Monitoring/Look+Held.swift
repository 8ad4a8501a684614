import Maintenance
import Outside
import Settings

extension Look {
    /// For rounds that come again and again: the sessions it opens stay open from one to the next, until `close` or until
    /// one of them is dropped.
    ///
    /// - Parameter name: names it to servers, as `application_name`, and to whatever wants a run.
    package static func held(
        at target: Target, in inventory: Inventory, as name: String, clock: WallClock, programs: Programs, log: RunLog,
        probers: Probers
    ) -> Look {
        Look(
            target: target, environment: inventory[environment: target.environment],
            resources: inventory[target].map { [$0] } ?? [], inventory: inventory, clock: clock, programs: programs,
            log: log, runID: name, step: 0, tell: { _ in },
            sessions: Sessions(programs: programs, applicationName: "mainstay \(name)"), probers: probers)
    }

    /// Closes every session it holds; what asks afterwards gets new ones.
    package func close() async { await sessions.closeAll() }

    /// Closes the session with one resource, which may be of no use any more.
    package func drop(_ resource: Resource) async { await sessions.drop(resource) }
}

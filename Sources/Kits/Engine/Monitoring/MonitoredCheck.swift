import Maintenance
import Monitor
import Store

/// How a check that is asked all the time stands, as the store keeps it.
package struct MonitoredCheck: Encodable, Hashable, Sendable {
    package var outcome: CheckOutcome
    /// What it counts as, which is what the last rounds together say.
    package var standing: CheckOutcome.State
    package var phase: CheckLife.Phase
    /// Since when it stands so.
    package var since: Timestamp
    package var seenAt: Timestamp
    /// After this what was seen says nothing about now.
    package var countsUntil: Timestamp
    /// Whether Mainstay itself was changing the target meanwhile.
    package var isPlanned: Bool

    /// What it counts as at an instant: what nobody has looked at for long is not known.
    package func standing(at now: Timestamp) -> CheckOutcome.State { now <= countsUntil ? standing : .unknown }
}

extension MonitoredCheck {
    init(_ row: StoreRow) throws {
        self.init(
            outcome: CheckOutcome(
                check: try row.get("name"), code: try row.get("code"), title: try row.get("title"),
                target: Target(environment: try row.get("environment"), resource: try row.get("resource")),
                state: try row.get("seen"), summary: try row.get("summary"), value: try row.get("value"),
                unit: try row.get("unit"), seconds: try row.get("seconds")),
            standing: try row.get("standing"), phase: try row.get("phase"), since: try row.get("since"),
            seenAt: try row.get("seen_at"), countsUntil: try row.get("counts_until"),
            isPlanned: try row.get("is_planned"))
    }
}

extension CheckOutcome.State: StoreConvertible {}
extension CheckLife.Phase: StoreConvertible {}

import Maintenance
import Settings

/// What is asked all the time, as the configuration says: for each resource the checks that share a pace, since they share
/// a session too.
package struct WatchPlan: Sendable {
    package struct Group: Sendable {
        package var resource: Resource
        package var target: Target
        package var every: Duration
        package var checks: [Check]
        package var terms: [String: MonitoringTerms]
        /// What has to be answered before the others are asked.
        package var gate: Check?

        /// What tells it from every other one.
        package var name: String { "\(target.environment)/\(target.resource) \(every.canonical)" }

        /// Sessions of what is seldom asked are not kept open meanwhile.
        var holdsSession: Bool { every <= .seconds(300) }
    }

    /// In the order of the configuration.
    package private(set) var groups: [Group] = []
    package var concurrency = 1

    /// - Parameters:
    ///   - checks: what there is to ask of a resource.
    ///   - gate: what has to be answered first at a resource of a kind.
    package init(_ inventory: Inventory, _ checks: (Resource) -> [Check], gate: (ResourceKind) -> Check?) {
        guard let settings = inventory.monitoring else { return }
        concurrency = settings.concurrency
        for environment in inventory.environments where settings.includes(environment.name) {
            for resource in environment.resources {
                let target = Target(environment: environment.name, resource: resource.name)
                var terms: [String: MonitoringTerms] = [:]
                var asked: [Check] = []
                for check in checks(resource) {
                    let setting = inventory.check(check.name, in: environment.name)
                    guard setting.isEnabled?.value ?? true else { continue }
                    terms[check.name] = MonitoringTerms(check.schema, setting, of: resource.kind, settings)
                    asked.append(check)
                }
                let paces = Dictionary(grouping: asked) { terms[$0.name]?.every ?? settings.every }
                for (every, checks) in paces.sorted(by: { $0.key < $1.key }) {
                    groups.append(
                        Group(
                            resource: resource, target: target, every: every, checks: checks, terms: terms,
                            gate: gate(resource.kind)))
                }
            }
        }
    }

    /// Every check at every target.
    package var subjects: Set<MonitorSubject> {
        Set(groups.flatMap { group in group.checks.map { MonitorSubject(check: $0.name, target: group.target) } })
    }

    package var targets: Int { Set(groups.map(\.target)).count }
}

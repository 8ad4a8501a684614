import Maintenance

/// While a source fires nothing is sent about its targets: one dead host is one page and not forty.
package struct Inhibition: Hashable, Sendable {
    package var name: String
    package var source: [Matcher]
    package var target: [Matcher]
    /// Names that have equal values on both sides; missing on both sides is equal too.
    package var equal: [String]

    package init(name: String, source: [Matcher], target: [Matcher], equal: [String] = []) {
        self.name = name
        self.source = source
        self.target = target
        self.equal = equal
    }

    /// `target` depends on each resource that `dependencies` reaches from it: while one of these has a critical alert,
    /// what is said about the target is hidden. Cycles are allowed and hide nothing of themselves.
    package static func dependencies(_ dependencies: [String: [String]], environment: String) -> [Inhibition] {
        dependencies.keys.sorted().flatMap { dependent in
            reachable(from: dependent, in: dependencies).sorted().map { resource in
                Inhibition(
                    name: "\(environment)/\(dependent) depends on \(resource)",
                    source: [
                        Matcher(Labels.Name.environment, is: environment), Matcher(Labels.Name.resource, is: resource),
                        Matcher(Labels.Name.severity, is: Severity.critical.rawValue),
                    ],
                    target: [
                        Matcher(Labels.Name.environment, is: environment), Matcher(Labels.Name.resource, is: dependent),
                    ])
            }
        }
    }

    /// Those that are not in turn reached from there: in a circle nobody is the cause.
    private static func reachable(from start: String, in edges: [String: [String]]) -> Set<String> {
        func closure(_ start: String) -> Set<String> {
            var seen: Set<String> = []
            var open = edges[start] ?? []
            while let next = open.popLast() {
                if seen.insert(next).inserted { open += edges[next] ?? [] }
            }
            return seen
        }
        return closure(start).filter { $0 != start && !closure($0).contains(start) }
    }
}

/// Which of the firing alerts inhibits another, looked up by the values that have to be equal.
///
/// As in Alertmanager: a source counts while it fires, whether it is silenced or inhibited itself or not; and an alert
/// that matches both sides of a rule is not inhibited by another such, so that two never hide each other.
struct InhibitionIndex {
    private struct Source {
        var fingerprint: String
        var isTarget: Bool
    }

    private var rules: [(rule: Inhibition, sources: [[String]: [Source]])] = []

    init(_ inhibitions: [Inhibition], firing: [AlertRecord]) {
        for rule in inhibitions {
            var sources: [[String]: [Source]] = [:]
            for alert in firing where rule.source.match(alert.labels) {
                sources[rule.equal.map { alert.labels[$0] }, default: []].append(
                    Source(fingerprint: alert.fingerprint, isTarget: rule.target.match(alert.labels)))
            }
            rules.append((rule, sources))
        }
    }

    /// The first rule that hides it, and the alert that does.
    func inhibits(_ labels: Labels) -> (rule: String, by: String)? {
        for (rule, sources) in rules where !sources.isEmpty && rule.target.match(labels) {
            guard let candidates = sources[rule.equal.map { labels[$0] }] else { continue }
            let isSource = rule.source.match(labels)
            if let source = candidates.first(where: { !(isSource && $0.isTarget) }) {
                return (rule.name, source.fingerprint)
            }
        }
        return nil
    }
}

/// What kind of thing a resource is; decides which tasks and checks apply to it.
package enum ResourceKind: String, Codable, CaseIterable, Sendable {
    /// One database of a cluster.
    case postgresql
    /// One HTTP or HTTPS endpoint.
    case http
    /// A machine's processor, memory and disks.
    case host
    /// Log files that one program writes.
    case logs
    /// Files under a path that may be removed when they are old.
    case files
    /// Where backups and archives go.
    case storage
}

/// The place a step works on: one resource of one environment, by the names the inventory gives them.
package struct Target: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package var environment: String
    package var resource: String

    package init(environment: String, resource: String) {
        self.environment = environment
        self.resource = resource
    }

    package static func < (left: Target, right: Target) -> Bool {
        (left.environment, left.resource) < (right.environment, right.resource)
    }

    /// `production/main`.
    package var description: String { "\(environment)/\(resource)".printable }
}

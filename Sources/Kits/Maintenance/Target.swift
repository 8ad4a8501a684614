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
    /// A port that takes connections.
    case tcp
    /// A server whose certificate counts, whatever it speaks behind it.
    case tls
    /// A program that says by its exit status how something is.
    case command
    /// A statement that only reads, and what it has to give.
    case query
    /// A name, and what the domain name system says about it.
    case dns
    /// A machine that answers echo requests.
    case ping
    /// A Redis or Valkey server.
    case redis
    /// Programs that run on this machine.
    case process
    /// A unit of systemd on this machine.
    case service
    /// Requests to one origin that need each other.
    case suite
    /// A connection pooler of PostgreSQL.
    case pgbouncer
    /// Lines of a log that should not come.
    case logPattern = "log-pattern"
    /// A program that says itself when it is done.
    case heartbeat
}

/// The place a step works on, by the names the inventory gives: one resource of an environment, a whole environment, or
/// the estate, which is all of them.
package struct Target: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for the estate.
    package var environment: String
    /// Empty for a whole environment.
    package var resource: String

    package init(environment: String, resource: String = "") {
        self.environment = environment
        self.resource = resource
    }

    package static let estate = Target(environment: "")

    /// Whether `other` is this target or lies inside it.
    package func contains(_ other: Target) -> Bool {
        environment.isEmpty || (environment == other.environment && (resource.isEmpty || resource == other.resource))
    }

    package static func < (left: Target, right: Target) -> Bool {
        (left.environment, left.resource) < (right.environment, right.resource)
    }

    /// `production/main`, `production` or `all environments`.
    package var description: String {
        if environment.isEmpty { return "all environments" }
        return (resource.isEmpty ? environment : "\(environment)/\(resource)").printable
    }
}

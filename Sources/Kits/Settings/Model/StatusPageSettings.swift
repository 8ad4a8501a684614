import Calendar
import Maintenance

/// What everybody may know about how things stand, without signing in: nothing but what is named here, by the names it
/// is given here.
package struct StatusPageSettings: Sendable, Equatable {
    package static let standardTitle = "Status"
    /// Hours are kept for a little longer than that, where nothing else is said.
    package static let longest = 90

    package var title = standardTitle
    /// In the order of the file.
    package var components: [StatusComponent] = []
    /// In the order of the file.
    package var maintenance: [StatusMaintenance] = []
    /// How many days of history and incidents are shown.
    package var days = longest

    package init() {}
}

/// Something that its users have a name for.
package struct StatusComponent: Sendable, Equatable {
    /// What addresses and the feed know it by; public too.
    package var key: String
    package var name: String
    package var description: String?
    /// Whose checks say how it stands.
    package var environment: String
    /// Nil for all of the environment.
    package var resources: [String]?
    /// Nil for all of these resources.
    package var checks: [String]?

    package init(key: String, name: String, environment: String) {
        self.key = key
        self.name = name
        self.environment = environment
    }

    package func covers(_ target: Target) -> Bool {
        target.environment == environment && (resources?.contains(target.resource) ?? true)
    }
}

/// Work that is announced.
package struct StatusMaintenance: Sendable, Equatable {
    package var key: String
    package var name: String
    package var time: Time
    /// Keys of components; nil for all.
    package var components: [String]?

    package enum Time: Sendable, Equatable {
        case during(Written<ScheduleExpression>)
        /// The primary windows of an environment.
        case windows(of: String)
        /// The starts of a routine, each for as long as is said here.
        case routine(String, takes: Duration)
    }

    package init(key: String, name: String, time: Time) {
        self.key = key
        self.name = name
        self.time = time
    }
}

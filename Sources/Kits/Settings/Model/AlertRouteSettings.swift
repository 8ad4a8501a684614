import Alert
import Calendar
import Maintenance

/// Who is told of some alerts, and when; the guides' `critical`, `warning` and `info` are such, and so are further routes
/// and those within a route, which have what they do not say from the route around them.
package struct AlertRouteSettings: Sendable, Equatable {
    package var match: [Matcher] = []
    package var channels: [String] = []
    /// Addresses and telephone numbers, each for the channels that understand it; `on-call:NAME` for a rotation.
    package var recipients: [String] = []
    package var isImmediate: Bool?
    package var delay: Duration?
    package var isBatched: Bool?
    /// When a batch goes out.
    package var batchAt: Written<ScheduleExpression>?
    package var groupBy: [String]?
    package var groupWait: Duration?
    package var groupInterval: Duration?
    package var repeatInterval: Duration?
    package var sendsResolved: Bool?
    /// In these windows what is not critical waits; nil for those of the route around it.
    package var quiet: Unless<Written<ScheduleExpression>>?
    package var mute: Written<ScheduleExpression>?
    package var active: Written<ScheduleExpression>?
    package var continues = false
    /// Nil for that of the route around it.
    package var escalation: Unless<[AlertEscalationSettings]>?
    /// Asked in their order about what this one matches.
    package var routes: [AlertRouteSettings] = []
    package var location: SourceLocation

    package init(location: SourceLocation) { self.location = location }
}

extension AlertRouteSettings {
    /// Whether it says itself who is told.
    package var hasOwnReceiver: Bool { !channels.isEmpty || !recipients.isEmpty || sendsResolved != nil }

    /// With those who are told where it does not say that itself.
    package func receiving(as outer: AlertRouteSettings) -> AlertRouteSettings {
        var route = self
        if channels.isEmpty { route.channels = outer.channels }
        if recipients.isEmpty { route.recipients = outer.recipients }
        route.sendsResolved = sendsResolved ?? outer.sendsResolved
        return route
    }
}

/// What a route says of something that it would have from the one around it: that it has another one, or none.
package enum Unless<Value: Sendable & Equatable>: Sendable, Equatable {
    case off
    case given(Value)

    package var value: Value? { if case .given(let value) = self { value } else { nil } }
}

/// Who is told next where nobody acknowledges.
package struct AlertEscalationSettings: Sendable, Equatable {
    /// Since the first notification.
    package var after: Duration = .zero
    package var channels: [String] = []
    package var recipients: [String] = []

    package init() {}
}

/// Alerts that hide others while they fire.
package struct AlertInhibitionSettings: Sendable, Equatable {
    package var source: [Matcher] = []
    package var target: [Matcher] = []
    package var equal: [String] = []

    package init() {}
}

/// People who take turns.
package struct AlertRotationSettings: Sendable, Equatable {
    package struct Override: Sendable, Equatable {
        package var member = ""
        package var from = Timestamp(microseconds: 0)
        package var until = Timestamp(microseconds: 0)

        package init() {}
    }

    package var name = ""
    package var members: [String] = []
    /// When the first member's first turn began.
    package var since = Timestamp(microseconds: 0)
    package var handover: Written<ScheduleExpression>?
    package var overrides: [Override] = []
    package var location: SourceLocation

    package init(location: SourceLocation) { self.location = location }
}

/// From when on an alert that comes and goes is not believed to be over.
package struct AlertFlappingSettings: Sendable, Equatable {
    /// So many ends…
    package var limit = 3
    /// …within this…
    package var within: Duration = .seconds(3_600)
    /// …and it has to be well for so long.
    package var calm: Duration = .seconds(900)

    package init() {}
}

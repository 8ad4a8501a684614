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
    /// How long whoever is told has to answer, before the first step that says no time of its own.
    package var respondWithin: Duration?
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
        route.respondWithin = respondWithin ?? outer.respondWithin
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
    /// Since the first notification; nil for as soon as those before it have not answered in their time.
    package var after: Duration?
    /// How long its people have to answer.
    package var respondWithin: Duration?
    package var channels: [String] = []
    package var recipients: [String] = []

    package init() {}
}

extension AlertRouteSettings {
    /// When each step of its escalation is taken, since the first notification, in their order; nil for one of which that
    /// is not known.
    package var escalationTimes: [Duration?] {
        var before: Duration? = .zero
        var answer = respondWithin
        return (escalation?.value ?? []).map { step in
            let after = step.after ?? before.flatMap { before in answer.map { before + $0 } }
            before = after
            answer = step.respondWithin
            return after
        }
    }
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

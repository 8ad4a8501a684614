import Maintenance

/// A person's word that nothing is to be changed for a while: in one environment, or anywhere.
package struct Hold: Codable, Hashable, Sendable {
    /// Empty for everything.
    package var environment: String
    package var reason: String
    package var by: Requester
    package var since: Timestamp
    /// When it ends by itself; nil for when somebody releases it.
    package var until: Timestamp?

    package init(environment: String, reason: String, by: Requester, since: Timestamp, until: Timestamp?) {
        self.environment = environment
        self.reason = reason
        self.by = by
        self.since = since
        self.until = until
    }

    /// What concerns the whole estate is kept back by a hold of everything alone: it belongs to no environment.
    package func covers(_ target: Target, at now: Timestamp) -> Bool {
        (environment.isEmpty || environment == target.environment) && !isOver(at: now)
    }

    package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }

    /// `production`, `everything`.
    package var what: String { environment.isEmpty ? "everything" : environment.printable }

    /// What ends it.
    package var releaseCommand: String {
        environment.isEmpty ? "mainstay release --everything" : "mainstay release \(environment.shellQuoted)"
    }
}

/// What is held back, and holds that are not there.
package enum HoldError: MaintenanceError {
    case held(Hold)
    case nothingHeld(String)
    case alreadyHeld(Hold)
    case endsInThePast(Timestamp)

    package var code: String {
        switch self {
        case .held: "policy.held"
        case .nothingHeld: "hold.unknown"
        case .alreadyHeld: "hold.exists"
        case .endsInThePast: "hold.past"
        }
    }

    package var problem: String {
        switch self {
        case .held(let hold):
            "\(hold.what) is on hold by \(hold.by.name.printable) since \(hold.since)"
                + (hold.until.map { " until \($0)" } ?? "") + ": \(hold.reason.printable)"
        case .nothingHeld(let what): "\(what.isEmpty ? "everything" : "'\(what.printable)'") is not on hold"
        case .alreadyHeld(let hold): "\(hold.what) is on hold already: \(hold.reason.printable)"
        case .endsInThePast(let end): "a hold until \(end) would be over already"
        }
    }

    package var hint: String? {
        switch self {
        case .held(let hold): "When that is over: '\(hold.releaseCommand)'."
        case .nothingHeld: "'mainstay holds' lists what is."
        case .endsInThePast: "Times are in UTC where they end in Z; '--for 2h' counts from now."
        case .alreadyHeld(let hold): "Release it first: '\(hold.releaseCommand)'."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .held: .waiting
        case .nothingHeld, .alreadyHeld, .endsInThePast: .usage
        }
    }
}

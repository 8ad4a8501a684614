/// What a drill supposes to have happened, and so what there still is to come back from.
package enum DrillScenario: String, Codable, CaseIterable, Sendable {
    /// The host is gone with every disk in it.
    case completeFailure = "complete-failure"
    /// The database is gone; the host and its backups are there.
    case databaseFailure = "database-failure"
    /// The site is gone, with all that is not kept at another one.
    case regionLoss = "region-loss"
    /// Somebody had this host for a while, and may have changed or encrypted whatever it can reach.
    case ransomware
    /// Somebody removed or changed something that should have stayed.
    case operatorError = "operator-error"
    /// The primary died, and its standby takes over.
    case failover

    /// What is supposed to be lost, a sentence for the certificate.
    package var loss: String {
        switch self {
        case .completeFailure:
            "This host is gone with every disk in it: what is left lies in storages on other machines."
        case .databaseFailure:
            "The database is gone. The host, its backups and the archived log are there."
        case .regionLoss:
            "This site is gone: what is left lies in storages that are declared to be another place."
        case .ransomware:
            "From a stated moment on somebody had this host: only what was stored elsewhere before that moment counts."
        case .operatorError:
            "Somebody removed or changed data: what was committed before a stated moment is wanted back."
        case .failover:
            "The primary ended in the middle of its work, and a standby takes its place."
        }
    }

    /// Whether what lies on this host's own disks is gone, or cannot be trusted.
    package var losesThisHost: Bool {
        switch self {
        case .completeFailure, .regionLoss, .ransomware: true
        case .databaseFailure, .operatorError, .failover: false
        }
    }
}

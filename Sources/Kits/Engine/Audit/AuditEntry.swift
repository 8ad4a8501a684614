import Maintenance

/// What an entry of the audit trail tells of; the stored names never change.
package enum AuditKind: String, Codable, CaseIterable, Sendable {
    /// Somebody asked for a run that may change something.
    case asked
    /// Somebody went on with such a run.
    case resumed
    /// A change started, or it became known how it ended.
    case changed
    /// A person said what became of a change that nothing else could decide about.
    case decided
    /// The run ended, or stopped to wait.
    case ended
    /// A step waits for an approval.
    case waited
    case approved, rejected, expired
    /// An approval was used: what it allowed may now start.
    case used
    /// Changes start outside of a primary window, where that is allowed with a notice.
    case noticed
    /// Somebody keeps everything from being changed for a while, or lets it be again.
    case held, released
    /// A certificate was signed, or an item of a checklist.
    case signed
    /// Somebody said something about an item of a checklist that answers nothing.
    case remarked
    /// A configuration was used for the first time.
    case configured
    /// Somebody may use the server, or may do more or less there: an account or a token was made or changed.
    case granted
    /// An account was closed, or a token taken back.
    case revoked
    /// Somebody signed in to the server.
    case admitted
    /// Somebody tried too often to sign in as somebody, or came from a provider and may not come in.
    case turnedAway = "turned-away"
    /// Somebody signed out of the server.
    case signedOut = "signed-out"
    /// Somebody took an alert on.
    case acknowledged
    /// Somebody keeps alerts silent for a while, or lets them be told again.
    case silenced, unsilenced
    /// Somebody said that an alert of another program is over.
    case endedAlert = "ended-alert"
    /// Somebody asked for a run's end, while it was under way or waited to begin.
    case cancelled
    /// A function of the application's own was asked with the server's token, or had answered.
    case called
}

/// One entry of the audit trail: who did what, chained to the entry before it.
package struct AuditEntry: Codable, Hashable, Sendable {
    /// From 1, without a gap.
    package var number: Int64
    package var at: Timestamp
    package var kind: AuditKind
    /// Who was behind the process that wrote it, as the operating system knows them.
    package var actor: Requester
    package var target: Target
    /// Empty where it belongs to no run.
    package var runID: String
    /// 0 where it belongs to no step.
    package var step: Int
    /// What it is about: a change, a file, a run's name. Hostile text.
    package var subject: String
    /// The approval it is about.
    package var approval: String?
    package var detail: Facts
    /// The hash of the entry before it; of the first one, the empty text.
    package var previous: String
    /// SHA-256 over all of the above, 64 hexadecimal digits.
    package var hash: String

    package var head: AuditHead { AuditHead(number: number, hash: hash) }
}

/// An entry before the trail has given it a number, a time and a place in the chain.
struct AuditDraft: Sendable {
    var kind: AuditKind
    var target = Target.estate
    var runID = ""
    var step = 0
    var subject = ""
    var approval: String?
    var detail: Facts = [:]
}

/// The newest entry of the trail: whoever keeps one elsewhere can later tell whether everything up to it is still as it
/// was. `audit:1234:` and 64 hexadecimal digits.
package struct AuditHead: Codable, Hashable, Sendable, CustomStringConvertible {
    package var number: Int64
    package var hash: String

    package init(number: Int64, hash: String) {
        self.number = number
        self.hash = hash
    }

    package var description: String { "audit:\(number):\(hash)" }

    /// Every head that stands in a text, such as a report, a certificate or the system log.
    package static func all(in text: String) -> [AuditHead] {
        text.matches(of: /audit:([0-9]{1,18}):([0-9a-f]{64})(?![0-9a-f])/).compactMap { match in
            Int64(match.output.1).map { AuditHead(number: $0, hash: String(match.output.2)) }
        }
    }
}

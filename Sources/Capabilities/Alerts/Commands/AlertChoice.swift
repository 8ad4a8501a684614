import Alert
import ArgumentParser
import Engine
import Maintenance

/// One alert, as people name it: the first digits of its fingerprint, or something that only one of them is about.
enum AlertChoice {
    /// - Throws: `AlertsError` where none or several are meant.
    static func alert(_ words: String, in state: RouterState) throws(AlertsError) -> AlertRecord {
        let all = state.book.alerts.values.sorted { $0.fingerprint < $1.fingerprint }
        let byDigits = words.utf8.count >= 4 ? all.filter { $0.fingerprint.hasPrefix(words.lowercased()) } : []
        let found = byDigits.isEmpty ? all.filter { $0.state != .resolved && $0.isCalled(words) } : byDigits
        guard let first = found.first else { throw .noSuchAlert(words) }
        guard found.count == 1 else { throw .ambiguous(words, found.prefix(5).map(\.short)) }
        return first
    }
}

extension AlertRecord {
    /// By its code, its place, or both: `DB012`, `production/main`, `production/main DB012`.
    fileprivate func isCalled(_ words: String) -> Bool {
        words == labels[Labels.Name.alert] || words == place || words == "\(place) \(labels[Labels.Name.alert])"
    }

    /// `production/main`.
    var place: String {
        [labels[Labels.Name.environment], labels[Labels.Name.resource]].filter { !$0.isEmpty }.joined(separator: "/")
    }

    /// What stands in tables and what commands take.
    var short: String { String(fingerprint.prefix(12)) }

    /// How it stands, with who has taken it on.
    func standing(at now: Timestamp) -> String {
        switch state {
        case .pending, .resolved: state.rawValue
        case .firing where isAcknowledged(at: now): "acknowledged"
        case .firing where wellSince != nil: "firing (flaps)"
        case .firing: state.rawValue
        }
    }
}

extension Timestamp {
    /// `2026-11-21 02:00:05`, in UTC: alerts are told apart by seconds.
    var toTheSecond: String {
        let civil = CivilTime(self)
        return "\(civil.date) \(civil.time)"
    }
}

enum AlertsError: MaintenanceError, Equatable {
    case noSuchAlert(String)
    case ambiguous(String, [String])
    case isOver(String, Timestamp?)
    case noSuchSilence(String, known: [String])
    case silenceIsOver(String, Timestamp)
    case noSuchChannel(String, known: [String])
    case nothingConfigured
    case noMatcher
    case notTaken(String, problem: String)
    case tooLong(Duration)
    case understoodByNone(String)

    var code: String {
        switch self {
        case .noSuchAlert: "alerts.no-such-alert"
        case .ambiguous: "alerts.ambiguous"
        case .isOver: "alerts.is-over"
        case .noSuchSilence: "alerts.no-such-silence"
        case .silenceIsOver: "alerts.silence-is-over"
        case .noSuchChannel: "alerts.no-such-channel"
        case .nothingConfigured: "alerts.not-configured"
        case .noMatcher: "alerts.no-matcher"
        case .notTaken: "alerts.not-taken"
        case .tooLong: "alerts.too-long"
        case .understoodByNone: "alerts.understood-by-none"
        }
    }

    var problem: String {
        switch self {
        case .noSuchAlert(let words): "there is no alert '\(words.printable)'"
        case .ambiguous(let words, let candidates):
            "'\(words.printable)' may be several alerts: \(candidates.joined(separator: ", "))"
        case .isOver(let alert, let at): "alert '\(alert)' is over" + (at.map { " since \($0)" } ?? "")
        case .noSuchSilence(let id, _): "there is no silence '\(id.printable)'"
        case .silenceIsOver(let id, let at): "silence '\(id)' is over since \(at)"
        case .noSuchChannel(let name, _): "there is no channel '\(name.printable)'"
        case .nothingConfigured: "the configuration says nothing about alerts"
        case .noMatcher: "no matcher is named, and a silence of everything has to be written as such"
        case .notTaken(let channel, let problem): "the channel '\(channel)' did not take it: \(problem)"
        case .understoodByNone(let address): "no channel understands the recipient '\(address.printable)'"
        case .tooLong(let length): "'\(length.canonical)' is longer than a silence may last, 90d"
        }
    }

    var hint: String? {
        switch self {
        case .noSuchAlert, .ambiguous: "'mainstay alerts list' shows them with what they are called by."
        case .isOver: nil
        case .noSuchSilence(_, let known):
            known.isEmpty ? "There is none now." : "There are \(known.joined(separator: ", "))."
        case .silenceIsOver: nil
        case .noSuchChannel(let name, let known):
            known.isEmpty
                ? "Configure one under 'alerts.channels'."
                : nearest(to: name, among: known).map { "Did you mean '\($0)'?" }
                    ?? "There are \(known.joined(separator: ", "))."
        case .nothingConfigured: "Write an 'alerts' section, or run 'mainstay alerts configure --alert-config=FILE'."
        case .noMatcher: "Write one as environment=production, or 'alert=~.+' for everything."
        case .notTaken: nil
        case .understoodByNone:
            "Configure a channel under 'alerts.channels': kind email for a mail address, kind sms for a number such as "
                + "+4930123456."
        case .tooLong: "Silence it for less, or mend what it says."
        }
    }

    var isRetryable: Bool { if case .notTaken = self { true } else { false } }

    var exitStatus: ExitStatus {
        switch self {
        case .noSuchAlert, .ambiguous, .noSuchSilence, .noSuchChannel, .noMatcher, .tooLong: .usage
        case .isOver, .silenceIsOver: .failure
        case .nothingConfigured, .understoodByNone: .configuration
        case .notTaken: .unreachable
        }
    }
}

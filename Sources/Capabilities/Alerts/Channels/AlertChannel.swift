import Maintenance
import Outside
import Settings

/// A way alerts leave the house. One folder each under `Channels/`, and one line in `AlertChannels.make`.
protocol AlertChannel: Sendable {
    /// Hands a message over to whoever brings it on, and returns what they answered.
    ///
    /// Called again with the same message where nobody knows what became of the first time, so the message's id goes along
    /// wherever the other side can know a second delivery by it.
    ///
    /// - Throws: a `MaintenanceError`; whether trying again may help is in it.
    func send(_ message: AlertMessage) async throws -> String
    /// How many messages it takes beside each other.
    var mostAtOnce: Int { get }
    /// Whether it changes what it has told, for which it needs the receipts.
    var changesMessages: Bool { get }
}

extension AlertChannel {
    var mostAtOnce: Int { 1 }
    var changesMessages: Bool { false }
}

/// What channels are made of.
struct ChannelTools: Sendable {
    var prober: HTTPProber
    var programs: Programs
    var clock: WallClock
    /// Of this machine, for identifiers that have to be unique in the world.
    var host: String
}

enum AlertChannels {
    /// Secrets are looked up at each sending, so that a new one counts at once.
    static func make(_ settings: AlertChannelSettings, _ tools: ChannelTools) -> any AlertChannel {
        switch settings.access {
        case .email(let access): EmailChannel(access: access, tools: tools)
        case .slack(let access): SlackChannel(access: access, tools: tools)
        case .webhook(let access): WebhookChannel(access: access, tools: tools)
        case .alertmanager(let access): AlertmanagerChannel(access: access, tools: tools)
        case .pagerduty(let access): PagerDutyChannel(access: access, tools: tools)
        case .ntfy(let access): NtfyChannel(access: access, tools: tools)
        case .sms(let access): SMSChannel(access: access, tools: tools)
        case .command(let access): CommandChannel(access: access, tools: tools)
        }
    }
}

/// Why a channel did not take a message. No address that is a secret is in it.
enum ChannelError: MaintenanceError, Equatable {
    case answered(Int, words: String)
    case untrusted(reason: String)
    /// The address cannot be used or reached: the error's own words name it, and it may be a secret.
    case unreachable(code: String)
    case program(String, status: String, words: String, isRetryable: Bool)
    /// A service's own word for why not.
    case declined(String, means: Refusal)
    case noRecipient

    var code: String {
        switch self {
        case .answered: "channel.answered"
        case .untrusted: "channel.untrusted"
        case .unreachable: "channel.unreachable"
        case .program: "channel.program"
        case .declined: "channel.declined"
        case .noRecipient: "channel.no-recipient"
        }
    }

    var problem: String {
        switch self {
        case .answered(let status, let words):
            "it answered with status \(status)" + (words.isEmpty ? "" : ": \(words.printable)")
        case .untrusted(let reason): "its certificate is not trusted: \(reason.printable)"
        case .unreachable(let code): Self.words(code)
        case .program(let name, let status, let words, _):
            "'\(name.printable)' \(status)" + (words.isEmpty ? "" : ": \(words.printable)")
        case .declined(let word, _): "it answered '\(word.printable)'"
        case .noRecipient: "nobody is named whom it could tell"
        }
    }

    /// False only where the other side has given a definite answer (RFC 9110, section 15.5; RFC 6585, section 4; RFC 8470,
    /// section 5.2), or where there is nobody to tell.
    var isRetryable: Bool {
        switch self {
        case .answered(let status, _): !(400...499).contains(status) || [408, 425, 429].contains(status)
        case .untrusted, .unreachable: true
        case .program(_, _, _, let isRetryable): isRetryable
        case .declined(_, let means): means != .final
        case .noRecipient: false
        }
    }

    /// Whether something has to be mended here before it can be taken.
    var isOurs: Bool {
        switch self {
        case .unreachable(let code):
            ["http.forbidden", "http.malformed-url", "http.malformed-header", "http.unusable-authorities"]
                .contains(code)
        case .declined(_, let means): means == .ours
        default: false
        }
    }

    /// Whether a shorter message might be taken (RFC 9110, section 15.5.14).
    var isTooLong: Bool { if case .answered(413, _) = self { true } else { false } }

    var exitStatus: ExitStatus { .unreachable }

    private static func words(_ code: String) -> String {
        switch code {
        case "http.refused": "it refuses connections"
        case "http.no-such-host": "its host cannot be found"
        case "http.timed-out": "it did not answer in time"
        case "http.handshake-failed": "the TLS handshake failed"
        case "http.forbidden": "its address is private, and 'private: true' is not said of the channel"
        case "http.closed": "it closed the connection before it had answered"
        case "http.malformed-url", "http.malformed-header": "its URL or a header of it cannot be used"
        default: "it could not be reached (\(code))"
        }
    }
}

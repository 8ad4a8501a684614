import Alert
import Calendar
import Maintenance
import Outside

/// What is told to whom, when, and over what: the `alerts` section.
package struct AlertSettings: Sendable, Equatable {
    /// In the order of the files.
    package var channels: [AlertChannelSettings] = []
    /// Asked in their order, before those of the severities; the first that matches counts unless it continues.
    package var routes: [AlertRouteSettings] = []
    package var critical: AlertRouteSettings?
    package var warning: AlertRouteSettings?
    package var info: AlertRouteSettings?
    package var inhibitions: [AlertInhibitionSettings] = []
    /// What hides what: in an environment, the resources each resource depends on.
    package var dependencies: [String: [String: [String]]] = [:]
    /// By name.
    package var rotations: [AlertRotationSettings] = []
    /// How long something has to be wrong before it fires.
    package var hold: Duration?
    package var flapping: AlertFlappingSettings?
    package var canary = AlertCanarySettings()

    package init() {}

    package subscript(channel name: String) -> AlertChannelSettings? { channels.first { $0.name == name } }

    /// One route, wherever it stands.
    package struct Placed: Sendable {
        /// Below `alerts`.
        package var path: String
        /// With those who are told, also where the route around it says so.
        package var route: AlertRouteSettings
        /// As it is written.
        package var written: AlertRouteSettings
    }

    /// Those within others right behind them.
    package var allRoutes: [Placed] {
        let outer =
            routes.enumerated().map { ("routes".appending(index: $0.offset), $0.element) }
            + [("critical", critical), ("warning", warning), ("info", info)].compactMap { name, route in
                route.map { (name, $0) }
            }
        return outer.flatMap { path, route in Self.placed(route, as: route, path) }
    }

    private static func placed(
        _ written: AlertRouteSettings, as route: AlertRouteSettings, _ path: String
    ) -> [Placed] {
        [Placed(path: path, route: route, written: written)]
            + written.routes.enumerated().flatMap { index, inner in
                placed(inner, as: inner.receiving(as: route), path.appending(key: "routes").appending(index: index))
            }
    }
}

/// When a message goes through every channel although nothing is wrong.
package struct AlertCanarySettings: Sendable, Equatable {
    package static let standard = "daily 08:00"

    /// Nil for the standard.
    package var schedule: Written<ScheduleExpression>?
    /// Channels that it does not go through.
    package var leftOut: [String] = []

    package init() {}
}

/// A way to reach people or programs, by the name that routes use.
package struct AlertChannelSettings: Sendable, Equatable {
    package var name: String
    package var access: AlertChannelAccess
    package var location: SourceLocation

    package init(name: String, access: AlertChannelAccess, location: SourceLocation) {
        self.name = name
        self.access = access
        self.location = location
    }
}

/// How a channel is reached, one case for each kind.
package enum AlertChannelAccess: Sendable, Equatable {
    case email(EmailAccess)
    /// The URL of an incoming webhook, which is all a sender needs: a secret. With a token it is that of the API.
    case slack(WebhookAccess)
    case webhook(WebhookAccess)
    /// Another Alertmanager, which decides for itself; its API's base URL.
    case alertmanager(WebhookAccess)
    /// Events API v2; the token is the integration's routing key.
    case pagerduty(WebhookAccess)
    /// The URL of a topic.
    case ntfy(WebhookAccess)
    case sms(SMSAccess)
    case command(CommandAccess)

    package var kind: String {
        switch self {
        case .email: "email"
        case .slack: "slack"
        case .webhook: "webhook"
        case .alertmanager: "alertmanager"
        case .pagerduty: "pagerduty"
        case .ntfy: "ntfy"
        case .sms: "sms"
        case .command: "command"
        }
    }

    /// Who is reached where a route names nobody; empty where the channel itself is the addressee.
    package var recipients: [String] {
        switch self {
        case .email(let email): email.recipients
        case .sms(let sms): sms.recipients
        default: []
        }
    }

    /// The channels that tell what this one does not take.
    package var fallback: [String] {
        switch self {
        case .email(let email): email.fallback
        case .slack(let hook), .webhook(let hook), .alertmanager(let hook), .pagerduty(let hook), .ntfy(let hook):
            hook.fallback
        case .sms(let sms): sms.fallback
        case .command(let command): command.fallback
        }
    }

    /// Whether it tells people one by one, by their addresses.
    package var addressesPeople: Bool {
        switch self {
        case .email, .sms: true
        default: false
        }
    }
}

/// A mail server that takes what is sent.
package struct EmailAccess: Sendable, Equatable {
    package var host: String
    package var port: Int
    package var protection = MailServer.Protection.starttls
    package var user: String?
    package var password: ConfiguredText?
    package var sender: String
    package var recipients: [String] = []
    /// PEM file of certificates to trust instead of the system's.
    package var certificateAuthorityFile: String?
    package var fallback: [String] = []

    package init(host: String, port: Int, sender: String) {
        self.host = host
        self.port = port
        self.sender = sender
    }

    /// With its password, fetched now. Throws as `ConfiguredText.resolve`.
    package func server(with programs: Programs) async throws -> MailServer {
        MailServer(
            host: host, port: port, protection: protection, user: user,
            password: try await password?.resolve(with: programs), certificateAuthorityFile: certificateAuthorityFile)
    }
}

/// An HTTP endpoint that takes a POST.
package struct WebhookAccess: Sendable, Equatable {
    package var url: ConfiguredText
    /// What authenticates us, as each service wants it.
    package var token: ConfiguredText?
    /// Signs what is sent.
    package var signingKey: ConfiguredText?
    /// Whether an address of a private network or of this machine may be spoken to.
    package var allowsPrivate = false
    package var certificateAuthorityFile: String?
    /// Of Slack with a bot's token: the conversation it writes to.
    package var room: String?
    package var fallback: [String] = []

    package init(url: ConfiguredText) { self.url = url }
}

/// An SMS gateway: with Twilio's API, or with fields of its own.
package struct SMSAccess: Sendable, Equatable {
    /// What is filled into fields, as `{{NAME}}`.
    package static let places = ["to", "from", "text", "id"]

    /// The API's beginning for Twilio's; with a form the whole address.
    package var url: ConfiguredText
    package var account: String?
    package var token: ConfiguredText?
    package var sender: String?
    package var recipients: [String]
    /// Empty for Twilio's own.
    package var form: [String: ConfiguredText] = [:]
    package var headers: [String: ConfiguredText] = [:]
    package var allowsPrivate = false
    package var fallback: [String] = []

    package init(url: ConfiguredText, recipients: [String]) {
        self.url = url
        self.recipients = recipients
    }
}

/// A program that is started for each notification and reads it on standard input.
package struct CommandAccess: Sendable, Equatable {
    package var program: [String]
    package var fallback: [String] = []

    package init(program: [String]) { self.program = program }
}

import Alert
import Maintenance
import Outside

/// `alerts.channels`: the ways alerts leave the house, one section for each kind.
enum AlertChannelSections {
    static var format: Format<[AlertChannelSettings]> {
        let access = Format<AlertChannelAccess>.variants(
            "kind",
            [
                ("email", email),
                ("slack", webhook("the URL of an incoming webhook", .whole, hasToken: false) { .slack($0) }),
                ("webhook", webhook("a URL that takes a POST", .url) { .webhook($0) }),
                ("alertmanager", webhook("the base URL of an Alertmanager", .url) { .alertmanager($0) }),
                ("pagerduty", pagerduty),
                ("ntfy", webhook("the URL of a topic", .url) { .ntfy($0) }),
                ("sms", sms),
                ("command", command),
            ] as [(name: String, section: any SectionFormat<AlertChannelAccess>)],
            later: ["teams", "discord", "telegram", "opsgenie", "sns", "jira", "matrix", "mattermost", "pushover"],
            name: \.kind)
        return Format<[Named<AlertChannelAccess>]>.named("channel", access).map(
            { items, _, _, _ in
                items.map { AlertChannelSettings(name: $0.name, access: $0.value, location: $0.location) }
            },
            writing: { channels in channels.map { Named(name: $0.name, value: $0.access, location: $0.location) } })
    }

    private static let authorities = "Certificates (PEM) to trust instead of the system's."
    private static let privately =
        "Whether it may lie in a private network or on this machine; without it such an address is refused."

    private static var email: MappedSection<AlertChannelAccess> {
        let section = Section<EmailDraft>(
            prototype: { _ in EmailDraft() },
            keys: [
                Key(
                    "server", \.server, server, isRequired: true,
                    "The mail server and its port, such as mail.example.org:587."),
                Key(
                    "tls", \.protection, .choice(), standard: .starttls,
                    "'starttls' begins in the clear and goes on only encrypted, 'tls' is encrypted from the start."),
                Key("user", \.user, .text, "Who we are to the server; nobody without it."),
                Key("password", \.password, .configured("a password", .whole), "What proves it."),
                Key("from", \.sender, .address, isRequired: true, "The sender's address."),
                Key("to", \.recipients, .oneOrMore(.address), "Who is told where a route names nobody."),
                Key("ca-file", \.authorities, .path, authorities),
            ],
            later: ["template", "subject", "headers", "reply-to", "cc", "bcc", "dkim"],
            rules: [.needs("user", "password"), .needs("password", "user")])
        return MappedSection(section) { draft, _, _, _ in
            guard let server = draft.server, let sender = draft.sender else { return nil }
            var access = EmailAccess(host: server.host, port: server.port, sender: sender)
            access.protection = draft.protection
            access.user = draft.user
            access.password = draft.password
            access.recipients = draft.recipients
            access.certificateAuthorityFile = draft.authorities
            return .email(access)
        } writing: { access in
            guard case .email(let email) = access else { return EmailDraft() }
            return EmailDraft(email)
        }
    }

    private static var server: Format<ServerAddress> {
        .scalar(
            "a host and a port such as mail.example.org:587",
            schema: ["type": "string", "pattern": "^[^/\\s]+:[0-9]+$"]
        ) {
            ServerAddress($0)
        } write: {
            .text("\($0.host):\($0.port)")
        }
    }

    private static func webhook(
        _ words: String, _ secrecy: ConfiguredText.Secrecy, hasToken: Bool = true,
        _ make: @escaping @Sendable (WebhookAccess) -> AlertChannelAccess
    ) -> MappedSection<AlertChannelAccess> {
        var keys: [Key<WebhookDraft>] = [
            Key("url", \.url, .configured(words, secrecy), isRequired: true, "Where it is sent."),
            Key("private", \.allowsPrivate, .boolean, standard: false, privately),
            Key("ca-file", \.authorities, .path, authorities),
        ]
        if hasToken {
            keys.append(
                Key("token", \.token, .configured("a token", .whole), "Sent as 'Authorization: Bearer …'."))
            keys.append(
                Key(
                    "signing-key", \.signingKey, .configured("a key", .whole),
                    "Signs what is sent (HMAC-SHA256), in the header 'Mainstay-Signature'."))
        }
        let section = Section<WebhookDraft>(
            prototype: { _ in WebhookDraft() }, keys: keys,
            later: ["headers", "template", "method", "proxy", "mention", "username", "icon"])
        return MappedSection(section) { draft, _, _, _ in
            draft.access.map(make)
        } writing: { access in
            WebhookDraft(access)
        }
    }

    private static var pagerduty: MappedSection<AlertChannelAccess> {
        let section = Section<WebhookDraft>(
            prototype: { _ in WebhookDraft() },
            keys: [
                Key(
                    "routing-key", \.token, .configured("an integration's routing key", .whole), isRequired: true,
                    "The key of an integration of kind 'Events API v2'."),
                Key(
                    "url", \.url, .configured("a URL", .url),
                    "Where events go; without it, https://events.pagerduty.com/v2/enqueue."),
                Key("private", \.allowsPrivate, .boolean, standard: false, privately),
                Key("ca-file", \.authorities, .path, authorities),
            ], later: ["client", "links", "images", "component", "class"])
        return MappedSection(section) { draft, tree, _, _ in
            guard let token = draft.token else { return nil }
            do throws(MalformedText) {
                let standard = try ConfiguredText(
                    "https://events.pagerduty.com/v2/enqueue", secrecy: .url, location: tree.location)
                var access = WebhookAccess(url: draft.url ?? standard)
                access.token = token
                access.allowsPrivate = draft.allowsPrivate
                access.certificateAuthorityFile = draft.authorities
                return .pagerduty(access)
            } catch {
                preconditionFailure("a URL without a variable is no configured text")
            }
        } writing: { access in
            WebhookDraft(access)
        }
    }

    private static var sms: MappedSection<AlertChannelAccess> {
        let section = Section<SMSDraft>(
            prototype: { _ in SMSDraft() },
            keys: [
                Key("account", \.account, .text, isRequired: true, "The account's SID."),
                Key("token", \.token, .configured("a token", .whole), isRequired: true, "Its authentication token."),
                Key("from", \.sender, .text, isRequired: true, "The sender's number or name."),
                Key("to", \.recipients, .oneOrMore(.text), isRequired: true, "Who is told where a route names nobody."),
                Key(
                    "url", \.url, .configured("a URL", .url),
                    "A gateway with Twilio's API; without it, https://api.twilio.com."),
                Key("private", \.allowsPrivate, .boolean, standard: false, privately),
            ], later: ["messaging-service", "status-callback"])
        return MappedSection(section) { draft, tree, _, _ in
            guard let account = draft.account, let token = draft.token, let sender = draft.sender,
                let recipients = draft.recipients
            else { return nil }
            do throws(MalformedText) {
                let standard = try ConfiguredText("https://api.twilio.com", secrecy: .url, location: tree.location)
                var access = SMSAccess(
                    url: draft.url ?? standard, account: account, token: token, sender: sender, recipients: recipients)
                access.allowsPrivate = draft.allowsPrivate
                return .sms(access)
            } catch {
                preconditionFailure("a URL without a variable is no configured text")
            }
        } writing: { access in
            guard case .sms(let sms) = access else { return SMSDraft() }
            return SMSDraft(
                account: sms.account, token: sms.token, sender: sms.sender, recipients: sms.recipients, url: sms.url,
                allowsPrivate: sms.allowsPrivate)
        }
    }

    private static var command: MappedSection<AlertChannelAccess> {
        let section = Section<CommandDraft>(
            prototype: { _ in CommandDraft() },
            keys: [
                Key(
                    "run", \.program, .list(of: .text), isRequired: true,
                    "Program and arguments; the notification comes as JSON on standard input.")
            ], later: ["environment", "directory", "timeout", "shell"])
        return MappedSection(section) { draft, _, _, _ in
            draft.program.map { .command(CommandAccess(program: $0)) }
        } writing: { access in
            guard case .command(let command) = access else { return CommandDraft() }
            return CommandDraft(program: command.program)
        }
    }
}

extension Format where Value == String {
    /// A mail address as a header and an envelope can carry it (RFC 5321, without quoted and international parts).
    static var address: Format {
        let pattern = #"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$"#
        return scalar("a mail address such as team@example.org", schema: ["type": "string", "pattern": .text(pattern)])
        {
            MailAddress.isValid($0) ? $0 : nil
        } write: {
            .text($0)
        }
    }
}

private struct ServerAddress: Sendable {
    var host: String
    var port: Int

    init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), let port = Int(text[colon...].dropFirst()),
            (1...65_535).contains(port)
        else { return nil }
        let host = String(text[..<colon])
        let isHost = host.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-.[]:".utf8.contains($0)
        }
        guard isHost, !host.isEmpty else { return nil }
        (self.host, self.port) = (host, port)
    }

    init(host: String, port: Int) { (self.host, self.port) = (host, port) }
}

private struct EmailDraft: Sendable {
    var server: ServerAddress?
    var protection = MailServer.Protection.starttls
    var user: String?
    var password: ConfiguredText?
    var sender: String?
    var recipients: [String] = []
    var authorities: String?

    init() {}

    init(_ email: EmailAccess) {
        server = ServerAddress(host: email.host, port: email.port)
        protection = email.protection
        user = email.user
        password = email.password
        sender = email.sender
        recipients = email.recipients
        authorities = email.certificateAuthorityFile
    }
}

private struct WebhookDraft: Sendable {
    var url: ConfiguredText?
    var token: ConfiguredText?
    var signingKey: ConfiguredText?
    var allowsPrivate = false
    var authorities: String?

    init() {}

    init(_ access: AlertChannelAccess) {
        switch access {
        case .slack(let hook), .webhook(let hook), .alertmanager(let hook), .pagerduty(let hook), .ntfy(let hook):
            url = hook.url
            token = hook.token
            signingKey = hook.signingKey
            allowsPrivate = hook.allowsPrivate
            authorities = hook.certificateAuthorityFile
        case .email, .sms, .command: break
        }
    }

    var access: WebhookAccess? {
        guard let url else { return nil }
        var access = WebhookAccess(url: url)
        access.token = token
        access.signingKey = signingKey
        access.allowsPrivate = allowsPrivate
        access.certificateAuthorityFile = authorities
        return access
    }
}

private struct SMSDraft: Sendable {
    var account: String?
    var token: ConfiguredText?
    var sender: String?
    var recipients: [String]?
    var url: ConfiguredText?
    var allowsPrivate = false
}

private struct CommandDraft: Sendable {
    var program: [String]?
}

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
                ("slack", slack),
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

    static let authorities = "Certificates (PEM) to trust instead of the system's."
    static let privately =
        "Whether it may lie in a private network or on this machine; without it such an address is refused."
    static let instead =
        "Channels that tell what this one does not take: what it refuses for good, and what is critical from the third "
        + "failure on."

    private static var email: MappedSection<AlertChannelAccess> {
        let section = Section<EmailDraft>(
            prototype: { _ in EmailDraft() },
            keys: [
                Key(
                    "server", \.server, server, isRequired: true,
                    "The mail server and its port, such as mail.example.org:587."),
                Key(
                    "tls", \.protection, .choice(), standard: .starttls,
                    "'starttls' begins in the clear and goes on only encrypted, 'tls' is encrypted from the start; "
                        + "'none' with a password only to this machine."),
                Key("user", \.user, .text, "Who we are to the server; nobody without it."),
                Key("password", \.password, .configured("a password", .whole), "What proves it."),
                Key("from", \.sender, .address, isRequired: true, "The sender's address."),
                Key("to", \.recipients, .oneOrMore(.address), "Who is told where a route names nobody."),
                Key("ca-file", \.authorities, .path, authorities),
                Key("fallback", \.fallback, .oneOrMore(.name), instead),
            ],
            later: ["template", "subject", "headers", "reply-to", "cc", "bcc", "dkim"],
            rules: [.needs("user", "password"), .needs("password", "user")])
        return MappedSection(section) { draft, tree, keyPath, reading in
            guard let server = draft.server, let sender = draft.sender else { return nil }
            if draft.protection == .none, draft.password != nil, !server.isLoopback {
                reading.report(
                    "the password would go to \(server.host.printable) for everybody on the way to read",
                    at: tree.location, keyPath.appending(key: "tls"),
                    allowed: "'starttls' or 'tls' where there is a password; 'none' only for a server on this machine")
                return nil
            }
            var access = EmailAccess(host: server.host, port: server.port, sender: sender)
            access.protection = draft.protection
            access.user = draft.user
            access.password = draft.password
            access.recipients = draft.recipients
            access.certificateAuthorityFile = draft.authorities
            access.fallback = draft.fallback
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
        _ words: String, _ secrecy: ConfiguredText.Secrecy,
        _ make: @escaping @Sendable (WebhookAccess) -> AlertChannelAccess
    ) -> MappedSection<AlertChannelAccess> {
        let keys: [Key<WebhookDraft>] = [
            Key("url", \.url, .configured(words, secrecy), isRequired: true, "Where it is sent."),
            Key("private", \.allowsPrivate, .boolean, standard: false, privately),
            Key("ca-file", \.authorities, .path, authorities),
            Key("token", \.token, .configured("a token", .whole), "Sent as 'Authorization: Bearer …'."),
            Key(
                "signing-key", \.signingKey, .configured("a key", .whole),
                "Signs what is sent (HMAC-SHA256), in the header 'Mainstay-Signature'."),
            Key("fallback", \.fallback, .oneOrMore(.name), instead),
        ]
        let section = Section<WebhookDraft>(
            prototype: { _ in WebhookDraft() }, keys: keys,
            later: ["headers", "template", "method", "proxy", "mention", "username", "icon"])
        return MappedSection(section) { draft, _, _, _ in
            draft.access.map(make)
        } writing: { access in
            WebhookDraft(access)
        }
    }

    private static var command: MappedSection<AlertChannelAccess> {
        let section = Section<CommandDraft>(
            prototype: { _ in CommandDraft() },
            keys: [
                Key(
                    "run", \.program, .list(of: .text), isRequired: true,
                    "Program and arguments; the notification comes as JSON on standard input."),
                Key("fallback", \.fallback, .oneOrMore(.name), instead),
            ], later: ["environment", "directory", "timeout", "shell"])
        return MappedSection(section) { draft, _, _, _ in
            draft.program.map { program in
                var access = CommandAccess(program: program)
                access.fallback = draft.fallback
                return .command(access)
            }
        } writing: { access in
            guard case .command(let command) = access else { return CommandDraft() }
            return CommandDraft(program: command.program, fallback: command.fallback)
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

import Alert
import Maintenance

/// Channels of services with an address of their own.
extension AlertChannelSections {
    private static func standard(_ url: String, _ location: SourceLocation) -> ConfiguredText {
        do throws(MalformedText) {
            return try ConfiguredText(url, secrecy: .url, location: location)
        } catch {
            preconditionFailure("a URL without a variable is no configured text")
        }
    }

    static var slack: MappedSection<AlertChannelAccess> {
        let section = Section<WebhookDraft>(
            prototype: { _ in WebhookDraft() },
            keys: [
                Key(
                    "url", \.url, .configured("the URL of an incoming webhook", .whole),
                    "Where it is sent. With 'token' it is the API's, https://slack.com/api without it."),
                Key(
                    "token", \.token, .configured("a bot's token", .whole),
                    "Of a bot with the right 'chat:write': it changes its messages where an alert ends."),
                Key("channel", \.room, .text, "The id of the conversation that the bot writes to."),
                Key("private", \.allowsPrivate, .boolean, standard: false, privately),
                Key("ca-file", \.authorities, .path, authorities),
                Key("fallback", \.fallback, .oneOrMore(.name), instead),
            ],
            later: ["headers", "template", "method", "proxy", "mention", "username", "icon"],
            rules: [.atLeastOne(["url", "token"]), .needs("token", "channel"), .needs("channel", "token")])
        return MappedSection(section) { draft, tree, _, _ in
            guard draft.token != nil || draft.url != nil else { return nil }
            return .slack(draft.access(draft.url ?? standard("https://slack.com/api", tree.location)))
        } writing: { access in
            WebhookDraft(access)
        }
    }

    static var pagerduty: MappedSection<AlertChannelAccess> {
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
                Key("fallback", \.fallback, .oneOrMore(.name), instead),
            ], later: ["client", "links", "images", "component", "class"])
        return MappedSection(section) { draft, tree, _, _ in
            guard let token = draft.token else { return nil }
            var access = draft.access(
                draft.url ?? standard("https://events.pagerduty.com/v2/enqueue", tree.location))
            access.token = token
            return .pagerduty(access)
        } writing: { access in
            WebhookDraft(access)
        }
    }

    static var sms: MappedSection<AlertChannelAccess> {
        let section = Section<SMSDraft>(
            prototype: { _ in SMSDraft() },
            keys: [
                Key("account", \.account, .text, "The account's SID, or the user's name."),
                Key("token", \.token, .configured("a token", .whole), "What proves it."),
                Key("from", \.sender, .text, "The sender's number or name."),
                Key("to", \.recipients, .oneOrMore(.text), isRequired: true, "Who is told where a route names nobody."),
                Key(
                    "url", \.url, .configured("a URL", .url),
                    "Without 'form' a gateway with Twilio's API, https://api.twilio.com without it; with 'form' the "
                        + "whole address of another one."),
                Key(
                    "form", \.form, .dictionary("field", .configured("a field's value", .keywords)),
                    "The fields of another gateway: {{to}}, {{from}}, {{text}} and {{id}} are filled in."),
                Key(
                    "headers", \.headers, .dictionary("header", .configured("a header's value", .whole)),
                    "Headers to send."),
                Key("private", \.allowsPrivate, .boolean, standard: false, privately),
                Key("fallback", \.fallback, .oneOrMore(.name), instead),
            ], later: ["messaging-service", "status-callback", "json"],
            rules: [.needs("account", "token"), .needs("form", "url"), .needs("token", "account")])
        return MappedSection(section) { draft, tree, keyPath, reading in
            guard let recipients = draft.recipients, isWhole(draft, tree, keyPath, reading) else { return nil }
            var access = SMSAccess(
                url: draft.url ?? standard("https://api.twilio.com", tree.location), recipients: recipients)
            access.account = draft.account
            access.token = draft.token
            access.sender = draft.sender
            access.form = draft.form
            access.headers = draft.headers
            access.allowsPrivate = draft.allowsPrivate
            access.fallback = draft.fallback
            return .sms(access)
        } writing: { access in
            guard case .sms(let sms) = access else { return SMSDraft() }
            return SMSDraft(sms)
        }
    }

    /// Twilio needs an account, a token and a sender; another gateway is told at least to whom and what.
    private static func isWhole(
        _ draft: SMSDraft, _ tree: Tree, _ keyPath: String, _ reading: Reading
    ) -> Bool {
        guard !draft.form.isEmpty else {
            let missing = [
                ("account", draft.account == nil), ("token", draft.token == nil), ("from", draft.sender == nil),
            ]
            .filter(\.1).map(\.0)
            for name in missing {
                reading.report(
                    "the key '\(name)' is missing, which Twilio's API needs; another gateway has a 'form'",
                    at: tree.location, keyPath)
            }
            return missing.isEmpty
        }
        var used: Set<String> = []
        for (name, value) in draft.form.sorted(by: { $0.key < $1.key }) {
            for place in KeptText(value.pattern).names {
                used.insert(place)
                guard !SMSAccess.places.contains(place) else { continue }
                reading.report(
                    "there is nothing '{{\(place)}}'", at: value.location,
                    keyPath.appending(key: "form").appending(key: name),
                    allowed: SMSAccess.places.map { "{{\($0)}}" }.joined(separator: ", "),
                    nearest: nearest(to: place, among: SMSAccess.places))
            }
        }
        let missing = ["to", "text"].filter { !used.contains($0) }
        for place in missing {
            reading.report(
                "no field has '{{\(place)}}'", at: tree.location, keyPath.appending(key: "form"))
        }
        if used.contains("from"), draft.sender == nil {
            reading.report("a field has '{{from}}', and 'from' is missing", at: tree.location, keyPath)
            return false
        }
        return missing.isEmpty && used.isSubset(of: SMSAccess.places)
    }
}

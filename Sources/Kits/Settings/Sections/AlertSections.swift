import Alert
import Calendar
import Maintenance

/// The `alerts` section, and what only shows when everything is put together.
struct AlertSections: Sendable {
    var zones: ZoneDirectory

    var format: Format<AlertSettings> {
        Section<AlertSettings>(
            prototype: { _ in AlertSettings() },
            keys: [
                Key("channels", \.channels, AlertChannelSections.format, "The ways alerts leave the house, by name."),
                Key("critical", \.critical, route, "Who is told of what is critical, and when."),
                Key("warning", \.warning, route, "Who is told of warnings, and when."),
                Key("info", \.info, route, "Who is told of what is only worth knowing, and when."),
                Key(
                    "routes", \.routes, .list(of: route),
                    "Further routes, asked in their order before those of the severities."),
                Key("inhibit", \.inhibitions, .list(of: inhibition), "Alerts that hide others while they fire."),
                Key(
                    "depends", \.dependencies,
                    .dictionary("environment", .dictionary("resource", .oneOrMore(Format<String>.name))),
                    "By environment: what each resource depends on. While that has a critical alert, alerts of the "
                        + "resource are hidden."),
                Key("on-call", \.rotations, rotations, "People who take turns; 'on-call:NAME' is a recipient."),
                Key(
                    "for", \.hold, .duration(.zero...(.seconds(86_400))),
                    "How long something has to be wrong before it counts."),
                Key("flapping", \.flapping, flapping, "When an alert that comes and goes is not believed to be over."),
                Key(
                    "canary", \.canary, canary,
                    "The message that goes through every channel although nothing is wrong; one that does not arrive is "
                        + "critical."),
            ],
            later: [
                "escalation", "escalations", "receivers", "templates", "route", "silences", "thresholds", "times",
                "dashboard", "summary",
            ]
        ).format
    }

    private var route: Format<AlertRouteSettings> {
        let within = Key<AlertRouteSettings>("routes", \.routes, .list(of: innerRoute), Self.withinRoute)
        return route(
            within: within, rules: [.atLeastOne(["channels"]), .needs("batch-at", "batch")])
    }

    private static let withinRoute =
        "Routes for some of what this one matches, asked in their order: the first that matches counts instead of this one, "
        + "unless it continues. What one does not say it has from the route around it, but for 'mute' and 'active'."

    /// A route within a route, and so on.
    private var innerRoute: Format<AlertRouteSettings> {
        let deeper = Format<[AlertRouteSettings]>(
            shape: .scalar(
                words: "a list of: a mapping, as here",
                schema: ["$ref": "#/properties/alerts/properties/critical/properties/routes"]),
            read: { tree, keyPath, reading in
                Format<[AlertRouteSettings]>.list(of: self.innerRoute).read(tree, keyPath, reading)
            },
            write: { Format<[AlertRouteSettings]>.list(of: self.innerRoute).write($0) })
        return route(
            within: Key("routes", \.routes, deeper, Self.withinRoute), rules: [.needs("batch-at", "batch")])
    }

    private func route(within: Key<AlertRouteSettings>, rules: [SectionRule]) -> Format<AlertRouteSettings> {
        let span = Format.duration(.zero...(.seconds(366 * 86_400)))
        return Section<AlertRouteSettings>(
            prototype: { AlertRouteSettings(location: $0) },
            keys: [
                Key(
                    "match", \.match, .oneOrMore(.matcher),
                    "Which alerts, all conditions together; every one without it."),
                Key("channels", \.channels, .oneOrMore(.name), "The channels that are used."),
                Key(
                    "recipients", \.recipients, .oneOrMore(.text),
                    "Mail addresses and telephone numbers, or 'on-call:NAME'; without it, the channels' own."),
                Key("immediate", \.isImmediate, .boolean, standard: .plain("false"), "What is new is told at once."),
                Key("delay", \.delay, span, "Only what still fires after this long is told."),
                Key(
                    "batch", \.isBatched, .boolean, standard: .plain("false"),
                    "Everything goes out together, at 'batch-at'."),
                Key("batch-at", \.batchAt, .schedule(zones), "When a batch goes out; 'daily 08:00' without it."),
                Key("group-by", \.groupBy, .oneOrMore(.text), "Labels whose equal values make one notification."),
                Key("group-wait", \.groupWait, span, "How long a new group waits for more of the same."),
                Key("group-interval", \.groupInterval, span, "How long until news of a group is told."),
                Key("repeat-interval", \.repeatInterval, span, "How long until what goes on is told again."),
                Key(
                    "send-resolved", \.sendsResolved, .boolean, standard: .plain("true"), "Whether the end is told too."
                ),
                Key(
                    "quiet", \.quiet, .unlessNone(.window(zones)),
                    "When what is not critical waits, such as 'daily 22:00-07:00'."),
                Key("mute", \.mute, .window(zones), "When nothing is told."),
                Key("active", \.active, .window(zones), "When something is told; always without it."),
                Key("continue", \.continues, .boolean, standard: false, "Whether the routes behind it are asked too."),
                Key(
                    "respond-within", \.respondWithin, span,
                    "How long whoever is told has to answer, before the first step of 'escalate'."),
                Key(
                    "escalate", \.escalation, .unlessNone(.list(of: escalation)),
                    "Who is told where nobody acknowledges, in order."),
                within,
            ],
            later: ["times", "template", "priority", "sound", "receiver", "escalation"],
            rules: rules
        ).format.map(
            { route, tree, keyPath, reading in
                let timings = [route.isImmediate == true, route.delay != nil, route.isBatched == true].count { $0 }
                guard timings <= 1 else {
                    reading.report(
                        "of 'immediate', 'delay' and 'batch' only one can be meant", at: tree.location, keyPath)
                    return nil
                }
                if let interval = route.groupInterval, interval <= .zero {
                    reading.report("'group-interval' has to be longer than nothing", at: tree.location, keyPath)
                    return nil
                }
                return route
            }, writing: { $0 })
    }

    private var escalation: Format<AlertEscalationSettings> {
        Section<AlertEscalationSettings>(
            prototype: { _ in AlertEscalationSettings() },
            keys: [
                Key(
                    "after", \.after, .duration(.zero...(.seconds(30 * 86_400))),
                    "Since the first notification; without it, when those before it have not answered in their time."),
                Key(
                    "respond-within", \.respondWithin, .duration(.zero...(.seconds(30 * 86_400))),
                    "How long its people have to answer, before the next step."),
                Key("channels", \.channels, .oneOrMore(.name), "The channels that are used."),
                Key("recipients", \.recipients, .oneOrMore(.text), "Who is told; without it, the channels' own."),
            ], later: ["level", "name", "repeat"], rules: [.atLeastOne(["channels"])]
        ).format
    }

    private var inhibition: Format<AlertInhibitionSettings> {
        Section<AlertInhibitionSettings>(
            prototype: { _ in AlertInhibitionSettings() },
            keys: [
                Key("source", \.source, .oneOrMore(.matcher), "While one of these fires…"),
                Key("target", \.target, .oneOrMore(.matcher), "…nothing is told of these…"),
                Key("equal", \.equal, .oneOrMore(.text), "…where these labels are equal."),
            ], rules: [.atLeastOne(["source"]), .atLeastOne(["target"])]
        ).format
    }

    private var rotations: Format<[AlertRotationSettings]> {
        let override = Section<AlertRotationSettings.Override>(
            prototype: { _ in AlertRotationSettings.Override() },
            keys: [
                Key("member", \.member, .text, "Who stands in."),
                Key("from", \.from, .instant, "From when on."),
                Key("until", \.until, .instant, "Until when."),
            ], rules: [.atLeastOne(["member"]), .atLeastOne(["from"]), .atLeastOne(["until"])])
        let section = Section<AlertRotationSettings>(
            prototype: { AlertRotationSettings(location: $0) },
            keys: [
                Key("members", \.members, .oneOrMore(.text), "Addresses in the order of their turns."),
                Key("since", \.since, .instant, "When the first one's turn began."),
                Key("handover", \.handover, .schedule(zones), "When the next one takes over, such as 'Mondays 09:00'."),
                Key("overrides", \.overrides, .list(of: override.format), "Who stands in for whoever it would be."),
            ], later: ["layers", "restrictions", "calendar", "zone"],
            rules: [.atLeastOne(["members"]), .atLeastOne(["since"]), .atLeastOne(["handover"])])
        return Format<[Named<AlertRotationSettings>]>.named("rotation", section.format).map(
            { items, _, _, _ in
                items.map { item in
                    var rotation = item.value
                    rotation.name = item.name
                    return rotation
                }
            }, writing: { $0.map { Named(name: $0.name, value: $0, location: $0.location) } })
    }

    private var canary: Format<AlertCanarySettings> {
        Section<AlertCanarySettings>(
            prototype: { _ in AlertCanarySettings() },
            keys: [
                Key(
                    "at", \.schedule, .schedule(zones), "When; '\(AlertCanarySettings.standard)' without it."),
                Key("leave-out", \.leftOut, .oneOrMore(.name), "Channels that it does not go through."),
            ], later: ["channels", "enabled", "recipients"]
        ).format
    }

    private var flapping: Format<AlertFlappingSettings> {
        let standard = AlertFlappingSettings()
        let span = Format.duration(.seconds(1)...(.seconds(86_400)))
        return Section<AlertFlappingSettings>(
            prototype: { _ in AlertFlappingSettings() },
            keys: [
                Key("limit", \.limit, .integer(0...1_000), standard: standard.limit, "So many ends; 0 never…"),
                Key("within", \.within, span, standard: standard.within, "…within this…"),
                Key("calm", \.calm, span, standard: standard.calm, "…and it has to be well for so long."),
            ]
        ).format
    }
}

extension Format where Value == Matcher {
    static var matcher: Format {
        let words = "a matcher such as severity=critical or 'resource=~web|api'"
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "pattern": "^[^=!]+(=|!=|=~|!~)"]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty else {
                    reading.refuse(tree, keyPath, "is not allowed here", allowed: words)
                    return nil
                }
                do throws(MatcherProblem) {
                    return try Matcher(parsing: text)
                } catch {
                    reading.report(error.problem, at: tree.location, keyPath, allowed: words)
                    return nil
                }
            },
            write: { .text($0.description) })
    }
}

extension Format where Value == Timestamp {
    static var instant: Format {
        scalar("an instant such as 2026-11-23T09:00:00Z", schema: ["type": "string"]) {
            Timestamp(iso8601: $0)
        } write: {
            .text($0.iso8601)
        }
    }
}

extension Format {
    /// `none` switches off what the route around it says.
    static func unlessNone<Other: Sendable & Equatable>(_ other: Format<Other>) -> Format where Value == Unless<Other> {
        Format(
            shape: .either([other.shape, .scalar(words: "none", schema: ["enum": ["none"]])]),
            read: { tree, keyPath, reading in
                if case .scalar("none", _) = tree.value { return .off }
                return other.read(tree, keyPath, reading).map { .given($0) }
            },
            write: { value in
                switch value {
                case .off: .plain("none")
                case .given(let written): other.write(written)
                }
            })
    }
}

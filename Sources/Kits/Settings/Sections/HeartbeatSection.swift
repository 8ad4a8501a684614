import Maintenance

extension MappedSection where Value == ResourceAccess {
    static var heartbeat: MappedSection {
        MappedSection(
            Section<HeartbeatDraft>(
                prototype: { _ in HeartbeatDraft() },
                keys: [
                    Key(
                        "key", \.key,
                        .configured("a secret of at least \(HeartbeatAccess.shortestKey) characters", .whole) { text in
                            guard let literal = text.literal else { return nil }
                            return HeartbeatAccess.isUsable(key: literal)
                                ? nil : "this is too short for a secret, or no part of an address"
                        },
                        isRequired: true, "The secret in its address '/ping/KEY'; letters, digits, '-' and '_'."),
                    Key(
                        "every", \.every, .duration(.seconds(60)...(.seconds(366 * 86_400))), isRequired: true,
                        "How often it says that it is done."),
                    Key(
                        "grace", \.grace, .duration(.seconds(60)...(.seconds(30 * 86_400))),
                        standard: .seconds(3_600),
                        "How much later is still only late, and how long it may take once it has begun."),
                ], later: ["schedule", "conditions", "expect", "from"])
        ) { draft, _, _, _ in
            guard let key = draft.key, let every = draft.every else { return nil }
            var access = HeartbeatAccess(key: key, every: every)
            access.grace = draft.grace
            return .heartbeat(access)
        } writing: { access in
            guard case .heartbeat(let access) = access else { return HeartbeatDraft() }
            return HeartbeatDraft(key: access.key, every: access.every, grace: access.grace)
        }
    }
}

struct HeartbeatDraft: Sendable {
    var key: ConfiguredText?
    var every: Duration?
    var grace: Duration = .seconds(3_600)
}

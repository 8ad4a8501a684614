import Maintenance

/// The top-level `approvals` mapping, and the list of rules an environment may have.
struct ApprovalSections: Sendable {
    /// Tasks as typed, with what they may do.
    var tasks: [String: Effect]

    var format: Format<ApprovalSettings> {
        let standard = ApprovalSettings()
        return Section<ApprovalSettings>(
            prototype: { _ in ApprovalSettings() },
            keys: [
                Key("rules", \.rules, .list(of: rule(inEnvironment: false)), "What has to be approved."),
                Key(
                    "expires", \.expires, Self.expiry, standard: standard.expires,
                    "How long a request waits, and its approval counts, where the rule does not say."),
                Key(
                    "standing", \.standing, Self.expiry, standard: standard.standing,
                    "How long an approval of several occurrences counts."),
                Key(
                    "teams", \.teams, .dictionary("team", .list(of: .text)),
                    "Names for groups of people, to be used as approvers."),
                Key(
                    "shared-accounts", \.sharedAccounts, .list(of: .text),
                    "Accounts that several people use; they cannot approve what they asked for. Root always is one."),
            ],
            later: ["groups", "approvers", "count", "escalation", "notify", "delegates", "windows"]
        ).format
    }

    /// Rules of one environment.
    var environmentRules: Format<[ApprovalRule]> { .list(of: rule(inEnvironment: true)) }

    static let expiry = Format.duration(.seconds(60)...(.seconds(366 * 86_400)))

    /// The tasks whose changes may have a class, by their stored names; a rule about the class of others would catch none.
    private static let tellingClasses: Set<String> = ["command"]

    private static let needless = "so there is nothing to approve"

    private func rule(inEnvironment: Bool) -> Format<ApprovalRule> {
        var keys: [Key<ApprovalRule>] = [
            Key("effects", \.effects, .list(of: .changing(Self.needless)), "Changes with one of these effects."),
            Key(
                "tasks", \.tasks, .list(of: .changingTask(tasks, Self.needless)),
                "Changes of these tasks, as they are typed."),
            Key("routines", \.routines, .list(of: .name), "Changes in runs of these routines."),
            Key(
                "classes", \.classes, .list(of: .choice()),
                "Changes of these classes, which commands of routines declare with 'class'."),
        ]
        if !inEnvironment {
            keys.append(Key("environments", \.environments, .list(of: .name), "Changes in these environments."))
        }
        keys += [
            Key(
                "count", \.count, Self.count, standard: .number(1),
                "How many different people have to approve; 'all' for everybody of 'approvers'."),
            Key("approvers", \.approvers, .list(of: .text), "Users and teams who may; without it, anybody."),
            Key("expires", \.expires, Self.expiry, "How long a request waits, and its approval counts."),
        ]
        return Section<ApprovalRule>(
            prototype: { ApprovalRule(location: $0) }, keys: keys,
            later: ["kinds", "locks", "reason", "notify", "window", "windows", "owner", "when"],
            rules: inEnvironment ? [] : [.atLeastOne(["effects", "tasks", "routines", "classes", "environments"])]
        ).format
    }

    static var count: Format<ApprovalRule.Count> {
        .scalar(
            "a whole number from 1 to 100, or all",
            schema: ["anyOf": [["type": "integer", "minimum": 1, "maximum": 100], ["enum": ["all"]]]]
        ) {
            if $0 == "all" { return .all }
            return Int($0).flatMap { (1...100).contains($0) ? .number($0) : nil }
        } write: {
            switch $0 {
            case .all: .plain("all")
            case .number(let number): .plain(String(number))
            }
        }
    }
}

extension ApprovalSections {
    /// What only shows when everything is put together: names that are not there, and rules nobody can ever satisfy.
    static func judge(_ inventory: Inventory, routines: [String], _ reading: Reading) {
        let all: [(path: String, rules: [ApprovalRule])] =
            [("approvals.rules", inventory.approvals.rules)]
            + inventory.environments.map { ("environments.\($0.name).approvals", $0.approvals) }
        for (path, rules) in all {
            for (index, rule) in rules.enumerated() {
                judge(rule, inventory, routines, path.appending(index: index), reading)
            }
        }
        for (team, people) in inventory.approvals.teams.sorted(by: { $0.key < $1.key }) {
            for person in people where inventory.approvals.teams[person] != nil {
                let path = "approvals.teams.\(team)"
                reading.report(
                    "'\(person.printable)' is a team itself, and teams hold people",
                    at: reading.locations[path] ?? SourceLocation(file: "", line: 1, column: 1), path)
            }
        }
    }

    static func judge(
        _ rule: ApprovalRule, _ inventory: Inventory, _ routines: [String], _ path: String, _ reading: Reading
    ) {
        func place(_ key: String) -> SourceLocation {
            reading.locations[path.appending(key: key)] ?? rule.location
        }
        func known(_ names: [String]?, _ noun: String, _ there: [String], _ key: String) {
            for name in names ?? [] where !there.contains(name) {
                reading.report(
                    "there is no \(noun) '\(name)'", at: place(key), path.appending(key: key),
                    allowed: there.joined(separator: ", "), nearest: nearest(to: name, among: there))
            }
        }
        known(rule.environments, "environment", inventory.environments.map(\.name), "environments")
        known(rule.routines, "routine", Set(routines + inventory.routines.map(\.name)).sorted(), "routines")
        if rule.classes != nil, let tasks = rule.tasks, tellingClasses.isDisjoint(with: tasks) {
            reading.report(
                "none of its tasks tells how far a change reaches, so this catches nothing", at: place("classes"),
                path.appending(key: "classes"), allowed: "'tasks: [command]', or no 'tasks' beside it")
        }
        let people = rule.approvers.map(inventory.approvals.people)
        switch (rule.count, people) {
        case (.all, nil):
            reading.report(
                "'count: all' needs 'approvers' beside it", at: place("count"), path.appending(key: "count"))
        case (.number(let count), let people?) where count > people.count:
            reading.report(
                "nobody can ever satisfy this: \(count) of \(people.count) "
                    + "(\(people.map(\.printable).joined(separator: ", ")))",
                at: place("count"), path.appending(key: "count"))
        default: break
        }
    }
}

import Maintenance

/// Keys of steps that wait: for people, for time, for something to be well.
struct WaitingSections: Sendable {
    /// A task with its options.
    var task: Format<[String]>

    static let longest: Duration = .seconds(7 * 86_400)

    var actionKeys: [Key<StepSections.Draft>] {
        [
            Key(
                "approval", \.approval, .text,
                "What people have to say yes to; until then no later step begins in the environment."),
            Key(
                "wait", \.wait, .duration(.seconds(1)...Self.longest),
                "How long nothing happens before the next step."),
            Key("wait-for", \.waitFor, task, "A task that only looks, asked again until it finds nothing wrong."),
        ]
    }

    static var keys: [Key<StepSections.Draft>] {
        let standard = WaitForSettings(task: [])
        return [
            Key("approvers", \.approvers, .list(of: .text), "Users and teams who may approve; without it, anybody."),
            Key(
                "count", \.count, ApprovalSections.count, standard: .plain("1"),
                "How many different people have to approve; 'all' for everybody of 'approvers'."),
            Key(
                "expires", \.expires, ApprovalSections.expiry,
                "How long a step waits for its approval; without it, as 'approvals.expires' says."),
            Key(
                "every", \.every, .duration(.seconds(1)...(.seconds(3_600))),
                standard: .plain(standard.every.canonical),
                "How long lies between two looks of 'wait-for'."),
            Key(
                "for", \.steady, .duration(.seconds(1)...(.seconds(86_400))),
                "How long it has to be well without a break; without it, one good look is enough."),
        ]
    }

    static let approvalKeyNames = ["approvers", "count", "expires"]
    static let waitForKeyNames = ["every", "for"]
}

extension StepSections.Draft {
    /// The approval a step asks for, with what is said about it.
    var approvalSettings: ApprovalStepSettings? {
        approval.map { reason in
            var settings = ApprovalStepSettings(reason: reason)
            settings.count = count ?? settings.count
            settings.approvers = approvers
            settings.expires = expires
            return settings
        }
    }

    var waitForSettings: WaitForSettings? {
        waitFor.map { task in
            var settings = WaitForSettings(task: task)
            settings.every = every ?? settings.every
            settings.steady = steady ?? settings.steady
            settings.timeLimit = timeLimit ?? settings.timeLimit
            return settings
        }
    }

    mutating func take(_ settings: ApprovalStepSettings) {
        approval = settings.reason
        count = settings.count == .number(1) ? nil : settings.count
        approvers = settings.approvers
        expires = settings.expires
    }

    mutating func take(_ settings: WaitForSettings) {
        waitFor = settings.task
        every = settings.every
        steady = settings.steady == .zero ? nil : settings.steady
        timeLimit = settings.timeLimit
    }
}

extension RoutineSections {
    /// What only shows when everything is put together: people who are too few, and tasks that do more than look.
    static func judgeWaiting(
        _ step: RoutineStep, _ inventory: Inventory, _ vocabulary: SettingsVocabulary, _ path: String,
        _ reading: Reading
    ) {
        switch step.action {
        case .approval(let settings):
            var rule = ApprovalRule(location: step.location)
            rule.count = settings.count
            rule.approvers = settings.approvers
            ApprovalSections.judge(rule, inventory, vocabulary.routines, path, reading)
        case .waitFor(let settings):
            guard (vocabulary.effect(of: settings.task) ?? .observes) > .observes else { return }
            let path = path.appending(key: "wait-for")
            reading.report(
                "only a task that looks can be waited for, and '\(settings.task.joined(separator: " "))' changes something",
                at: reading.locations[path] ?? step.location, path)
        case .task, .command, .routine, .wait, .checklist: break
        }
    }
}

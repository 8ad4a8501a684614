import Maintenance

extension StepSections {
    /// A step as its keys are read, before it is known that they belong together.
    struct Draft: Sendable {
        var task: [String]?
        var command: [String]?
        var shell: String?
        var routine: String?
        var environments: [String]?
        var resources: [String]?
        var directory: String?
        var variables: [String: String]?
        var effect: Effect?
        var exitStatuses: [Int]?
        var isIdempotent: Bool?
        var proof: [String]?
        var interrupts: [String]?
        var changeClass: ChangeClass?
        var timeLimit: Duration?
        var outputLimit: ByteCount?
        var approval: String?
        var count: ApprovalRule.Count?
        var approvers: [String]?
        var expires: Duration?
        var wait: Duration?
        var waitFor: [String]?
        var every: Duration?
        var steady: Duration?
        var checklist: String?
        var conditions = StepConditions()
        var onFailure: FailureAnswer?
        var location: SourceLocation

        init(location: SourceLocation) { self.location = location }

        /// A command that is no step.
        init(_ settings: CommandSettings) {
            self.init(location: SourceLocation(file: "", line: 0, column: 0))
            take(settings)
        }

        init(_ step: RoutineStep) {
            self.init(location: step.location)
            environments = step.environments
            resources = step.resources
            conditions = step.conditions
            onFailure = conditions.onFailure == FailureAnswer() ? nil : conditions.onFailure
            timeLimit = step.conditions.timeLimit
            switch step.action {
            case .task(let words): task = words
            case .routine(let name): routine = name
            case .command(let settings): take(settings)
            case .approval(let settings): take(settings)
            case .wait(let duration): wait = duration
            case .waitFor(let settings): take(settings)
            case .checklist(let name): checklist = name
            }
        }

        private mutating func take(_ settings: CommandSettings) {
            if let line = settings.shellLine { shell = line } else { command = settings.program }
            directory = settings.directory
            variables = settings.variables.isEmpty ? nil : settings.variables
            effect = settings.effect
            exitStatuses = settings.exitStatuses
            isIdempotent = settings.isIdempotent
            proof = settings.proof
            interrupts = settings.interrupts.isEmpty ? nil : settings.interrupts
            changeClass = settings.changeClass
            timeLimit = settings.timeLimit
            outputLimit = settings.outputLimit
        }

        /// Nil where a problem was reported.
        func step(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> RoutineStep? {
            guard let action = action(tree, keyPath, reading), hasOnlyItsKeys(action, tree, keyPath, reading) else {
                return nil
            }
            var conditions = conditions
            conditions.onFailure = onFailure ?? FailureAnswer()
            // A command's own limit ends its whole process group, and what is waited for has one of its own.
            if case .task = action { conditions.timeLimit = timeLimit }
            return RoutineStep(
                action, environments: environments, resources: resources, conditions: conditions,
                location: location)
        }

        private func action(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> RoutineStep.Action? {
            if let program = command ?? shell.map({ CommandSettings.shell($0).program }) {
                return settings(program, tree, keyPath, reading).map { .command($0) }
            }
            return approvalSettings.map { .approval($0) } ?? wait.map { .wait($0) } ?? waitForSettings.map {
                .waitFor($0)
            }
                ?? checklist.map { .checklist($0) } ?? routine.map { .routine($0) } ?? task.map { .task($0) }
        }

        /// Keys that mean nothing for this kind of step are refused, and not ignored.
        private func hasOnlyItsKeys(
            _ action: RoutineStep.Action, _ tree: Tree, _ keyPath: String, _ reading: Reading
        ) -> Bool {
            var strangers: [(names: [String], words: String)] = []
            let ofCommands = (StepSections.commandKeyNames, "belongs to a step with 'command' or 'shell'")
            let ofApprovals = (WaitingSections.approvalKeyNames, "belongs to a step with 'approval'")
            let ofWaiting = (WaitingSections.waitForKeyNames, "belongs to a step with 'wait-for'")
            let ofWork = (["retries", "concurrency"], "belongs to a step with 'task', 'command' or 'shell'")
            switch action {
            case .command: strangers = [ofApprovals, ofWaiting]
            case .task: strangers = [ofCommands, ofApprovals, ofWaiting]
            case .routine:
                // A nested routine has steps, and these belong to them.
                let ofSteps = ["on-failure", "retries", "timeout", "concurrency", "resources"]
                strangers = [
                    ofCommands, ofApprovals, ofWaiting, (ofSteps, "belongs to the steps of the nested routine"),
                ]
            case .approval:
                strangers = [
                    ofCommands, ofWaiting, ofWork, (["timeout"], "is called 'expires' for an approval"),
                    (["resources"], "belongs to a step with 'task', 'command' or 'shell'"),
                ]
            case .wait:
                strangers = [
                    ofCommands, ofApprovals, ofWaiting, ofWork,
                    (["timeout", "resources"], "means nothing for a step that only waits"),
                ]
            case .waitFor: strangers = [ofCommands, ofApprovals, ofWork]
            case .checklist:
                strangers = [
                    ofCommands, ofApprovals, ofWaiting, ofWork,
                    (["timeout", "resources"], "belongs to a step with 'task', 'command' or 'shell'"),
                ]
            }
            return strangers.allSatisfy { refuse($0.names, $0.words, tree, keyPath, reading) }
        }

        private func settings(
            _ program: [String], _ tree: Tree, _ keyPath: String, _ reading: Reading
        ) -> CommandSettings? {
            var settings = CommandSettings(program: program)
            settings.directory = directory
            settings.variables = variables ?? [:]
            settings.effect = effect ?? settings.effect
            settings.exitStatuses = exitStatuses.map { Set($0).sorted() } ?? settings.exitStatuses
            settings.isIdempotent = isIdempotent ?? settings.isIdempotent
            settings.proof = proof
            settings.interrupts = interrupts ?? []
            settings.changeClass = changeClass
            settings.timeLimit = timeLimit ?? settings.timeLimit
            settings.outputLimit = outputLimit ?? settings.outputLimit
            if settings.effect == .observes, changeClass != nil {
                let path = keyPath.appending(key: "class")
                reading.report(
                    "a command that only looks updates nothing, so it has no class",
                    at: reading.locations[path] ?? tree.location, path)
                return nil
            }
            for (key, words) in [("command", command), ("prove", proof)] {
                guard let name = words?.first, let entry = tree.entries?.first(where: { $0.key == key })
                else {
                    continue
                }
                let path = keyPath.appending(key: key)
                if name.isEmpty {
                    reading.report("the program has no name", at: entry.location, path)
                    return nil
                }
                if directory == nil, !name.hasPrefix("/"), name.containsBytes("/") {
                    reading.report(
                        "\(Tree.quoted(name)) is a path from a directory, and there is no 'directory'",
                        at: entry.location, path, allowed: "an absolute path, or 'directory' beside it")
                    return nil
                }
            }
            return settings
        }

        /// False where one of them is written.
        private func refuse(
            _ names: [String], _ words: String, _ tree: Tree, _ keyPath: String, _ reading: Reading
        ) -> Bool {
            let strangers = (tree.entries ?? []).filter { names.contains($0.key) }
            for entry in strangers {
                reading.report(
                    "'\(entry.key)' \(words)", at: entry.location, keyPath.appending(key: entry.key))
            }
            return strangers.isEmpty
        }
    }

    fileprivate static var commandKeyNames: [String] {
        [
            "directory", "variables", "effect", "exit-status", "idempotent", "prove",
            "interrupts", "class", "output",
        ]
    }
}

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
        var timeLimit: Duration?
        var outputLimit: ByteCount?
        var conditions = StepConditions()
        var onFailure: FailureAnswer?
        var location: SourceLocation

        init(location: SourceLocation) { self.location = location }

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
            timeLimit = settings.timeLimit
            outputLimit = settings.outputLimit
        }

        /// Nil where a problem was reported.
        func step(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> RoutineStep? {
            let action: RoutineStep.Action
            if let program = command ?? shell.map({ CommandSettings.shell($0).program }) {
                guard let settings = settings(program, tree, keyPath, reading) else { return nil }
                action = .command(settings)
            } else {
                guard isWithoutCommandKeys(tree, keyPath, reading) else { return nil }
                if let routine {
                    guard isWithoutStepKeys(tree, keyPath, reading) else { return nil }
                    action = .routine(routine)
                } else if let task {
                    action = .task(task)
                } else {
                    return nil
                }
            }
            var conditions = conditions
            conditions.onFailure = onFailure ?? FailureAnswer()
            // A command's own limit ends its whole process group.
            if case .task = action { conditions.timeLimit = timeLimit }
            return RoutineStep(
                action, environments: environments, resources: resources, conditions: conditions,
                location: location)
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
            settings.timeLimit = timeLimit ?? settings.timeLimit
            settings.outputLimit = outputLimit ?? settings.outputLimit
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

        /// Keys that mean nothing for this kind of step are refused, and not ignored.
        private func isWithoutCommandKeys(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> Bool {
            refuse(
                StepSections.commandKeyNames, "belongs to a step with 'command' or 'shell'", tree, keyPath,
                reading)
        }

        /// A nested routine has steps, and these belong to them.
        private func isWithoutStepKeys(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> Bool {
            refuse(
                ["on-failure", "retries", "timeout"], "belongs to the steps of the nested routine", tree,
                keyPath, reading)
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
            "resources", "directory", "variables", "effect", "exit-status", "idempotent", "prove",
            "output",
        ]
    }
}

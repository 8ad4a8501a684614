import Maintenance

/// The reference page of one task.
struct TaskReference {
    private let task: TaskDeclaration
    private let command: CommandDescription

    init(_ task: TaskDeclaration, _ command: CommandDescription) {
        self.task = task
        self.command = command
    }

    var page: String {
        var page = MarkdownPage(command.spelling)
        page.prose(task.summary.sentence)
        page.list([
            "Effect: \(task.effect.explanation).", "Works on \(task.subject.explanation).",
            "Stored as `\(task.name)`, version \(task.version).",
        ])
        page.prose(task.explanation)
        page.heading("Examples")
        page.code("sh", examples)
        page.prose("As a step of a routine, in the configuration:")
        page.code("yaml", ["routines:", "  nightly:", "    steps:", "      - \(task.command)"])
        let own = command.ownArguments
        page.heading("Options")
        page.list(own.map(\.markdown))
        let others = command.groups.map { "[\($0.lowercased())](../options.md#\($0.lowercased()))" }
        page.markdown("\(own.isEmpty ? "It takes only" : "And") the shared options: \(others.joined(separator: ", ")).")
        aliases(&page)
        page.heading("Exit status")
        page.exitStatuses()
        return page.text
    }

    /// What somebody types first; each is run or at least parsed by a test.
    private var examples: [String] {
        let place = task.subject == .estate ? "" : " --environment production"
        let plain = "\(command.spelling)\(place)"
        guard task.effect > .observes else { return [plain, "\(plain) --format json"] }
        return [
            "# What would be done, to the letter; nothing is changed.", "\(plain) --dry-run",
            "# Exactly that, or a refusal that names the difference.", "\(plain) --plan 0123456789ab",
            "# Whatever has to be done now.", plain,
        ]
    }

    private func aliases(_ page: inout MarkdownPage) {
        guard !task.aliases.isEmpty else { return }
        page.heading("Other spellings")
        page.list(
            task.aliases.map { alias in
                var text = "`mainstay \(alias.spelling)`"
                if !alias.arguments.isEmpty {
                    text += " means `\(([command.spelling] + alias.arguments).joined(separator: " "))`"
                }
                for (flag, meaning) in alias.meanings.sorted(by: { $0.key < $1.key }) {
                    text += "; `\(flag)` is `\(meaning.joined(separator: " "))`"
                }
                if !alias.implied.isEmpty {
                    let flags = alias.implied.sorted().map { "`\($0)`" }.joined(separator: ", ")
                    text += "; it does what \(flags) asks for anyway"
                }
                return text
            })
    }
}

extension Effect {
    /// One clause.
    var explanation: String {
        switch self {
        case .observes: "observes; it looks, and cannot write"
        case .maintains: "maintains; it changes something, and keeps all data"
        case .destroys: "destroys; it removes data"
        }
    }
}

extension TaskDeclaration.Subject {
    /// `each postgresql resource`.
    var explanation: String {
        switch self {
        case .resources(let kinds): "each \(kinds.map(\.rawValue).sorted().joined(separator: ", ")) resource"
        case .environments: "each environment as a whole"
        case .estate: "all environments together"
        }
    }
}

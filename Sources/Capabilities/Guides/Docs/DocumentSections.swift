import Calendar
import Command
import Engine
import Guide
import Maintenance
import Page
import Settings

/// The parts that 'docs update' writes: from the configuration what there is, and from the state how it goes.
enum DocumentSection: String, CaseIterable, Sendable {
    case maintenance, schedules, checklists

    /// Markdown, without the marks around it.
    func lines(_ maker: RunbookMaker, _ checklists: [Checklist]) -> [String] {
        let names = maker.names(all: false)
        switch self {
        case .maintenance: return Self.maintenance(maker, names)
        case .schedules: return Self.schedules(maker, names)
        case .checklists: return Self.lists(checklists)
        }
    }

    private static func maintenance(_ maker: RunbookMaker, _ names: [String]) -> [String] {
        var lines = ["", "## Maintenance as it runs", "", "| routine | what it is | who starts it | steps |"]
        lines.append("| --- | --- | --- | --: |")
        for name in names {
            let cells = [
                name.markdownText, maker.summary(of: name).markdownText, maker.start(of: name).markdownText,
                "\(maker.book.steps(of: name)?.count ?? 0)",
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        lines += ["", WrittenPart.standing, "", "| routine | last | next |", "| --- | --- | --- |"]
        for name in names {
            lines.append(
                "| \(String(name.markdownText)) | \(maker.last(of: name)) | \(maker.next(of: name).map(\.description) ?? "") |"
            )
        }
        return lines + [""]
    }

    private static func schedules(_ maker: RunbookMaker, _ names: [String]) -> [String] {
        var lines = ["", "## When what starts", "", "| routine | who starts it |", "| --- | --- |"]
        lines += names.map { "| \(String($0.markdownText)) | \(String(maker.start(of: $0).markdownText)) |" }
        lines += ["", WrittenPart.standing, "", "| next | routine |", "| --- | --- |"]
        let starts = names.compactMap { name in maker.next(of: name).map { ($0, name) } }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        lines += starts.map { "| \($0.0) | \(String($0.1.markdownText)) |" }
        return lines + [""]
    }

    private static func lists(_ checklists: [Checklist]) -> [String] {
        var lines = ["", "## Checklists"]
        for list in checklists {
            lines += ["", "### \(list.name.markdownText) (\(list.cadence.rawValue))", ""]
            lines += ["| item | answered by |", "| --- | --- |"]
            for item in list.items {
                let answer =
                    switch item.answer {
                    case .person: "a person who signs it"
                    case .task(let words): "`mainstay \(words.joined(separator: " "))`"
                    case .checks(let names): "the checks \(names.joined(separator: ", "))"
                    case .findings: "no finding of \(item.severity.rawValue) or above"
                    }
                lines.append("| \(String(item.text.markdownText)) | \(answer) |")
            }
        }
        return lines + [""]
    }

    /// What only the configuration decides: the part before the mark.
    static func stable(_ lines: some Sequence<String>) -> [String] {
        Array(lines.prefix { $0.trimmingWhitespace() != WrittenPart.standing })
    }
}

extension RunbookMaker {
    func summary(of name: String) -> String {
        session.inventory[routine: name]?.summary
            ?? session.application.routines.first { $0.name == name }?.summary ?? ""
    }

    /// `2026-11-22T03:00:00Z, succeeded in 12s`
    func last(of name: String) -> String {
        guard let run = lastRun(of: name) else { return "never" }
        return "\(run.startedAt), \(run.state.rawValue)\(run.endedAt.map { " in \(($0 - run.startedAt).short)" } ?? "")"
    }

    /// Those that the configuration names, else all that are shipped for the guides.
    var checklists: [Checklist] {
        session.inventory.checklists.map { own in
            Checklist(own, over: session.application.checklists.first { $0.name == own.name })
        }
    }

    /// What stands below a section's heading.
    func annotation(of name: String) -> [String] {
        [
            "> **\(String(name.markdownText))**: \(String(start(of: name).markdownText)).  ",
            "> Last: \(last(of: name)). "
                + "Next: \(next(of: name).map(\.description) ?? "not by itself").",
        ]
    }
}

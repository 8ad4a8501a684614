import Maintenance
import Settings

extension CompiledPolicies {
    /// What the guide says once for all environments, and for each of them.
    ///
    /// - Parameters:
    ///   - file: the guide's name.
    ///   - routines: the compiled ones with what in them somebody has to say yes to.
    func yaml(_ file: String, approving routines: [CompiledGuide.Routine]) -> [String] {
        windowLines(file) + approvalLines(file, routines) + listLines(file) + retentionLines(file)
    }

    private func windowLines(_ file: String) -> [String] {
        var lines: [String] = []
        for (index, window) in windows.enumerated() {
            if index == 0 { lines.append("environments:") }
            if index == 0 || windows[index - 1].environment != window.environment {
                lines += ["  \(window.environment.yamlQuoted):", "    windows:"]
            }
            lines.append("      # \(file):\(window.line) \(window.text.guideRemark)")
            lines.append("      - kind: \(window.kind.rawValue)")
            if let during = window.during { lines.append("        during: \(during.yamlQuoted)") }
        }
        return lines
    }

    /// Of what in these routines somebody has to say yes to.
    func approvalLines(_ file: String, _ routines: [CompiledGuide.Routine]) -> [String] {
        var rules: [String] = []
        for routine in routines {
            if let line = routine.approvalLine {
                rules.append("    # \(file):\(line) asks for approval")
                rules += ["    - routines: [\(routine.name)]", "      effects: [maintains, destroys]"]
                continue
            }
            let tasks = routine.steps.filter(\.needsApproval).compactMap(\.approvedTask)
            guard !tasks.isEmpty else { continue }
            let names = Set(tasks).sorted()
            rules.append("    # what of \(file):\(routine.line) is noticed by others, or removes something")
            rules += ["    - routines: [\(routine.name)]", "      effects: [maintains, destroys]"]
            rules.append("      tasks: [\(names.map(\.yamlQuoted).joined(separator: ", "))]")
        }
        for (names, line, text) in classes {
            rules.append("    # \(file):\(line) \(text.guideRemark)")
            rules.append("    - classes: [\(names.joined(separator: ", "))]")
        }
        return rules.isEmpty ? [] : ["approvals:", "  rules:"] + rules
    }

    private func listLines(_ file: String) -> [String] {
        guard !lists.isEmpty else { return [] }
        var lines = ["checklists:"]
        for list in lists {
            lines.append("  \(list.name):  # \(file):\(list.line)")
            lines.append("    description: \(list.description.yamlQuoted)")
            guard !list.items.isEmpty else { continue }
            lines += ["    cadence: \(list.cadence.rawValue)", "    items:"]
            for item in list.items {
                lines.append("      \(item.name):  # \(file):\(item.line)")
                lines.append("        text: \(item.text.yamlQuoted)")
                lines += item.answer.map { "        \($0)" }
            }
        }
        return lines
    }

    private func retentionLines(_ file: String) -> [String] {
        guard let retention else { return [] }
        return [
            "backups:", "  retention: \(retention.value)  # \(file):\(retention.line) \(retention.text.guideRemark)",
        ]
    }
}

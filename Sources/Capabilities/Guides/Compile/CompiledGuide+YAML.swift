import Guide
import Maintenance

extension CompiledGuide {
    /// The routines as a file of `mainstay.d`; equal for equal guides.
    var yaml: String {
        var lines: [String] = []
        let runnable = routines.filter(\.isRunnable)
        if !runnable.isEmpty { lines.append("routines:") }
        for routine in runnable { lines += self.lines(routine) }
        let rest = routines.filter { !$0.isRunnable }
        if !rest.isEmpty { lines.append("# Sections of which nothing can be run:") }
        for routine in rest {
            lines.append("# \(file):\(routine.line) \(routine.description.guideRemark)")
            lines += routine.steps.flatMap { remark($0, indent: "#   ") }
        }
        lines += thresholds.yaml(file)
        lines += policies.yaml(file, approving: runnable)
        lines += alerts.yaml(file)
        let left = (thresholds.remarks + policies.remarks + alerts.remarks + remarks).sorted {
            ($0.line, $0.text) < ($1.line, $1.text)
        }
        if !left.isEmpty { lines.append("# Not written:") }
        for remark in left {
            lines.append("# \(file):\(remark.line) \(remark.text.guideRemark)")
            lines.append("#   \(remark.reason.guideRemark)")
        }
        return lines.map { "\($0)\n" }.joined()
    }

    /// The routines alone, and what has to be approved in them.
    var routineYAML: String {
        let runnable = routines.filter(\.isRunnable)
        let lines = ["routines:"] + runnable.flatMap(lines) + policies.approvalLines(file, runnable)
        return lines.map { "\($0)\n" }.joined()
    }

    func lines(_ routine: Routine) -> [String] {
        var lines = ["  \(routine.name):  # \(file):\(routine.line)"]
        if !routine.description.isEmpty { lines.append("    description: \(routine.description.yamlQuoted)") }
        if let owner { lines.append("    owner: \(owner.text.yamlQuoted)  # \(file):\(owner.line)") }
        if let schedule = routine.schedule {
            lines.append(
                "    schedule: \(schedule.expression.yamlQuoted)  # \(file):\(schedule.line) \(schedule.text.guideRemark)"
            )
            lines.append("    mode: \(routine.mode.rawValue)")
        } else {
            lines.append("    # The guide gives no time that can be read, so people start it.")
        }
        lines.append("    steps:")
        for step in routine.steps { lines += self.lines(step) }
        return lines
    }

    private func lines(_ step: Step) -> [String] {
        let source = "# \(file):\(step.line) \(step.text.guideRemark)"
        switch step.kind {
        case .task(let words, let environments):
            let task = words.map(\.shellQuoted).joined(separator: " ")
            guard let environments else { return ["      \(source)", "      - \(task.yamlQuoted)"] }
            return [
                "      \(source)", "      - task: \(task.yamlQuoted)",
                "        environments: [\(environments.map(\.yamlQuoted).joined(separator: ", "))]",
            ]
        case .routine(let name): return ["      \(source)", "      - routine: \(name.yamlQuoted)"]
        case .shell(let text, let effect, let variables):
            var lines = [
                "      \(source)", "      - shell: \(text.yamlQuoted)",
                "        directory: \((directory ?? "/").yamlQuoted)",
            ]
            if let effect {
                lines.append("        effect: \(effect.rawValue)")
            } else {
                lines.append("        # What it may do is not known here: judged as 'destroys' until it is declared.")
            }
            // What stands behind it in the guide was written for the case that it went well.
            if effect != .observes { lines.append("        on-failure: stop") }
            if !variables.isEmpty {
                lines.append("        variables:")
                for name in variables { lines.append("          \(name): \"${\(name)}\"") }
            }
            return lines
        case .remark: return remark(step, indent: "      # ")
        }
    }

    private func remark(_ step: Step, indent: String) -> [String] {
        guard case .remark(let reason) = step.kind else { return [] }
        return ["\(indent)\(file):\(step.line) \(step.text.guideRemark)", "\(indent)  no step: \(reason.guideRemark)"]
    }
}

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
            lines.append("# \(file):\(routine.line) \(routine.description.remark)")
            lines += routine.steps.flatMap { remark($0, indent: "#   ") }
        }
        return lines.map { "\($0)\n" }.joined()
    }

    private func lines(_ routine: Routine) -> [String] {
        var lines = ["  \(routine.name):  # \(file):\(routine.line)"]
        if !routine.description.isEmpty { lines.append("    description: \(routine.description.quoted)") }
        if let schedule = routine.schedule {
            lines.append(
                "    schedule: \(schedule.expression.quoted)  # \(file):\(schedule.line) \(schedule.text.remark)")
            lines.append("    mode: \(routine.mode.rawValue)")
        } else {
            lines.append("    # The guide gives no time that can be read, so people start it.")
        }
        lines.append("    steps:")
        for step in routine.steps { lines += self.lines(step) }
        return lines
    }

    private func lines(_ step: Step) -> [String] {
        let source = "# \(file):\(step.line) \(step.text.remark)"
        switch step.kind {
        case .task(let words, let environments):
            let task = words.map(\.shellQuoted).joined(separator: " ")
            guard let environments else { return ["      \(source)", "      - \(task.quoted)"] }
            return [
                "      \(source)", "      - task: \(task.quoted)",
                "        environments: [\(environments.map(\.quoted).joined(separator: ", "))]",
            ]
        case .routine(let name): return ["      \(source)", "      - routine: \(name.quoted)"]
        case .shell(let text, let effect, let variables):
            var lines = [
                "      \(source)", "      - shell: \(text.quoted)", "        directory: \((directory ?? "/").quoted)",
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
        return ["\(indent)\(file):\(step.line) \(step.text.remark)", "\(indent)  no step: \(reason.remark)"]
    }
}

extension String {
    /// In double quotes, as YAML and JSON read it back.
    fileprivate var quoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7f || scalar.properties.generalCategory == .control
                    || scalar.properties.generalCategory == .lineSeparator
                    || scalar.properties.generalCategory == .paragraphSeparator
                    || scalar.properties.generalCategory == .format
                {
                    result +=
                        scalar.value <= 0xffff
                        ? "\\u" + Self.padded(scalar.value, 4) : "\\U" + Self.padded(scalar.value, 8)
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    private static func padded(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }

    /// Behind `#`, on one line and not longer than people read.
    fileprivate var remark: String {
        let text = printable
        return text.count > 90 ? "\(text.prefix(89))…" : text
    }
}

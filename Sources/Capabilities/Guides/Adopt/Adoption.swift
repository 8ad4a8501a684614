import Foundation
import Guide
import Maintenance

/// The files of one way to type our commands, as they are and as they would be.
struct Adoption {
    struct File {
        /// Below the directory that is adopted in.
        var path: String
        /// Nil where nothing is.
        var old: String?
        /// Nil where it is to go.
        var new: String?
        var isProgram = false
        /// The scripts of a package.json that are ours.
        var scripts: [AdoptionRecord.Script] = []
    }

    private(set) var files: [File] = []
    /// What is there already and is not replaced.
    private(set) var inTheWay: [String] = []

    static let mark = "Written by 'mainstay adopt"

    init(_ kind: Adopt.Kind, _ commands: AdoptedCommands, _ present: AdoptedFiles, replaces: Bool) throws {
        switch kind {
        case .npm, .pnpm: try addPackage(commands, present, replaces)
        case .make: try addMake(commands, present, replaces)
        case .scripts:
            guard commands.hasGuides else { throw AdoptError.needsGuides(kind.rawValue) }
            for (path, scripts) in Dictionary(grouping: commands.scripts, by: \.path).sorted(by: { $0.key < $1.key }) {
                try add(path, Self.program(path, scripts), present, replaces, isProgram: true)
            }
        case .cron:
            guard commands.hasGuides else { throw AdoptError.needsGuides(kind.rawValue) }
            guard !commands.lines.isEmpty else { return }
            var lines = ["# \(Self.mark) cron'."]
            for line in commands.lines {
                lines += [
                    "# \(line.place.printable):\(line.line)",
                    "\(line.fields) \(Self.typed(line.arguments, isCron: true))",
                ]
            }
            try add("mainstay.crontab", lines.map { "\($0)\n" }.joined(), present, replaces)
        case .systemd:
            guard commands.hasGuides else { throw AdoptError.needsGuides(kind.rawValue) }
            for line in commands.lines {
                guard let calendar = SystemdCalendar(fields: line.fields) else { continue }
                let name = "mainstay-\(line.place.dropLast(line.place.hasSuffix(".md") ? 3 : 0))-\(line.line)"
                let unit = CompiledGuide.slug(name)
                try add("\(unit).service", UnitText.service(line), present, replaces)
                try add("\(unit).timer", UnitText.timer(line, calendar), present, replaces)
            }
            // Several guides may have the same unit, and several timers one service.
            var names: Set<String> = []
            for timer in commands.timers {
                let units = [
                    ("\(timer.timer.service).service", UnitText.service(timer)),
                    ("\(timer.timer.name).timer", UnitText.timer(timer)),
                ]
                for (name, text) in units where names.insert(name).inserted { try add(name, text, present, replaces) }
            }
        }
    }

    private mutating func add(
        _ path: String, _ text: String, _ present: AdoptedFiles, _ replaces: Bool, isProgram: Bool = false
    ) throws {
        let old = try present.read(path)
        if let old, old != text, !old.containsBytes(Self.mark), !replaces { inTheWay.append(path) }
        files.append(File(path: path, old: old, new: text, isProgram: isProgram))
    }

    // MARK: package.json

    private mutating func addPackage(
        _ commands: AdoptedCommands, _ present: AdoptedFiles, _ replaces: Bool
    ) throws {
        guard !commands.spellings.isEmpty else { return }
        let old = try present.read("package.json")
        let package = try PackageScripts(old ?? PackageScripts.empty, path: "package.json")
        var scripts: [AdoptionRecord.Script] = []
        for name in commands.spellings {
            let written = "mainstay adopted \(name)"
            let former = package.value(of: name)
            if former == written { continue }
            if former != nil, !replaces { inTheWay.append(name) }
            scripts.append(.init(name: name, former: former, written: written))
        }
        files.append(
            File(
                path: "package.json", old: old,
                new: scripts.isEmpty && old != nil ? old : package.setting(scripts.map { ($0.name, $0.written) }),
                scripts: scripts))
    }

    // MARK: make

    private mutating func addMake(_ commands: AdoptedCommands, _ present: AdoptedFiles, _ replaces: Bool) throws {
        guard !commands.spellings.isEmpty else { return }
        var lines = ["# \(Self.mark) make'. Options go into ARGS: make backup:verify ARGS=\"--all-environments\""]
        for name in commands.spellings {
            // A colon in a target's name is escaped in the file, and typed as it is.
            let target = name.replacing(":", with: "\\:")
            lines += ["", ".PHONY: \(target)", "\(target):", "\t@mainstay adopted \(name) $(ARGS)"]
        }
        try add("mainstay.mk", lines.map { "\($0)\n" }.joined(), present, replaces)
        let old = try present.read("Makefile")
        let include = "-include mainstay.mk"
        guard !(old ?? "").split(separator: "\n").contains(Substring(include)) else { return }
        let before = old ?? ""
        let gap = before.isEmpty || before.hasSuffix("\n") ? "" : "\n"
        // Behind all others, so that what 'make' alone does stays.
        files.append(File(path: "Makefile", old: old, new: "\(before)\(gap)\(include)\n"))
    }

    // MARK: scripts

    /// A program in the language of its ending that starts ours and ends as it does.
    private static func program(_ path: String, _ scripts: [AdoptedCommands.Script]) -> String {
        switch path.split(separator: ".").last {
        case "js", "mjs", "cjs", "ts": node(scripts)
        case "py": python(scripts)
        default: shell(scripts)
        }
    }

    private static func shell(_ scripts: [AdoptedCommands.Script]) -> String {
        var lines = ["#!/bin/sh", "# \(mark) scripts'."]
        if scripts.contains(where: { $0.argument != nil }) {
            lines.append("case \"${1-}\" in")
            for script in scripts {
                let words = script.arguments.map(\.shellQuoted).joined(separator: " ")
                guard let argument = script.argument else { continue }
                lines.append("\(argument.shellQuoted)) shift; exec mainstay \(words) \"$@\" ;;")
            }
            let rest = scripts.first { $0.argument == nil }
            let known = scripts.compactMap(\.argument).joined(separator: " | ").printable
            lines.append(
                rest.map { "*) exec mainstay \($0.arguments.map(\.shellQuoted).joined(separator: " ")) \"$@\" ;;" }
                    ?? "*) printf '%s\\n' \("usage: \(known)".shellQuoted) >&2; exit 2 ;;")
            lines.append("esac")
        } else if let script = scripts.first {
            lines.append("exec mainstay \(script.arguments.map(\.shellQuoted).joined(separator: " ")) \"$@\"")
        }
        return lines.map { "\($0)\n" }.joined()
    }

    /// As CommonJS and as a module: a package says which one `.js` is.
    private static func node(_ scripts: [AdoptedCommands.Script]) -> String {
        let table = scripts.map { script in
            "  [\(script.argument.map(\.yamlQuoted) ?? "null"), [\(script.arguments.map(\.yamlQuoted).joined(separator: ", "))]],"
        }
        return """
            #!/usr/bin/env node
            // \(mark) scripts'.
            const commands = [
            \(table.joined(separator: "\n"))
            ];
            import("node:child_process").then(({ spawnSync }) => {
              const given = process.argv.slice(2);
              const named = commands.find(([name]) => name !== null && name === given[0]);
              const found = named ?? commands.find(([name]) => name === null);
              if (!found) {
                console.error("usage: " + commands.map(([name]) => name).join(" | "));
                process.exit(2);
              }
              const rest = named ? given.slice(1) : given;
              const result = spawnSync("mainstay", [...found[1], ...rest], { stdio: "inherit" });
              if (result.error) console.error("mainstay could not be started: " + result.error.message);
              process.exit(result.status ?? 1);
            });

            """
    }

    private static func python(_ scripts: [AdoptedCommands.Script]) -> String {
        let table = scripts.map { script in
            "    (\(script.argument.map(\.yamlQuoted) ?? "None"), [\(script.arguments.map(\.yamlQuoted).joined(separator: ", "))]),"
        }
        return """
            #!/usr/bin/env python3
            # \(mark) scripts'.
            import subprocess
            import sys

            COMMANDS = [
            \(table.joined(separator: "\n"))
            ]
            given = sys.argv[1:]
            named = [words for name, words in COMMANDS if name is not None and given[:1] == [name]]
            plain = [words for name, words in COMMANDS if name is None]
            if not named and not plain:
                sys.exit("usage: " + " | ".join(name for name, words in COMMANDS))
            words = named[0] + given[1:] if named else plain[0] + given
            sys.exit(subprocess.run(["mainstay"] + words).returncode)

            """
    }

    // MARK: cron

    private static func typed(_ arguments: [String], isCron: Bool) -> String {
        let line = (["mainstay"] + arguments + everywhere(arguments)).map(\.shellQuoted).joined(separator: " ")
        // cron ends a command at a '%'.
        return isCron ? line.replacing("%", with: "\\%") : line
    }

    /// Nobody is asked at night which environment is meant.
    static func everywhere(_ arguments: [String]) -> [String] {
        arguments.contains { $0.hasPrefix("--environment") || $0 == "--all-environments" } ? [] : ["--all-environments"]
    }
}

@testable import Command
import ArgumentParser
import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import mainstay

@Suite("help, and what is typed wrong", .temporaryDirectory)
struct HelpTests {
    private static let commands: [[String]] = {
        func leaves(_ type: any ParsableCommand.Type, _ words: [String]) -> [[String]] {
            let below = type.configuration.subcommands
            return below.isEmpty
                ? [words] : below.flatMap { leaves($0, words + [$0.configuration.commandName ?? ""]) }
        }
        return leaves(Mainstay.self, [])
    }()

    @Test("of every command fits 80 columns and ends its explanation with the exit statuses", arguments: commands)
    func helpFits(words: [String]) throws {
        let root = Mainstay.application([:]).root
        var type: any ParsableCommand.Type = root
        for word in words {
            type = try #require(type.configuration.subcommands.first { $0.configuration.commandName == word })
        }
        let help = root.helpMessage(for: type, columns: 80)
        for line in help.split(separator: "\n") where !line.hasPrefix("USAGE: ") {
            #expect(line.count <= 80, "\(line)")
        }
        #expect(type.configuration.discussion.hasSuffix(exitStatusHelp), "made without CommandConfiguration.house")
    }

    @Test("explains every option, and says what its value is")
    func explainsOptions() throws {
        for command in try CommandDescription(program: Mainstay.self).leaves {
            #expect(!command.summary.isEmpty)
            for argument in command.arguments {
                let place = "\(command.spelling) \(argument.synopsis)"
                #expect(argument.abstract?.hasSuffix(".") == true, "\(place): '\(argument.abstract ?? "")'")
                guard argument.kind == .option else { continue }
                let name = argument.preferredName?.name
                #expect(
                    argument.valueName != name || ["severity", "directory", "format"].contains(name),
                    "\(place) says nothing about its value")
            }
        }
    }

    @Test(
        "another spelling may be typed in two words",
        arguments: [
            ("backup pre-upgrade --environment test", "backup run"), ("dr test-restore --all-backups", "backup verify"),
            ("backup test-restore", "backup verify"), ("backup report --monthly", "report backup"),
        ])
    func twoWords(typed: String, meant: String) throws {
        let application = Mainstay.application([:])
        let words = typed.split(separator: " ").map(String.init)
        guard case .command(let command) = try application.parse(words) else {
            Issue.record("'\(typed)' is no command")
            return
        }
        let inOne = ["\(words[0]):\(words[1])"] + words.dropFirst(2)
        guard case .command(let other) = try application.parse(inOne) else { return }
        #expect(type(of: command) == type(of: other), "\(meant)")
    }

    /// What is typed, the message and the hint.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var typed: String
        var problem: String
        var hint: String

        init(_ typed: String, _ problem: String, _ hint: String) {
            self.typed = typed
            self.problem = problem
            self.hint = hint
        }

        var testDescription: String { typed }
    }

    @Test(
        "ends in one clear message with the near miss, and status 2",
        arguments: [
            Mistake(
                "db update-stat", "there is no command 'db update-stat'", "Did you mean 'mainstay db update-stats'?"),
            Mistake("update-stats", "there is no command 'update-stats'", "Did you mean 'mainstay db update-stats'?"),
            Mistake("helth check", "there is no command 'helth'", "Did you mean 'mainstay health check'?"),
            Mistake(
                "db:update-stat", "there is no command 'db:update-stat'", "Did you mean 'mainstay db:update-stats'?"),
            Mistake("flush", "there is no command 'flush'", "'mainstay --help' lists the commands."),
            Mistake(
                "db update-stats --enviroment x", "'mainstay db update-stats' has no option '--enviroment'",
                "Did you mean '--environment'?"),
            Mistake(
                "health check --all", "'mainstay health check' has no option '--all'",
                "Did you mean '--all-environments'?"),
            Mistake(
                "health check --frobnicate", "'mainstay health check' has no option '--frobnicate'",
                "'mainstay health check --help' lists its options."),
            Mistake(
                "--enviroment x", "there is no option '--enviroment', and options follow a command",
                "Did you mean '--environment'? 'mainstay --help' lists the commands."),
            Mistake(
                "--environment x health check", "the option '--environment' stands before the command",
                "Options follow the command: 'mainstay health check --environment'."),
            Mistake(
                "db update-stats --time-limit soon", "the value 'soon' is invalid for '--time-limit <duration>'",
                "A duration has a unit: 30s, 5m, 2h or 7d."),
            Mistake(
                "health check --format yaml",
                "the value 'yaml' is invalid for '--format <format>'; it is one of 'table', 'json', 'csv' or 'nagios'",
                "'mainstay health check --help' lists its options."),
            Mistake(
                "health check --format", "missing value for '--format <format>'",
                "How to print the result. One of: table, json, csv, nagios."),
            Mistake(
                "run", "the argument '<routine>' is missing",
                "The routine's name, such as 'daily'; 'mainstay tasks' lists them."),
            Mistake(
                "runs --most 0", "'--most' is between 1 and 10,000", "'mainstay runs --help' lists its options."),
            Mistake(
                "db update-stats extra", "unexpected argument 'extra'",
                "'mainstay db update-stats --help' lists its options."),
        ])
    func mistakes(mistake: Mistake) async throws {
        let result = try await Program().shell("mainstay \(mistake.typed)")
        #expect(result.exitCode == 2)
        #expect(result.output.isEmpty)
        #expect(result.errors == "mainstay: \(mistake.problem)\nhint: \(mistake.hint)\n")
    }

    @Test("a hostile argument cannot write to the terminal")
    func hostileArgument() async throws {
        for typed in [#"$'\e[2Jx'"#, #"db $'up\ndate'"#, #"runs --most $'\e]0;x\a'"#, #"runs $'--\e[1m'"#] {
            let result = try await Program().shell("mainstay \(typed)")
            #expect(result.exitCode == 2)
            #expect(!result.errors.contains("\u{1b}"))
            #expect(result.errors.split(separator: "\n").count == 2, "\(result.errors)")
        }
    }

    @Test(
        "a group alone shows what stands under it, on standard error, with status 2", arguments: ["", "db", "config"])
    func groupAlone(words: String) async throws {
        let result = try await Program().shell("mainstay \(words)")
        #expect(result.exitCode == 2)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("SUBCOMMANDS:"))
    }

    @Test("help and the version are no mistakes", arguments: ["--help", "help", "help db", "db --help", "--version"])
    func helpIsFine(words: String) async throws {
        let result = try await Program().shell("mainstay \(words)")
        #expect(result.exitCode == 0)
        #expect(!result.output.isEmpty && result.errors.isEmpty)
    }

    @Test("with --format json the mistake is an object")
    func mistakeAsJSON() async throws {
        let result = try await Program().shell("mainstay db update-stat --format json")
        #expect(result.exitCode == 2)
        let object = try JSONDecoder().decode(ErrorReport.self, from: Data(result.errors.utf8))
        #expect(object.code == "command.usage")
        #expect(object.hint == "Did you mean 'mainstay db update-stats'?")
    }

    @Test("what is wrong with a configuration is named with place and near miss: status 4")
    func wrongConfiguration() async throws {
        let program = Program()
        let missing = try await program.shell("mainstay health check --config nowhere.yaml")
        #expect(missing.exitCode == 4)
        #expect(missing.errors.hasPrefix("mainstay: there is no configuration (looked for 'nowhere.yaml')\nhint: "))
        try program.configure(
            """
            environments:
              test:
                protectd: true
                resources: {main: {kind: postgresql, service: shop}}
            routines: {nightly: {steps: [db update-stat]}}
            """)
        let wrong = try await program.shell("mainstay config check")
        #expect(wrong.exitCode == 4)
        #expect(
            wrong.errors.contains(
                ":3:5: environments.test.protectd: unknown key 'protectd' (did you mean 'protected'?)"))
        #expect(wrong.errors.contains("there is no task 'db update-stat' (did you mean 'db update-stats'?)"))
    }

    @Test(
        "what is not in a configuration is named with what there is: status 2",
        arguments: [
            (
                "health check --environment prodction",
                "there is no environment 'prodction' (there are: production, test)",
                "Did you mean '--environment production'?"
            ),
            (
                "health check", "it was not said which environment is meant (there are: production, test)",
                "Say '--environment production', '--environments A,B' or '--all-environments'."
            ),
            (
                "run dayli --all-environments",
                "there is no routine 'dayli' (there are: daily, emergency, evening, monthly, monthly-baseline, "
                    + "monthly-database, morning, quarterly, weekly, weekly-performance)",
                "Did you mean 'daily'?"
            ),
            ("explain HC0033", "there is no task, check or routine 'HC0033'", "Did you mean 'HC003'?"),
        ])
    func notThere(typed: String, problem: String, hint: String) async throws {
        let program = Program()
        try program.configure(
            """
            environments:
              production: {resources: {main: {kind: postgresql, service: shop}}}
              test: {resources: {main: {kind: postgresql, service: shop}}}
            """)
        let result = try await program.shell("mainstay \(typed)")
        #expect(result.exitCode == 2)
        #expect(result.errors == "mainstay: \(problem)\nhint: \(hint)\n")
    }
}

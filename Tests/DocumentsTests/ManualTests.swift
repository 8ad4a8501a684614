import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("the manual page and completion", .temporaryDirectory)
struct ManualTests {
    private let program = Program()

    @Test("the manual page is mdoc without a warning")
    func isSound() async throws {
        // Not skipped where mandoc is missing: 'scripts/install test' installs it.
        let lint = try await program.shell("mainstay man > mainstay.1 && mandoc -T lint -W warning mainstay.1")
        #expect(lint.exitCode == 0, "\(lint.output)\(lint.errors)")
        #expect(lint.output.isEmpty)
    }

    @Test(
        "the manual page says what a reader looks for",
        arguments: [
            "mainstay db update-stats", "--all-environments", "--plan digest", "MAINSTAY_CONFIG", "NO_COLOR",
            "/etc/mainstay/mainstay.yaml", "EXIT STATUS", "Waits for an approval", "DATABASE_URL=postgresql://",
        ])
    func says(text: String) async throws {
        let page = try await program.shell("mainstay man | mandoc -T ascii -O width=100")
        #expect(page.exitCode == 0, "\(page.errors)")
        // Bold and underlined are overstruck.
        let plain = page.output.replacing(/.\u{8}/, with: "")
        let words = plain.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains(text.hasPrefix("mainstay db") ? "db update-stats" : text), "\(page.output)")
    }

    @Test(
        "bash completes commands, options, values and the names of the configuration",
        arguments: [
            (["db", "up"], ["update-stats"]),
            (["conf"], ["config"]),
            (["health", "check", "--all"], ["--all-environments"]),
            (["health", "check", "--format", ""], ["table", "json", "csv", "nagios"]),
            (["db", "update-stats", "--environment", "pr"], ["production"]),
            (["runs", "--config", "other.yaml", "--most", ""], []),
            (["findings", "--config", "other.yaml", "--environment", ""], ["elsewhere"]),
            (
                ["run", ""],
                [
                    "daily", "emergency", "evening", "monthly", "monthly-baseline", "monthly-database", "morning",
                    "nightly", "quarterly", "weekly", "weekly-performance",
                ]
            ),
            (["health", "check", "--check", "connections.u"], ["connections.used"]),
            (["explain", "HC003"], ["HC003"]),
            (["checklist", "show", "contri"], ["contribux-morning"]),
        ])
    func bashCompletes(words: [String], offered: [String]) async throws {
        try program.configure(
            """
            environments:
              production: {resources: {main: {kind: postgresql, service: shop}}}
              test: {resources: {main: {kind: postgresql, service: shop}}}
            routines: {nightly: {steps: [health check]}}
            """)
        try "environments: {elsewhere: {resources: {main: {kind: postgresql, service: shop}}}}".write(
            toFile: "\(program.directory)/other.yaml", atomically: true, encoding: .utf8)
        // As readline calls it (bash manual, "Programmable Completion").
        let result = try await program.shell(
            """
            source <(mainstay completion bash)
            COMP_WORDS=(mainstay \(words.map { "'\($0)'" }.joined(separator: " ")))
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE="${COMP_WORDS[*]}" COMP_TYPE=9 COMP_KEY=9
            COMP_POINT=${#COMP_LINE}
            function=$(complete -p mainstay | sed -n 's/.* -F \\([^ ]*\\) .*/\\1/p')
            "$function" mainstay "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """)
        #expect(result.errors.isEmpty)
        #expect(result.output.split(separator: "\n").map(String.init) == offered)
    }

    @Test("there is a completion for every shell, and completing survives a broken configuration")
    func completionIsQuiet() async throws {
        for shell in ["zsh", "fish"] {
            let result = try await program.run("completion", shell)
            #expect(result.output.contains("update-stats"))
        }
        try program.configure("environments: [")
        let result = try await program.run("---completion", "health", "check", "--", "--environment", "3", "0")
        #expect(result.exitCode == 0)
        #expect(result.output.isEmpty && result.errors.isEmpty)
    }
}

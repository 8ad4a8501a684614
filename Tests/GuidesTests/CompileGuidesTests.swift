import Foundation
import MaintenanceTesting
import Testing

@Suite("mainstay guide compile", .temporaryDirectory)
struct CompileGuidesTests {
    private let program = Program(environment: ["REGISTRY": "https://registry.example", "X": "y"])
    private var written: String { "\(program.directory)/mainstay.d/guide-care.yaml" }

    private func prepare(_ guide: String) throws {
        try program.configure("environments: {production: {}}")
        try guide.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
    }

    private func text() throws -> String { try String(contentsOfFile: written, encoding: .utf8) }

    private static let guide = """
        # Care

        ## Weekly (Semi-Automated)

        **Time**: Sundays 3:00 AM UTC

        ```bash
        # Statistics
        pnpm db:update-stats --everything
        npm audit --registry=$REGISTRY   # all of them
        htop
        pnpm nobody:knows
        ```

        ## Nightly

        ```bash
        30 2 * * * tar -tzf /srv/$(date +\\%Y).tar.gz
        ```

        """

    @Test("makes routines with the guide's lines, times and reasons, which the configuration can read")
    func compiles() async throws {
        try prepare(Self.guide)
        let result = try await program.run("guide", "compile", "care.md", "--directory=/srv/app")
        #expect(result.exitCode == 0, "\(result.errors)")
        let text = try text()
        for line in [
            "# Written by 'mainstay guide compile' from 'care.md'.",
            "  care-weekly:  # care.md:3",
            "    schedule: \"Sundays 3:00 AM UTC\"  # care.md:5 Sundays 3:00 AM UTC",
            "    mode: semi-automatic",
            "      - \"db update-stats --everything\"",
            "      - shell: \"npm audit --registry=$REGISTRY\"",
            "        effect: observes",
            "          REGISTRY: \"${REGISTRY}\"",
            "      #   no step: 'htop' waits for a person at a terminal",
            "      #   no step: nothing here is called 'nobody:knows'",
            "    schedule: \"30 2 * * *\"  # care.md:18 30 2 * * *",
            "      - shell: \"tar -tzf /srv/$(date +%Y).tar.gz\"",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "'\(line)' is not in\n\(text)")
        }
        let check = try await program.run("config", "check")
        #expect(check.exitCode == 0, "\(check.errors)")
        let next = try await program.run("calendar", "next", "care-weekly")
        #expect(next.output.contains("03:00"))
    }

    @Test("gives the same bytes again, and without a directory leaves the team's own programs out")
    func isStable() async throws {
        try prepare(Self.guide)
        _ = try await program.run("guide", "compile", "care.md")
        let first = try text()
        #expect(first.contains("no step: '--directory' has to say where the team's own programs run"))
        #expect(!first.contains("- shell:"))
        #expect(try await program.run("guide", "compile", "care.md").output.contains("is as it should be"))
        #expect(try text() == first)
    }

    @Test("what a person has changed stays, and is shown")
    func keepsChanges() async throws {
        try prepare(Self.guide)
        _ = try await program.run("guide", "compile", "care.md")
        let changed = try text().replacing("Sundays 3:00 AM UTC\"  #", with: "Sundays 05:00 UTC\"  #")
        try changed.write(toFile: written, atomically: true, encoding: .utf8)
        let kept = try await program.run("guide", "compile", "care.md")
        #expect(kept.exitCode == 3)
        #expect(kept.errors.contains("was changed by hand, and stays"))
        #expect(kept.output.contains("-     schedule: \"Sundays 05:00 UTC\""))
        #expect(try text() == changed)
        #expect(try await program.run("guide", "compile", "care.md", "--replace").exitCode == 0)
        #expect(try text().contains("schedule: \"Sundays 3:00 AM UTC\""))
    }

    @Test("a changed guide shows what changes before it does, and a dry run writes nothing")
    func shows() async throws {
        try prepare(Self.guide)
        _ = try await program.run("guide", "compile", "care.md")
        let before = try text()
        try prepare(Self.guide.replacing("Sundays 3:00", with: "Mondays 4:00"))
        let shown = try await program.run("guide", "compile", "care.md", "--dry-run")
        #expect(shown.output.contains("+     schedule: \"Mondays 4:00 AM UTC\""))
        #expect(try text() == before)
    }

    @Test("somebody's own file of that name is left alone")
    func leavesOthers() async throws {
        try prepare(Self.guide)
        try FileManager.default.createDirectory(
            atPath: "\(program.directory)/mainstay.d", withIntermediateDirectories: true)
        try "routines: {}\n".write(toFile: written, atomically: true, encoding: .utf8)
        let result = try await program.run("guide", "compile", "care.md")
        #expect(result.exitCode != 0)
        #expect(try text() == "routines: {}\n")
    }

    @Test("hostile words of a guide become text and nothing else")
    func hostile() async throws {
        try prepare(
            """
            # A "quote": {x} # - y

            ```bash
            echo "a: b # c \\" $X" 'd\t' > /dev/null
            ls $'\\x1b' "é\u{202e}"
            ```
            """)
        let result = try await program.run("guide", "compile", "care.md", "--directory=/srv/a\"b: #")
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try await program.run("config", "check").exitCode == 0)
        #expect(try !text().unicodeScalars.contains("\u{202e}"))
    }

    private static let policies = """
        # Policies

        ## Weekly Care

        **Time**: Sundays 3:00 AM UTC
        **Requires**: Manual review and approval

        ```bash
        pnpm db:optimize --weekly
        ```

        ## Nightly

        **Time**: daily 02:00 UTC

        ```bash
        pnpm health:check
        git pull
        pnpm db:reindex
        ```

        | Metric | Target | Warning | Critical |
        |---|---|---|---|
        | CPU usage | <60% | 70-80% | >80% |
        | Memory usage | <60% | 70-90% | >90% |
        | Disk usage | <60% | >95% | >80% |
        | Error rate | <1% | 2-5% | >5% |

        ```javascript
        const maintenanceWindows = {
          production: {
            primary: 'Sunday 02:00-04:00 UTC',
            emergency: '24/7 with approval'
          },
          nowhere: {
            primary: 'Anytime with notification'
          }
        };
        const updates = {
          system: {
            requireApproval: ['major', 'kernel']
          }
        };
        const backups = {
          nightly: {
            retention: '90days',
          }
        };
        ```

        ### Daily Checklist
        - [ ] Review overnight alerts
        - [ ] Water the plants

        """

    @Test("thresholds, windows, approvals, checklists and retention become keys with the guide's lines")
    func policies() async throws {
        try prepare(Self.policies)
        let result = try await program.run("guide", "compile", "care.md", "--into=mainstay.d", "--directory=/srv/app")
        #expect(result.exitCode == 0, "\(result.errors)")
        let text = try text()
        let lines = Set(text.split(separator: "\n").map(String.init))
        for line in [
            "    warning: 70%  # care.md:24 CPU usage: 70-80%", "    critical: 80%  # care.md:24 CPU usage: >80%",
            "  host.memory:", "# care.md:26 Disk usage: >95%", "# care.md:27 Error rate: >5%",
            "#   nothing here measures it", "  \"production\":", "      - kind: primary",
            "        during: \"Sunday 02:00-04:00 UTC\"", "      - kind: emergency",
            "# care.md:36 nowhere.primary: Anytime with notification",
            "    # care.md:6 asks for approval", "    - routines: [care-weekly-care]",
            "    - routines: [care-nightly]", "      tasks: [\"command\", \"db reindex\"]",
            "    - classes: [major, kernel]", "  care-daily-checklist:  # care.md:52", "    cadence: daily",
            "        findings: critical", "        text: \"Water the plants\"",
            "  retention: 90d  # care.md:46 backups.nightly.retention: 90days",
        ] {
            #expect(lines.contains(line), "'\(line)' is not in\n\(text)")
        }
        #expect(!lines.contains("  host.disk:"))
        #expect(try await program.run("config", "check").exitCode == 0)
        #expect(
            try await program.run("guide", "compile", "care.md", "--directory=/srv/app").output.contains("is as it"))
        #expect(try await program.run("guide", "compile", "care.md", "--into=/tmp").exitCode == 2)
    }

    @Test("what another file says stays in force, rules of both files count, and the guide says so beside it")
    func others() async throws {
        try prepare(Self.policies)
        try program.configure(
            """
            environments: {production: {windows: [{during: "Mondays 01:00-02:00"}]}}
            checks: {host.cpu: {critical: 91}}
            approvals: {rules: [{effects: [destroys]}]}
            backups: {retention: 30d}
            """)
        let result = try await program.run("guide", "compile", "care.md", "--directory=/srv/app")
        #expect(result.exitCode == 0, "\(result.errors)")
        let text = try text()
        #expect(text.contains("mainstay.yaml:2:") && text.contains("another one is in force ("))
        #expect(!text.contains("  retention: 90d  #"))
        let shown = try await program.run("config", "show").output
        #expect(shown.contains("Mondays 01:00-02:00") && shown.contains("Sunday 02:00-04:00 UTC"))
        #expect(shown.contains("critical: 91"))
    }

    @Test("sections of the same name are told apart, whatever stands between their commands")
    func sameNames() async throws {
        let section = "## Daily\n\n```bash\nls\npwd\n```\n\n"
        try prepare("# A\n\n\(section)\(section)## Other\n\n```bash\nls\n```\n\n\(section)")
        let result = try await program.run("guide", "compile", "care.md", "--directory=/srv/app")
        #expect(result.exitCode == 0, "\(result.errors)")
        let names = try text().split(separator: "\n").filter { $0.hasPrefix("  care-") }.map { $0.prefix { $0 != ":" } }
        #expect(names == ["  care-daily", "  care-daily-10", "  care-other", "  care-daily-23"])
        #expect(try text().split(separator: "- shell:").count == 8)
        #expect(try await program.run("config", "check").exitCode == 0)
    }

    @Test("what a shell would put into a task's options is left to people")
    func open() async throws {
        try prepare("# A\n\n```bash\nnpm run backup:report --monthly --output=report_$(date +%Y).html\n```\n")
        #expect(try await program.run("guide", "compile", "care.md").exitCode == 0)
        let text = try text()
        #expect(text.contains("somebody has to say what stands for '--output=report_$(date +%Y).html'"), "\(text)")
    }

    @Test("who is told of what is written for the channels there are, and what is routed already stays")
    func alerts() async throws {
        try prepare(
            """
            # A

            ## Notification Channels

            - Email: Critical and warning alerts
            - page: All alerts
            - Slack: Critical alerts only
            - Dashboard: Real-time status
            """)
        try program.configure(
            """
            environments: {production: {}}
            alerts:
              channels:
                mail: {kind: email, server: "mail.example:587", from: a@example.org, to: b@example.org}
                page: {kind: command, run: [cat]}
              info: {channels: [mail]}
            """)
        let result = try await program.run("guide", "compile", "care.md")
        #expect(result.exitCode == 0, "\(result.errors)")
        let text = try text()
        for part in [
            "alerts:\n  critical:  # care.md:5, 6\n    channels: [\"mail\", \"page\"]\n",
            "  warning:  # care.md:5, 6\n    channels: [\"mail\", \"page\"]\n",
            "# care.md:6 page: All alerts\n#   another route is in force for info (",
            "# care.md:7 Slack: Critical alerts only\n#   'alerts.channels' has none",
        ] {
            #expect(text.contains(part), "'\(part)' is not in\n\(text)")
        }
        #expect(!text.contains("  info:") && !text.contains("Dashboard"))
        #expect(try await program.run("guide", "compile", "care.md").output.contains("is as it should be"))
    }

    @Test("the five guides compile, twice to the same bytes, and the configuration can be read with all of them")
    func five() async throws {
        try program.configure("environments: {production: {}, staging: {}, test: {}, training: {}}")
        for _ in 0..<2 {
            let result = try await program.run(["guide", "compile"] + AccountTests.files + ["--directory=/srv/app"])
            #expect(result.exitCode == 0, "\(result.errors)")
        }
        let again = try await program.run(["guide", "compile"] + AccountTests.files + ["--directory=/srv/app"])
        #expect(again.output.components(separatedBy: "is as it should be").count == 6)
    }
}

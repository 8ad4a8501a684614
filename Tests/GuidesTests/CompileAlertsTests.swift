import Foundation
import MaintenanceTesting
import Testing

@Suite("who is told, compiled from a guide", .temporaryDirectory)
struct CompileAlertsTests {
    private let program = Program()

    private func prepare(_ channels: String) throws {
        try program.configure("environments: {production: {}}\n\(channels)")
        try """
        # A

        ### Alert Configurations

        1. **Critical Alerts (Immediate Response)**
           - Service downtime
        2. **Warning Alerts (Response within 1 hour)**
           - High load
        3. **Info Alerts (Daily Review)**
           - Trends

        ### Emergency Contacts

        - **On-Call Engineer**: [oncall@example.org]
        - **Technical Lead**: lead@example.org
        - **Security Team**: security@example.org

        ### Escalation Procedures

        1. **Level 1**: Development Team (Response: 1 hour)
        2. **Level 2**: Technical Lead (Response: 30 minutes)
        3. **Level 3**: Engineering Manager (Response: 15 minutes)
        4. **Level 4**: CTO, cto@example.org (Response: Immediate)

        ### Notification Channels

        - Email: Critical and warning alerts

        """.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
    }

    private func compiled() async throws -> String {
        let result = try await program.run("guide", "compile", "care.md")
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try await program.run("config", "check").exitCode == 0)
        return try String(contentsOfFile: "\(program.directory)/mainstay.d/guide-care.yaml", encoding: .utf8)
    }

    @Test("levels, times and addresses become a route with its escalation, and roles without an address are listed")
    func escalation() async throws {
        try prepare(
            """
            alerts:
              channels:
                mail: {kind: email, server: "mail.example:587", from: a@example.org, to: team@example.org}
            """)
        let text = try await compiled()
        let steps = """
                escalate:
                  # care.md:21 Level 2: Technical Lead (Response: 30 minutes)
                  - after: 1h
                    channels: ["mail"]
                    recipients: ["lead@example.org"]
                  # care.md:23 Level 4: CTO, cto@example.org (Response: Immediate)
                  - after: 105m
                    channels: ["mail"]
                    recipients: ["cto@example.org"]

            """
        for part in [
            """
            alerts:
              critical:  # care.md:27
                channels: ["mail"]
                # care.md:14 On-Call Engineer: [oncall@example.org]
                recipients: ["oncall@example.org"]
                immediate: true  # care.md:5 Critical Alerts (Immediate Response)
            \(steps)
            """,
            """
              warning:  # care.md:27
                channels: ["mail"]
            \(steps)
            """,
            "# care.md:9 Info Alerts (Daily Review)\n#   needs a channel for info alerts",
            "# care.md:16 Security Team: security@example.org\n#   no alert and no level of the guide goes there\n",
            "# care.md:20 Level 1: Development Team (Response: 1 hour)\n"
                + "#   needs an address: the guide gives none for 'Development Team'\n",
            "#   needs an address: the guide gives none for 'Engineering Manager'\n",
        ] {
            #expect(text.contains(part), "'\(part)' is not in\n\(text)")
        }
        #expect(!text.contains("  info:"))
        #expect(try await program.run("guide", "compile", "care.md").output.contains("is as it should be"))
    }

    @Test("nothing is written for channels that are not there, and what they lack is said")
    func noChannel() async throws {
        try prepare("")
        let text = try await compiled()
        #expect(!text.contains("\nalerts:"))
        #expect(text.contains("needs a channel: none of 'alerts.channels' reaches 'oncall@example.org'"))
        #expect(text.contains("needs a channel for critical alerts"))
    }

    @Test("a channel that would reach nobody is left out, and which one is meant is not guessed")
    func nobody() async throws {
        try prepare(
            """
            alerts:
              channels:
                email: {kind: email, server: "mail.example:587", from: a@example.org}
                other: {kind: email, server: "mail.example:587", from: a@example.org, to: b@example.org}
              warning: {channels: [other]}
            """)
        let text = try await compiled()
        #expect(text.contains("  critical:  # care.md:27\n    channels: [\"email\", \"other\"]\n"))
        #expect(text.contains("another route is in force for warning ("))
        let guide = "# A\n\n## Contacts\n\n- On-call: ops@example.org, +49 30 1234567\n"
        try guide.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
        #expect(try await compiled().contains("somebody has to say which channel is meant: email, other"))
    }
}

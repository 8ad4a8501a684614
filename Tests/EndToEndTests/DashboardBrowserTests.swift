import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// The dashboard as people use it: in a real browser, served by the built program.
@Suite("the dashboard in a browser", .temporaryDirectory, .serialized)
struct DashboardBrowserTests {
    private let program = Program()

    @Test(
        "somebody sets it up, looks at every page in light, dark and on a telephone, watches a run come, signs, and signs out"
    )
    func isUsed() async throws {
        try program.configure(
            """
            environments:
              production: {protected: true, resources: {host: {kind: host}}}
              test: {resources: {host: {kind: host}}}
            routines:
              nightly: {schedule: "daily 02:00", steps: [health check, report prune]}
            server: {listen: "127.0.0.1:0"}
            """)
        #expect(try await program.run("health", "check", "--all-environments", "--fail-on=never").exitCode != nil)
        let serve = try ServeProcess(program)
        try await serve.says("open this link once")
        let said = serve.said
        let link = try #require(said.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+\/set-up\/[A-Za-z0-9_-]{43}/)?.output)
        let outcome = try await Browser(program: program).drive(String(link))
        #expect(outcome.trouble == [])
        // Nothing was loaded from elsewhere, nothing was forbidden by the policy, and no script failed.
        #expect(outcome.console == [])
        #expect(outcome.pages.count == 48)
        for page in outcome.pages {
            #expect(page.width <= page.window, "\(page.name) is \(page.width) wide in a window of \(page.window)")
            #expect(page.headings == 1 && !page.title.isEmpty, "\(page.name)")
        }
        #expect(outcome.live < 1.5)
        let trail = try await program.run("audit", "log", "--format=csv").output
        #expect(trail.contains("signed") && trail.contains("admitted") && trail.contains("granted"))
        #expect(try await serve.end() == 143)
    }

    @Test("strangers see the status page in light, dark and on a telephone, its feed, and nothing else")
    func showsStatus() async throws {
        try program.configure(
            """
            environments:
              production: {resources: {host: {kind: host}}}
            monitoring: {}
            server:
              listen: "127.0.0.1:0"
              status-page:
                title: Shop
                components:
                  machine: {name: The machine, description: Where it runs, environment: production}
                maintenance:
                  upkeep: {name: Weekly upkeep, during: "Sundays 02:00-04:00 UTC", components: [machine]}
            """)
        let serve = try ServeProcess(program)
        try await serve.says("dashboard ready")
        let base = try #require(
            serve.said.firstMatch(of: /dashboard ready url=(http:\/\/127\.0\.0\.1:[0-9]+)/)?.output.1)
        let outcome = try await Browser(program: program).look(at: String(base))
        #expect(outcome.trouble == [])
        #expect(outcome.console == [])
        #expect(outcome.pages.count == 3)
        for page in outcome.pages {
            #expect(page.width <= page.window, "\(page.name) is \(page.width) wide in a window of \(page.window)")
            #expect(page.headings == 1 && page.title == "Shop", "\(page.name)")
        }
        #expect(try await serve.end() == 143)
    }

    @Test("TLS by files, read again when they change, and a reload moves the server elsewhere")
    func speaksTLS() async throws {
        let directory = program.directory
        func certificate(_ name: String) async throws {
            let made = try await program.shell(
                """
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=\(name) \
                -keyout new.key -out new.pem 2>/dev/null && mv new.key key.pem && mv new.pem cert.pem
                """)
            #expect(made.exitCode == 0)
        }
        try await certificate("first.example")
        try program.configure(
            """
            environments: {test: {}}
            server: {listen: "127.0.0.1:0", certificate: \(directory)/cert.pem, key: \(directory)/key.pem}
            """)
        let serve = try ServeProcess(program)
        try await serve.says("dashboard ready")
        let port = try #require(
            serve.said.firstMatch(of: /dashboard ready url=https:\/\/127\.0\.0\.1:([0-9]+)/)?.output.1)
        func ask() async throws -> String {
            try await program.shell("curl -skv --max-time 20 https://127.0.0.1:\(port)/healthz 2>&1").output
        }
        let first = try await ask()
        #expect(first.contains("CN=first.example") && first.contains("alive"))
        #expect(first.lowercased().contains("strict-transport-security: max-age=31536000"))
        try await certificate("second.example")
        #expect(try await ask().contains("CN=second.example"))
        // Half a renewal turns nobody away.
        try "nonsense".write(toFile: "\(directory)/cert.pem", atomically: true, encoding: .utf8)
        #expect(try await ask().contains("alive"))
        try program.configure("environments: {test: {}}\nserver: {listen: \"127.0.0.1:0\"}\n")
        serve.signal(SIGHUP)
        try await serve.says("dashboard ready url=http://127.0.0.1")
        #expect(try await !ask().contains("alive"))
        #expect(try await serve.end() == 143)
    }

    @Test("a port that is taken keeps nothing from starting, and is tried again")
    func survivesTakenPort() async throws {
        try program.configure("environments: {test: {}}\nserver: {listen: \"127.0.0.1:0\"}\n")
        let first = try ServeProcess(program, "first")
        try await first.says("dashboard ready")
        let port = try #require(
            first.said.firstMatch(of: /dashboard ready url=http:\/\/127\.0\.0\.1:([0-9]+)/)?.output.1)
        let other = Program(directory: "\(program.directory)/other")
        try FileManager.default.createDirectory(atPath: other.directory, withIntermediateDirectories: true)
        try other.configure("environments: {test: {}}\nserver: {listen: \"127.0.0.1:\(port)\"}\n")
        let second = try ServeProcess(other, "second")
        try await second.says("scheduler ready")
        try await second.says("web.cannot-listen")
        #expect(try await first.end() == 143)
        try await second.says("dashboard ready")
        #expect(try await second.end() == 143)
    }
}

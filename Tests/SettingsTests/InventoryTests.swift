import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@Suite("a configuration that is right")
struct InventoryTests {
    @Test("every key arrives in the inventory")
    func readsEverything() throws {
        let inventory = try inventory(completeFile)
        #expect(inventory.environments.map(\.name) == ["production", "test"])
        let production = try #require(inventory[environment: "production"])
        #expect(production.isProtected)
        #expect(production.labels == ["region": "eu", "tier": "1"])
        #expect(
            production.resources.map(\.name) == [
                "main", "replica", "archive", "site", "machine", "app-logs", "web-logs", "uploads", "backups",
            ])

        guard case .postgresql(let main) = production.resources[0].access, case .url(let url) = main.connection else {
            Issue.record("'main' is no PostgreSQL by URL")
            return
        }
        #expect(url.literal == "postgresql://app@db.example:5432/shop?sslmode=verify-full")
        #expect(main.password?.source == .template([.variable("SHOP_PASSWORD", otherwise: nil)]))
        #expect(main.role == "maintenance")
        #expect(main.connectTimeout == .seconds(5))
        #expect(main.retention.map(\.name) == ["public.error_logs", "audit.events"])
        #expect(
            main.retention.map(\.column) == ["timestamp", "at"] && main.retention.map(\.isArchived) == [true, false])
        #expect(main.retention.map(\.keep) == [Period(duration: .seconds(90 * 86_400)), Period(months: 84)])
        #expect(main.retention.map(\.following) == [[], ["audit.notes", "public.marks"]])
        let policy = inventory.backupPolicy(of: Target(environment: "production", resource: "main"))
        #expect(policy.retention?.value == Period(months: 12) && policy.frequency?.value == .hourly)
        #expect(policy.keep?.value.last == 3 && policy.keep?.value.daily == nil && policy.minimum?.value == 2)
        #expect(
            policy.verification?.value == .whole && policy.encryption?.value == false && policy.type?.value == .full)
        let other = inventory.backupPolicy(of: Target(environment: "test", resource: "main"))
        #expect(other.retention == nil && other.keep?.value.daily == 7 && other.frequency?.value == .daily)

        guard case .http(let site) = production.resources[3].access else {
            Issue.record("'site' is no HTTP endpoint")
            return
        }
        #expect(site.method == .head)
        #expect(site.headers["X-Key"]?.source == .command("pass show key"))
        #expect(site.expectation.status.map(\.codes) == [200...200, 200...299, 301...302])
        #expect(site.expectation.body == "all: fine")
        #expect(site.timeout == .seconds(90))
        #expect(site.followsRedirects)
        #expect(site.certificateAuthorityFile == "/etc/mainstay/certificates/ca.pem")
        #expect((site.certificateDays.warning, site.certificateDays.critical) == (21, 3))

        guard case .logs(let logs) = production.resources[5].access, let rotation = logs.rotation else {
            Issue.record("'app-logs' is no rotated log set")
            return
        }
        #expect(rotation.size == ByteCount(104_857_600))
        #expect(rotation.age == .seconds(86_400))
        #expect(rotation.compression == .zstd)
        #expect(rotation.keep.count?.value == 30)
        #expect(rotation.keep.age?.value == Period(months: 12))
        #expect(rotation.after == .signal(.usr1, pidFile: "/run/app.pid"))

        guard case .files(let uploads) = production.resources[7].access else {
            Issue.record("'uploads' is no file set")
            return
        }
        #expect(uploads.path.value == "/srv/shop/tmp")
        #expect(uploads.olderThan.value == Period(duration: .seconds(7 * 86_400)))
        #expect(uploads.limit.files?.value == 10_000)
        #expect(inventory.reports.directory == "/etc/mainstay/reports")
        #expect(inventory.stateDirectory == "/var/lib/mainstay")
        #expect(inventory[routine: "daily"]?.steps[1].action == .task(["db", "update-stats", "--older-than", "7 d"]))
        #expect(inventory[routine: "daily"]?.steps[1].environments == ["production"])
    }

    @Test("what decides about deletion knows its line")
    func locatesDeletion() throws {
        let text = resource("kind: files\npath: /srv/tmp\nolder-than: 7d\nlimit:\n  files: 5")
        guard case .files(let files) = try inventory(text)[Target(environment: "test", resource: "main")]?.access else {
            Issue.record("there is no file set")
            return
        }
        #expect(files.path.location == SourceLocation(file: "mainstay.yaml", line: 6, column: 15))
        #expect(files.olderThan.location.line == 7)
        #expect(files.limit.files?.location.line == 9)
    }

    @Test("an environment's own words about a check win over those for all")
    func overridesChecks() throws {
        let inventory = try inventory(
            """
            environments: { a: {}, b: { checks: { connections: { warning: 60% }, foreign-keys: { deep: true } } } }
            checks: { connections: { warning: 70%, critical: 90%, retries: 2 }, foreign-keys: { sample-size: 5 } }
            """)
        let a = inventory.check("connections", in: "a")
        let b = inventory.check("connections", in: "b")
        #expect((a.warning?.value, b.warning?.value) == (.at(70), .at(60)))
        #expect((b.critical?.value, b.retries?.value) == (.at(90), 2))
        let options = inventory.check("foreign-keys", in: "b").options
        #expect(options["sample-size"]?.value == 5)
        #expect(options["deep"]?.value == true)
        #expect(inventory.check("memory", in: "a") == CheckSetting())
    }

    @Test("a check runs with what is configured, and with its own defaults for the rest")
    func completesChecks() throws {
        let inventory = try inventory(completeFile)
        func effective(_ name: String, _ environment: String) throws -> EffectiveCheck {
            let schema = try #require(vocabulary.checks.first { $0.name == name })
            return schema.effective(inventory.check(name, in: environment))
        }
        let connections = try effective("connections", "production")
        #expect((connections.warning, connections.critical) == (70, nil))
        #expect(try effective("connections", "test").critical == 95)
        #expect(try effective("connectivity", "test").timeout == .seconds(10))
        #expect(try effective("connectivity", "test").retries == 5)
        #expect(try !effective("memory", "test").isEnabled)
        #expect(try effective("disk", "test").warning == 21_474_836_480)
        #expect(try effective("response-time", "test").warning == 0.5)
        let rows = try effective("foreign-keys", "production")
        #expect(rows.count("sample-size") == 500)
        #expect(rows.duration("budget") == .seconds(30))
        #expect(rows.size("largest") == ByteCount(10_737_418_240))
        #expect(rows.percentage("share") == Percentage(12.5))
        #expect(rows.flag("deep") == true)
        #expect((rows.text("order"), rows.text("schema")) == ("newest", "public"))
        let defaults = try effective("foreign-keys", "test")
        #expect(
            (defaults.count("sample-size"), defaults.duration("budget"), defaults.flag("deep")) == (1_000, nil, false))
    }

    @Test("an empty environment and a file with only comments are fine", arguments: ["{ test: {} }"])
    func readsLittle(environments: String) throws {
        let result = try reader.read(
            [("mainstay.yaml", "environments: \(environments)"), ("mainstay.d/empty.yaml", "# nothing\n")],
            directory: "/")
        #expect(result.inventory.environments.map(\.name) == ["test"])
        #expect(result.inventory.sourceFiles == ["mainstay.yaml", "mainstay.d/empty.yaml"])
    }

    @Test("several files add up to one inventory")
    func mergesFiles() throws {
        let inventory = try reader.read(
            [
                ("mainstay.yaml", "environments: { test: { resources: { main: { kind: host } } } }"),
                (
                    "mainstay.d/10.yaml",
                    "environments: { test: { labels: { a: b }, resources: { site: { kind: host } } }, other: {} }"
                ),
                ("mainstay.d/20.json", #"{ "checks": { "memory": { "enabled": false } } } // off"#),
            ], directory: "/"
        ).inventory
        #expect(inventory[environment: "test"]?.resources.map(\.name) == ["main", "site"])
        #expect(inventory[environment: "test"]?.labels == ["a": "b"])
        #expect(inventory.environments.map(\.name) == ["test", "other"])
        #expect(inventory.check("memory", in: "other").isEnabled?.value == false)
        #expect(inventory.check("memory", in: "other").isEnabled?.location.file == "mainstay.d/20.json")
    }

    @Test(
        "a value that cannot be had stops nobody who does not need it, and a check of everything names each with its place",
        .temporaryDirectory)
    func defersValues() async throws {
        let directory = TemporaryDirectory.current
        for (name, rights) in [("fine", 0o600), ("exposed", 0o644)] {
            try "hunter2".write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: rights], ofItemAtPath: "\(directory)/\(name)")
        }
        let text = """
            environments:
              test:
                resources:
                  a: {kind: postgresql, service: a, password: "file:\(directory)/fine"}
                  b: {kind: postgresql, service: b, password: "file:\(directory)/exposed"}
                  c: {kind: postgresql, service: c, password: "file:\(directory)/none"}
                  d: {kind: postgresql, service: d, password: "command:cat \(directory)/fine"}
                  e: {kind: postgresql, service: e, password: "command:cat \(directory)/fine; exit 3"}
                  f: {kind: postgresql, connection: "password=${SHOP}${NONE}"}
            """
        let result = try reader.read([("mainstay.yaml", text)], directory: "/")
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin", "SHOP": "hunter2"])
        #expect(
            try await result.unresolved(with: programs).map(\.line) == [
                "mainstay.yaml:5:51: environments.test.resources.b.password: "
                    + "the secret in '\(directory)/exposed' can be read by every user of this machine",
                "mainstay.yaml:6:51: environments.test.resources.c.password: "
                    + "the secret in '\(directory)/none' cannot be read: no such file or directory",
                "mainstay.yaml:8:51: environments.test.resources.e.password: "
                    + "the secret's command 'cat \(directory)/fine; exit 3' exited with status 3",
                "mainstay.yaml:9:41: environments.test.resources.f.connection: "
                    + "the environment variable 'NONE' is not set",
            ])
    }

    @Test(
        "a status range is read and written",
        arguments: [("200", "200"), ("2xx", "2xx"), ("2XX", "2xx"), ("200-299", "2xx"), ("200 - 204", "200-204")])
    func readsStatusRanges(text: String, canonical: String) {
        #expect(StatusRange(text)?.description == canonical)
    }

    @Test(
        "what is no status range is refused",
        arguments: ["", "6xx", "20", "299-200", "200-", "-", "1000", "2xx-3xx", "a"])
    func refusesStatusRanges(text: String) {
        #expect(StatusRange(text) == nil)
    }

    @Test("a routine of a shipped one's name has its steps, but for what it wants otherwise")
    func adaptsRoutines() throws {
        let text = """
            environments: { a: {} }
            routines:
              weekly:
                leave-out: [health check]
                change:
                  - { task: db update-stats --older-than 1d, environments: [a] }
                first: [report daily]
                also: [{ shell: "true" }, report daily]
            """
        let routine = try #require(try inventory(text).routines.first)
        #expect(
            routine.steps.map(\.action) == [
                .task(["report", "daily"]), .task(["db", "update-stats", "--older-than", "1d"]),
                routine.steps[2].action, .task(["report", "daily"]),
            ])
        #expect(routine.steps[1].environments == ["a"])
        guard case .command = routine.steps[2].action else {
            Issue.record("the third is \(routine.steps[2].action)")
            return
        }
        let whole = try #require(
            try inventory("environments: { a: {} }\nroutines: { weekly: { schedule: never } }").routines.first)
        #expect(
            whole.steps.map(\.action) == [
                .task(["health", "check"]), .task(["db", "update-stats", "--older-than", "7d"]),
            ])
    }
}

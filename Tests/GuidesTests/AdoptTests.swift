import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import Guides

@Suite("mainstay adopt", .temporaryDirectory)
struct AdoptTests {
    private let program = Program()

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(program.directory)/\(name)", encoding: .utf8)
    }

    private func write(_ text: String, _ name: String) throws {
        try text.write(toFile: "\(program.directory)/\(name)", atomically: true, encoding: .utf8)
    }

    private func isThere(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(program.directory)/\(name)")
    }

    private func prepare() throws {
        try program.configure(
            "environments: {test: {resources: {machine: {kind: host}}}, other: {resources: {machine: {kind: host}}}}")
        try write(
            """
            # Care

            ```bash
            npm run health:check --all-environments
            npm run security:audit
            node scripts/health-check.js
            ./scripts/maintenance.sh daily
            ./scripts/maintenance.sh weekly
            15 2 * * 0 pg_dump shop | gzip > shop-$(date +\\%F).gz
            ```
            """, "care.md")
    }

    @Test("npm's own way of handing options over reaches the task: the guide's command works as it is written")
    func npm() async throws {
        try prepare()
        let original =
            "{\n    \"name\": \"shop\",\n    \"scripts\": {\n        \"build\": \"tsc \\\"x\\\"\"\n    },\n    \"x\": 1\n}\n"
        try write(original, "package.json")
        let dry = try await program.run("adopt", "npm", "care.md", "--dry-run")
        #expect(
            dry.exitCode == 0 && dry.output.contains("+         \"health:check\": \"mainstay adopted health:check\""))
        #expect(try text("package.json") == original)
        #expect(try await program.run("adopt", "npm", "care.md").exitCode == 0)
        let written = try text("package.json")
        #expect(
            written.contains("\"build\": \"tsc \\\"x\\\"\",\n        \"health:check\"") && !written.contains("security")
        )
        #expect(written.hasSuffix("},\n    \"x\": 1\n}\n"))

        // Two environments: without the option it would be a mistake of whoever typed it.
        let run = try await program.shell("npm run --silent health:check --all-environments -- --format=json 2>&1")
        #expect([0, 3].contains(run.exitCode), "\(run.output)")
        #expect(run.output.contains("\"test\"") && run.output.contains("\"other\""))
        let one = try await program.shell("npm run --silent health:check --environment=test -- --format=json")
        #expect(one.output.contains("\"test\"") && !one.output.contains("\"other\""))
        let wrong = try await program.shell("npm run --silent health:check --all-environments --wrong=1 2>&1")
        #expect(wrong.exitCode == 2 && wrong.output.contains("--wrong"))

        #expect(try await program.run("adopt", "npm", "--undo").exitCode == 0)
        #expect(try text("package.json") == original)
        #expect(!isThere(".mainstay-adopted"))
        #expect(try await program.run("adopt", "npm", "--undo").exitCode == 4)
    }

    @Test("a script that is there stays unless somebody says otherwise, and comes back beside what others wrote since")
    func keeps() async throws {
        try prepare()
        try write(#"{"scripts": {"health:check": "node mine.js"}}"#, "package.json")
        let refused = try await program.run("adopt", "pnpm", "care.md")
        #expect(refused.exitCode == 1 && refused.errors.contains("1 file or script is there already: 'health:check'"))
        #expect(refused.output.contains("- {\"scripts\""))
        #expect(try await program.run("adopt", "npm", "care.md", "--replace").exitCode == 0)
        let changed = try text("package.json").replacing("\"scripts\": {", with: "\"scripts\": {\n    \"new\": \"x\",")
        try write(changed, "package.json")
        #expect(try await program.run("adopt", "npm", "--undo").exitCode == 0)
        let back = try text("package.json")
        #expect(back.contains("\"health:check\": \"node mine.js\"") && back.contains("\"new\": \"x\""))
        try write("{ broken", "package.json")
        #expect(try await program.run("adopt", "npm", "care.md").errors.contains("line 1:"))
    }

    @Test("scripts that guides call start our tasks and hand on what stands behind them, and end as they do")
    func scripts() async throws {
        try prepare()
        #expect(try await program.run("adopt", "scripts", "care.md").exitCode == 0)
        #expect(try text("scripts/maintenance.sh").contains("daily) shift; exec mainstay run daily \"$@\" ;;"))
        let node = try await program.shell("node scripts/health-check.js --all-environments --format=json")
        #expect([0, 3].contains(node.exitCode) && node.output.contains("\"other\""))
        let shell = try await program.shell("./scripts/maintenance.sh daily --environment=test --dry-run")
        #expect(shell.output.contains("health check"), "\(shell.output) \(shell.errors)")
        let unknown = try await program.shell("./scripts/maintenance.sh yearly")
        #expect(unknown.exitCode == 2 && unknown.errors.contains("usage: daily | weekly"))
        #expect(try await program.run("adopt", "scripts", "care.md").output.contains("all of it is as it should be"))
        try write(try text("scripts/maintenance.sh") + "# mine\n", "scripts/maintenance.sh")
        let undone = try await program.run("adopt", "scripts", "--undo")
        #expect(undone.exitCode == 1 && undone.errors.contains("changed since: 'scripts/maintenance.sh'"))
        #expect(isThere("scripts/maintenance.sh") && !isThere("scripts/health-check.js"))
        #expect(try await program.run("adopt", "scripts").exitCode == 2)
    }

    @Test("make finds targets with colons, and the Makefile stays what it was")
    func make() async throws {
        try prepare()
        try write("all:\n\t@echo mine\n", "Makefile")
        #expect(try await program.run("adopt", "make", "care.md").exitCode == 0)
        #expect(try await program.shell("make").output == "mine\n")
        let run = try await program.shell("make health:check ARGS='--all-environments --format=json'")
        #expect(run.output.contains("\"other\""), "\(run.output) \(run.errors)")
        #expect(try await program.run("adopt", "make", "--undo").exitCode == 0)
        #expect(try text("Makefile") == "all:\n\t@echo mine\n" && !isThere("mainstay.mk"))
    }

    @Test("lines of crontabs become lines and timers of ours")
    func cron() async throws {
        try prepare()
        #expect(try await program.run("adopt", "cron", "care.md").exitCode == 0)
        #expect(
            try text("mainstay.crontab").contains("# care.md:9\n15 2 * * 0 mainstay backup run --all-environments\n"))
        #expect(try await program.run("adopt", "systemd", "care.md").exitCode == 0)
        #expect(try text("mainstay-care-9.timer").contains("OnCalendar=Sun *-*-* 02:15:00\n"))
        #expect(try text("mainstay-care-9.service").contains("mainstay \"backup\" \"run\" \"--all-environments\""))
        let verified = try await program.shell(
            "command -v systemd-analyze > /dev/null || exit 0; systemd-analyze calendar 'Sun *-*-* 02:15:00'")
        #expect(verified.exitCode == 0, "\(verified.errors)")
    }

    private static let timers = """
        # Timers

        `/etc/systemd/system/nightly-backup.service`:

        ```ini
        [Unit]
        Description=Nightly dump

        [Service]
        Type=oneshot
        User=root
        ExecStart=-/usr/bin/pg_dump -Fc shop -f /srv/shop.dump
        ```

        ```ini
        # /etc/systemd/system/nightly-backup.timer
        [Timer]
        OnCalendar=*-*-* 01:30:00
        OnCalendar=Sat \\
          *-*-* 12:00:00
        Persistent=true

        [Install]
        WantedBy=timers.target
        ```

        ```ini
        # own.timer
        [Timer]
        OnCalendar=daily
        # own.service
        [Service]
        ExecStart=/srv/own.sh
        ```

        """

    @Test("a guide's own timers start our tasks under their names and at their times, and what is there is not lost")
    func timers() async throws {
        try prepare()
        try write(Self.timers, "timers.md")
        let mine = "[Timer]\nOnCalendar=weekly\n"
        try write(mine, "nightly-backup.timer")
        let refused = try await program.run("adopt", "systemd", "timers.md")
        #expect(refused.exitCode == 1 && refused.errors.contains("there already: 'nightly-backup.timer'"))
        #expect(
            refused.output.contains("- OnCalendar=weekly") && refused.output.contains("+ OnCalendar=*-*-* 01:30:00"))
        #expect(try text("nightly-backup.timer") == mine && !isThere("nightly-backup.service"))

        let written = try await program.run("adopt", "systemd", "timers.md", "--replace")
        #expect(written.exitCode == 0, "\(written.errors)")
        #expect(written.errors.contains("'own.timer' stays: '/srv/own.sh' is none of our commands"))
        let timer = try text("nightly-backup.timer")
        #expect(timer.hasPrefix("# Written by 'mainstay adopt systemd' from timers.md:17\n"), "\(timer)")
        #expect(
            timer.contains("[Timer]\nOnCalendar=*-*-* 01:30:00\nOnCalendar=Sat *-*-* 12:00:00\nPersistent=true\n\n"))
        let service = try text("nightly-backup.service")
        #expect(service.hasPrefix("# Written by 'mainstay adopt systemd' from timers.md:12.\n"), "\(service)")
        #expect(
            service.contains(
                "User=root\nExecStart=/usr/bin/env mainstay \"backup\" \"run\" \"--all-environments\"\n"))
        #expect(!isThere("own.timer"))

        try write(Self.timers.replacing("Sat", with: "Sunnday"), "timers.md")
        let wrong = try await program.run("adopt", "systemd", "timers.md")
        if !wrong.errors.contains("nobody has read the units") {
            #expect(wrong.exitCode == 4 && wrong.errors.contains("systemd refuses the units"), "\(wrong.errors)")
            #expect(try text("nightly-backup.timer") == timer)
        }
        #expect(try await program.run("adopt", "systemd", "--undo").exitCode == 0)
        #expect(try text("nightly-backup.timer") == mine && !isThere("nightly-backup.service"))
    }

    @Test(
        "a timer whose service would run as somebody else, or without a part of it, stays, and so does a second of a name"
    )
    func timersThatStay() async throws {
        try prepare()
        func units(_ name: String, _ service: String = "", calendar: String = "daily") -> String {
            """
            ```ini
            # \(name).service
            [Service]
            \(service)
            ExecStart=/usr/bin/pg_dump -Fc shop -f /srv/shop.dump
            # \(name).timer
            [Timer]
            OnCalendar=\(calendar)

            ```


            """
        }
        try write(
            "# A\n\n" + units("same") + units("somebody", "User=%i") + units("moment", "DynamicUser=yes")
                + units("before", "ExecStartPre=/srv/stop.sh") + units("swallows", calendar: "daily\\\\"), "a.md")
        try write("# B\n\n" + units("same", calendar: "weekly"), "b.md")
        let written = try await program.run("adopt", "systemd", "a.md", "b.md")
        #expect(written.exitCode == 0, "\(written.errors)")
        for said in [
            "'somebody.timer' stays: 'User=%i' of its service is no plain name",
            "'moment.timer' stays: its service runs as",
            "'before.timer' stays: no single program of 'before.service'",
            "'swallows.timer' stays: 'OnCalendar' ends with",
            "b.md:9: 'same.timer' stays: another unit of these guides",
        ] {
            #expect(written.errors.contains(said), "\(said): \(written.errors)")
        }
        #expect(try text("same.timer").contains("[Timer]\nOnCalendar=daily\n\n"))
        for name in ["somebody", "moment", "before", "swallows"] {
            #expect(!isThere("\(name).timer") && !isThere("\(name).service"), "\(name)")
        }
    }

    @Test(
        "cron's fields as systemd's calendar",
        arguments: [
            ("0 2 * * *", ["*-*-* 02:00:00"]), ("*/20 * * * *", ["*-*-* *:00,20,40:00"]),
            ("5 4 * * 1-5", ["Mon,Tue,Wed,Thu,Fri *-*-* 04:05:00"]), ("0 0 1,15 * *", ["*-*-01,15 00:00:00"]),
            ("0 0 13 * 5", ["*-*-13 00:00:00", "Fri *-*-* 00:00:00"]), ("0 0 * * 7", ["Sun *-*-* 00:00:00"]),
            ("5/20 1 * 2 *", ["*-02-* 01:05,25,45:00"]),
        ])
    func calendar(fields: String, expressions: [String]) {
        #expect(SystemdCalendar(fields: fields)?.expressions == expressions)
    }

    @Test(
        "what is no field of cron is no calendar",
        arguments: ["60 0 * * *", "0 0 * *", "a b c d e", "0 5-1 * * *", "*/0 * * * *"])
    func noCalendar(fields: String) {
        #expect(SystemdCalendar(fields: fields) == nil)
    }

    @Test("npm's variables become options, and npm's own settings never do")
    func options() {
        func read(_ variables: [String: String], agent: String = "npm/10.8.2 node/v20") -> [String] {
            NPMOptions.arguments(variables.merging(["npm_config_user_agent": agent]) { $1 }, flags: ["no-prove"])
        }
        #expect(
            read(["npm_config_older_than": "7d", "npm_config_all_environments": "true", "npm_config_dry_run": "true"])
                == ["--all-environments", "--dry-run", "--older-than=7d"])
        #expect(
            read(["npm_config_yes": "true", "npm_config_force": "true", "npm_config_cache": "/x", "PATH": "x"]) == [])
        #expect(read(["npm_config_prove": "", "npm_config_empty": ""]) == ["--empty=", "--no-prove"])
        #expect(read(["npm_config_older_than": "7d"], agent: "pnpm/9") == [])
        #expect(NPMOptions.arguments(["npm_config_older_than": "7d"], flags: []) == [])
    }

    @Test(
        "a package.json keeps every byte but its scripts",
        arguments: [
            ("{}", "{\n  \"scripts\": {\n    \"a:b\": \"c\"\n  }\n}"),
            (
                "{\"x\": {\"scripts\": {\"k\": \"v\"}}}",
                "{\"x\": {\"scripts\": {\"k\": \"v\"}},\n  \"scripts\": {\n    \"a:b\": \"c\"\n  }\n}"
            ),
            ("{\"scripts\": {}, \"y\": [1]}\r\n", "{\"scripts\": {\n    \"a:b\": \"c\"\n  }, \"y\": [1]}\r\n"),
            (
                "{\n\t\"scripts\": {\n\t\t\"k\": \"v{}\\\"\"\n\t}\n}\n",
                "{\n\t\"scripts\": {\n\t\t\"k\": \"v{}\\\"\",\n\t\t\"a:b\": \"c\"\n\t}\n}\n"
            ),
        ])
    func package(old: String, new: String) throws {
        let package = try PackageScripts(old, path: "package.json")
        #expect(package.setting([("a:b", "c")]) == new)
        #expect(try PackageScripts(new, path: "package.json").value(of: "a:b") == "c")
    }
}

import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// What systemd, and whoever watches from outside, is told by the program; systemd itself does not run where these run.
@Suite("mainstay as a service", .temporaryDirectory)
struct ServiceTests {
    private let program = Program()

    private func configure(_ more: String = "", schedule: String = "daily 02:00") throws {
        try program.configure(
            """
            environments: {test: {}}
            routines:
              daily: {schedule: never, steps: [report prune]}
              often: {schedule: "\(schedule)", steps: [report prune]\(more)}
            """)
    }

    @Test("says that it is ready, well, reading again and stopping, in this order")
    func notifies() async throws {
        try configure()
        let socket = try LogSocket(TemporaryDirectory.current + "/notify")
        let serve = try ServeProcess(
            program, environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "1000000"])
        var heard: [String] = []
        func hears(_ text: String) async throws {
            try await eventually("the manager hears '\(text)'") {
                heard += try socket.all()
                return heard.contains { $0.contains(text) }
            }
        }
        try await hears("READY=1\nSTATUS=")
        try await hears("WATCHDOG=1")
        let first = try #require(heard.first)
        #expect(
            first.contains("1 routine by schedule, the next at ") || first.contains("routines by schedule"), "\(first)")
        heard = []
        let begin = WallClock.system.monotonic()
        try await eventually("it is heard again and again") {
            heard += try socket.all()
            return heard.count(where: { $0 == "WATCHDOG=1" }) >= 4
        }
        // Left to itself the loop says it every half minute.
        #expect(WallClock.system.monotonic() - begin < .seconds(60))
        heard = []
        try configure(schedule: "daily 25:00")
        serve.signal(SIGHUP)
        try await hears("READY=1\nSTATUS=the configuration was refused, the old one stays")
        let reloading = try #require(heard.firstIndex { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        let ready = try #require(heard.firstIndex { $0.hasPrefix("READY=1") })
        #expect(reloading < ready)
        heard = []
        #expect(try await serve.end() == 143)
        heard += try socket.all()
        #expect(heard.contains { $0.hasPrefix("STOPPING=1") }, "\(heard)")
    }

    @Test("one that stands by is ready too, and says for whom it waits")
    func standsBy() async throws {
        try configure()
        let leader = try ServeProcess(program, "leader")
        try await leader.says("scheduler ready")
        let socket = try LogSocket(TemporaryDirectory.current + "/notify")
        let second = try ServeProcess(
            program, "second", environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "60000000"])
        var heard: [String] = []
        try await eventually("it is ready and well") {
            heard += try socket.all()
            return heard.contains("WATCHDOG=1")
        }
        #expect(heard.first == "READY=1\nSTATUS=another scheduler leads on this state; waiting for it to end")
        _ = try await second.end()
        _ = try await leader.end()
    }

    @Test("writes a unit that systemd takes, shows what differs before it replaces it, and removes only its own")
    func installs() async throws {
        try configure()
        let units = TemporaryDirectory.current + "/units"
        let dry = try await program.run("service", "install", "--user", "--unit-directory", units, "--dry-run")
        #expect(dry.exitCode == 0, "\(dry.errors)")
        #expect(
            dry.output.contains("ExecStart=\(Program.path) serve --config \(program.directory)/mainstay.yaml --state "))
        #expect(!FileManager.default.fileExists(atPath: units))

        let wrote = try await program.run("service", "install", "--user", "--unit-directory", units)
        #expect(wrote.exitCode == 0, "\(wrote.errors)")
        #expect(wrote.errors.isEmpty, "systemd was asked")
        #expect(wrote.output.contains("next: systemctl --user enable --now mainstay\n"), "\(wrote.output)")
        let path = units + "/mainstay.service"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(dry.output.hasPrefix(text.trimmingCharacters(in: .newlines)))
        let verified = try await program.shell("XDG_RUNTIME_DIR=/tmp systemd-analyze --user --man=no verify '\(path)'")
        #expect(verified.exitCode == 0, "\(verified.errors)")
        #expect(!verified.errors.contains("mainstay.service"), "\(verified.errors)")

        let again = try await program.run("service", "install", "--user", "--unit-directory", units)
        #expect(again.output == "mainstay: '\(path)' is as it should be\n", "\(again.output)\(again.errors)")
        try text.replacing("WatchdogSec=180", with: "WatchdogSec=5").write(
            toFile: path, atomically: true, encoding: .utf8)
        let differs = try await program.run("service", "install", "--user", "--unit-directory", units)
        #expect(differs.exitCode == 1)
        #expect(differs.output.contains("- WatchdogSec=5\n+ WatchdogSec=180\n"), "\(differs.output)")
        #expect(differs.errors.contains("'\(path)' is there and differs"), "\(differs.errors)")
        let replaced = try await program.run("service", "install", "--user", "--unit-directory", units, "--replace")
        #expect(replaced.exitCode == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)

        let status = try await program.run("service", "status", "--user", "--unit-directory", units)
        #expect(status.exitCode == 1)
        #expect(status.output.contains("scheduler  no; start it"), "\(status.output)")
        let removed = try await program.run("service", "uninstall", "--user", "--unit-directory", units)
        #expect(removed.exitCode == 0, "\(removed.errors)")
        #expect(!FileManager.default.fileExists(atPath: path))
        try "[Service]\n".write(toFile: path, atomically: true, encoding: .utf8)
        let foreign = try await program.run("service", "uninstall", "--user", "--unit-directory", units)
        #expect(foreign.exitCode == 1)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("refuses a unit that systemd would not start")
    func refuses() async throws {
        try configure()
        let units = TemporaryDirectory.current + "/units"
        let account = try await program.run(
            "service", "install", "--system", "--run-as", "nobody-here", "--unit-directory", units)
        #expect(account.exitCode != 0)
        #expect(account.errors.contains("nobody-here"), "\(account.errors)")
        try FileManager.default.createDirectory(atPath: program.directory + "/state", withIntermediateDirectories: true)
        let state = try await program.run(
            "service", "install", "--system", "--run-as", "nobody", "--unit-directory", units)
        #expect(state.exitCode == 1)
        #expect(state.errors.contains("chown -R nobody \(program.directory)/state"), "\(state.errors)")
        #expect(!FileManager.default.fileExists(atPath: units))
    }

    @Test("whoever watches from outside hears that a run began and how it ended, and nothing of a run by hand")
    func pings() async throws {
        try await withHTTPServer { port in
            try configure(", ping: \"http://127.0.0.1:\(port)/ping/s3cret?x=1\"", schedule: "every 1s")
            _ = try await program.run("run", "often", "--all-environments")
            let serve = try ServeProcess(program)
            try await serve.says("run ended")
            #expect(try await serve.end() == 143)
            let target = try HTTPTarget("http://127.0.0.1:\(port)/heard")
            let observation = try await HTTPProber().observe(HTTPProbe(target))
            let heard = String(decoding: observation.response?.body ?? [], as: UTF8.self).components(
                separatedBy: "\n--\n")
            let begin = try #require(heard.first)
            let matched = try #require(
                begin.wholeMatch(of: /POST \/ping\/s3cret\/start\?x=1&rid=([0-9a-f-]{36})\noften began/), "\(begin)")
            let end = try #require(heard.dropFirst().first)
            #expect(end.hasPrefix("POST /ping/s3cret?x=1&rid=\(matched.output.1)\noften succeeded\nrun "), "\(end)")
            let shown = try await program.run("config", "show")
            #expect(!shown.output.contains("s3cret"), "\(shown.output)")
        }
    }

    @Test(
        "whoever watches hears of a failure at its own address, and of a run that waits for people at that for news",
        arguments: [
            ("{ shell: 'false', effect: maintains }", "fail", "failed"), ("{ approval: go on }", "log", "waiting"),
        ])
    func pingsEnds(step: String, path: String, state: String) async throws {
        try await withHTTPServer { port in
            try program.configure(
                """
                environments: {test: {}}
                routines:
                  daily: {schedule: never, steps: [report prune]}
                  often: {schedule: "every 1s", ping: "http://127.0.0.1:\(port)/ping/s3cret", steps: [\(step)]}
                """)
            let serve = try ServeProcess(program)
            let target = try HTTPTarget("http://127.0.0.1:\(port)/heard")
            var heard: [String] = []
            try await eventually("it is heard") {
                let observation = try await HTTPProber().observe(HTTPProbe(target))
                heard = String(decoding: observation.response?.body ?? [], as: UTF8.self).components(
                    separatedBy: "\n--\n")
                return heard.contains { $0.hasPrefix("POST /ping/s3cret/\(path)?") }
            }
            let begin = try #require(heard.first)
            let matched = try #require(
                begin.wholeMatch(of: /POST \/ping\/s3cret\/start\?rid=([0-9a-f-]{36})\noften began/), "\(begin)")
            let end = "POST /ping/s3cret/\(path)?rid=\(matched.output.1)\noften \(state)\nrun "
            #expect(heard.contains { $0.hasPrefix(end) }, "\(heard)")
            #expect(!heard.contains { $0.hasPrefix("POST /ping/s3cret?") }, "\(heard)")
            #expect(try await serve.end() == 143)
        }
    }

    @Test("a watcher that does not hear is a finding that does not say where it is, and the run ends as it ended")
    func isUnheard() async throws {
        try configure(", ping: \"http://127.0.0.1:1/s3cret\"", schedule: "every 1s")
        let serve = try ServeProcess(program)
        try await serve.says("state=succeeded")
        try await eventually("it is found") {
            try await program.run("findings").output.contains("SC006")
        }
        #expect(try await serve.end() == 143)
        let status = try await program.run("status", "--format", "json")
        #expect(status.output.contains("could not be told: it refuses connections"), "\(status.output)")
        #expect(!status.output.contains("s3cret"))
    }
}

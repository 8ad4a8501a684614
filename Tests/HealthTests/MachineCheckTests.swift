import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Health

@Suite("Names, machines, services and stores", .temporaryDirectory, .timeLimit(.minutes(2)))
struct MachineCheckTests {
    private func dns(_ keys: String, port: Int) async throws -> RunSummary {
        try await check("dns.answer", on: written("kind: dns\nresolver: 127.0.0.1:\(port)\ntimeout: 1s\n\(keys)"))
    }

    @Test("what a real name server says is judged")
    func names() async throws {
        let port = try freePort()
        let server = ChildProgram(
            "dnsmasq",
            [
                "--keep-in-foreground", "--port=\(port)", "--listen-address=127.0.0.1", "--bind-interfaces",
                "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--log-facility=-", "--user=",
                "--address=/shop.example/192.0.2.1", "--mx-host=shop.example,mail.shop.example,10",
                "--txt-record=shop.example,v=spf1 -all,more", "--cname=www.shop.example,other.example",
                "--host-record=other.example,192.0.2.7,2001:db8::1", "--address=/gone.example/",
            ], grace: .milliseconds(100))
        let cases: [(String, CheckOutcome.State, String)] = [
            ("name: shop.example", .passed, "192.0.2.1"),
            ("name: shop.example\nconditions: [answers contains 192.0.2.1, rcode == NOERROR]", .passed, "192.0.2.1"),
            ("name: shop.example\nconditions: [answers contains 192.0.2.2]", .critical, "it is 192.0.2.1"),
            ("name: shop.example\ntype: MX\nconditions: [answers contains \"10 mail.shop.example\"]", .passed, "mail"),
            ("name: shop.example\ntype: TXT\nconditions: [answers == \"v=spf1 -allmore\"]", .passed, "v=spf1"),
            ("name: www.shop.example\ntype: CNAME\nconditions: [answers == other.example]", .passed, "other.example"),
            ("name: other.example\ntype: AAAA\nconditions: [\"answers == 2001:db8::1\"]", .passed, "2001:db8::1"),
            ("name: gone.example", .critical, "NXDOMAIN, no A record"),
            ("name: gone.example\nconditions: [rcode == NXDOMAIN]", .passed, "its condition holds"),
            ("name: elsewhere.test", .critical, "REFUSED, no A record"),
            ("name: shop.example\nwarnings: [ttl > 1h]", .warning, "ttl > 1h: it is"),
        ]
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // Ended by its cancellation, with the test.
                _ = try await Programs(environment: ProcessInfo.processInfo.environment).run(server)
            }
            defer { tasks.cancelAll() }
            try await eventually("the name server answers") {
                try await dns("name: shop.example", port: port).check("dns.answer")?.state == .passed
            }
            for (keys, state, summary) in cases {
                let outcome = try #require(try await dns(keys, port: port).check("dns.answer"))
                #expect(outcome.state == state, "\(keys): \(outcome.summary)")
                #expect(outcome.summary.contains(summary), "\(keys): \(outcome.summary)")
            }
        }
    }

    @Test("a name server that is not there is critical, in bounded time")
    func deadNameServer() async throws {
        let run = try await dns("name: shop.example", port: 1)
        let outcome = try #require(run.check("dns.answer"))
        #expect(outcome.state == .critical)
        #expect(outcome.summary.contains("the server 127.0.0.1:1 does not answer"), "\(outcome.summary)")
        #expect(outcome.seconds < 10)
    }

    @Test("answers that are no DNS break nothing")
    func noiseForAnAnswer() async throws {
        let script = """
            import os, socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0))
            print(s.getsockname()[1])
            n = 0
            while True:
                question, peer = s.recvfrom(4096); n += 1
                # Its own id and question, then an answer count that lies, and noise.
                s.sendto(question[:2] + b"\\x81\\x80\\x00\\x01\\x00\\x05\\x00\\x00\\x00\\x00" + question[12:] + os.urandom(n * 7 % 90), peer)
            """
        try await withScriptServer(script) { port in
            for _ in 0..<20 {
                let run = try await dns("name: shop.example", port: port)
                #expect(run.check("dns.answer")?.state == .critical)
            }
        }
    }

    @Test("echoes are counted where the kernel lets ping ask, and where not that is a gap")
    func echoes() async throws {
        let run = try await check(
            "ping.loss", on: written("kind: ping\naddress: 127.0.0.1\npackets: 2\nconditions: [round-trip < 1s]"))
        let outcome = try #require(run.check("ping.loss"))
        if outcome.state == .unknown {
            #expect(run.gaps.first?.reason.code == "health.ping")
        } else {
            #expect(outcome.state == .passed, "\(outcome.summary)")
            #expect(outcome.value == 0)
        }
    }

    @Test(
        "what ping prints is read",
        arguments: [
            (
                "3 packets transmitted, 3 received, 0% packet loss, time 402ms\nrtt min/avg/max/mdev = 0.021/0.040/0.055/0.010 ms\n",
                3, 3, 40
            ),
            ("3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2040ms\n", 3, 0, nil),
            (
                "3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss\nrtt min/avg/max/mdev = 1/2/3/1 ms, pipe 2\n",
                3, 2, 2_000
            ),
        ] as [(String, Int, Int, Int?)])
    func statistics(text: String, sent: Int, received: Int, microseconds: Int?) throws {
        let echoes = try #require(EchoStatistics("PING 127.0.0.1\n\n--- statistics ---\n" + text))
        #expect(echoes.sent == sent)
        #expect(echoes.received == received)
        #expect(echoes.mean == microseconds.map { .microseconds($0) })
        #expect(EchoStatistics("connect: network unreachable") == nil)
    }

    @Test("a real Redis is judged by what it says of itself")
    func redis() async throws {
        let port = try freePort()
        let server = ChildProgram(
            "redis-server",
            [
                "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "hunter2", "--maxmemory",
                "3mb", "--dir", TemporaryDirectory.current,
            ], grace: .milliseconds(500))
        func ask(_ keys: String, warning: Double = 99, critical: Double = 100) async throws -> RunSummary {
            try await check(
                "redis.answer", on: written("kind: redis\nurl: redis://127.0.0.1:\(port)\n\(keys)"), warning: warning,
                critical: critical)
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // Ended by its cancellation, with the test.
                _ = try await Programs(environment: ProcessInfo.processInfo.environment).run(server)
            }
            defer { tasks.cancelAll() }
            try await eventually("the Redis answers") {
                try await ask("password: hunter2").check("redis.answer")?.state == .passed
            }
            let good = try await ask(
                "password: hunter2\nconditions: [role == master, keys == 0, info.redis_mode == standalone, memory < 1G]"
            )
            #expect(good.check("redis.answer")?.state == .passed, "\(good.check("redis.answer")?.summary ?? "")")
            #expect(good.check("redis.answer")?.value.map { (1...99).contains($0) } == true)
            let few = try await ask("password: hunter2", warning: 0.5)
            #expect(few.check("redis.answer")?.state == .warning)
            let hits = try await ask("password: hunter2\nconditions: [hit-rate > 1%]")
            #expect(hits.check("redis.answer")?.summary == "hit-rate > 1%: no key was looked up yet")
            // What it counts itself: two looks for a key, one of which found it, a change that is not saved, an eviction.
            let commands = [["SET", "a", "1"], ["GET", "a"], ["GET", "b"]]
            for words in commands { try await command(port, words) }
            let counted = try await ask(
                """
                password: hunter2
                conditions: [hit-rate == 50%, unsaved-changes == 1, keys == 1, evictions == 0, replicas == 0]
                warnings: [last-save < 1h, fragmentation > 0, uptime < 1h, clients >= 1]
                """)
            #expect(counted.check("redis.answer")?.state == .passed, "\(counted.check("redis.answer")?.summary ?? "")")
            try await command(port, ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
            try await command(port, ["CONFIG", "SET", "maxmemory", "1"])
            try await command(port, ["SET", "c", "1"], mayFail: true)
            try await command(port, ["CONFIG", "SET", "maxmemory", "100mb"])
            let evicted = try await ask("password: hunter2\nwarnings: [evictions == 0]")
            #expect(evicted.check("redis.answer")?.state == .warning)
            #expect(evicted.check("redis.answer")?.summary.hasPrefix("evictions == 0: ") == true)
            let stranger = try await ask("")
            #expect(stranger.check("redis.answer")?.state == .critical)
            #expect(stranger.check("redis.answer")?.summary.contains("NOAUTH") == true)
            let wrong = try await ask("password: s3cret-wr0ng")
            #expect(wrong.check("redis.answer")?.summary.contains("WRONGPASS") == true)
            #expect(!"\(wrong)".contains("s3cret-wr0ng\""))
        }
    }

    /// By the client that comes with the server.
    private func command(_ port: Int, _ words: [String], mayFail: Bool = false) async throws {
        let client = ChildProgram(
            "redis-cli", ["-p", String(port), "-a", "hunter2", "--no-auth-warning", "-e"] + words,
            timeLimit: .seconds(20))
        let outcome = try await Programs(environment: ProcessInfo.processInfo.environment).run(client)
        #expect(mayFail || outcome.isSuccess, "\(words): \(outcome.output.text)\(outcome.errorOutput.text)")
    }

    @Test(
        "what does not speak Redis, or never ends, is critical and bounded",
        arguments: ["greet", "flood", "silent", "close"])
    func noRedis(mode: String) async throws {
        try await withScriptServer(talkingServer, [mode]) { port in
            let run = try await check(
                "redis.answer", on: written("kind: redis\nurl: redis://127.0.0.1:\(port)\ntimeout: 1s"))
            #expect(run.check("redis.answer")?.state == .critical)
        }
    }

    @Test("processes are counted by their name, and one that ends is gone")
    func processes() async throws {
        let marker = "mainstay-\(UInt64.random(in: 0 ... .max))"
        let keys = "kind: process\nprogram: python3\ncommand-line: \(marker)"
        try await withScriptServer("import time\nprint(1)\ntime.sleep(600)", [marker]) { _ in
            let run = try await check(
                "process.count",
                on: written("\(keys)\nconditions: [count == 1, memory > 1M, threads == 1, age < 10m, open-files < 100]")
            )
            #expect(run.check("process.count")?.state == .passed, "\(run.check("process.count")?.summary ?? "")")
            let more = try await check("process.count", on: written("\(keys)\nminimum: 2"))
            #expect(more.check("process.count")?.state == .critical)
            let other = try await check("process.count", on: written("\(keys)\nuser: nobody"))
            #expect(other.check("process.count")?.state == .critical)
        }
        let gone = try await check("process.count", on: written(keys))
        #expect(gone.check("process.count")?.summary == "no such process runs (at least 1)")
    }

    @Test(
        "what systemd says of a unit is judged",
        arguments: [
            (
                "LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=3\n", CheckOutcome.State.passed,
                "active (running)"
            ),
            ("LoadState=loaded\nActiveState=failed\nSubState=failed\n", .critical, "failed (failed)"),
            (
                "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\n", .warning,
                "activating (auto-restart)"
            ),
            (
                "LoadState=not-found\nActiveState=inactive\nSubState=dead\n", .critical,
                "systemd has no such unit (not-found)"
            ),
            ("", .critical, "systemd has no such unit (no answer)"),
        ])
    func units(text: String, state: CheckOutcome.State, words: String) {
        #expect(UnitFacts(text).state == state)
        #expect(UnitFacts(text).words == words)
    }

    @Test("a service is asked of the program that systemd comes with, whose words are judged")
    func service() async throws {
        let directory = TemporaryDirectory.current
        let program =
            "#!/bin/sh\ntest \"$1\" = show && test \"$5\" = shop.service || exit 1\nprintf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nNRestarts=7\\nMemoryCurrent=[not set]\\nActiveEnterTimestampMonotonic=1000000\\n'\n"
        try program.write(toFile: "\(directory)/systemctl", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(directory)/systemctl")
        var harness = try TaskHarness(
            healthEntries,
            inventory: Inventory(
                Environment(
                    "test",
                    written("kind: service\nunit: shop.service\nconditions: [active == active, restarts < 5, age > 1s]")
                )))
        harness.programs.environment["PATH"] = "\(directory):/usr/bin:/bin"
        let run = try await harness.run("health check")
        #expect(run.check("service.state")?.state == .critical)
        #expect(run.check("service.state")?.summary == "restarts < 5: it is 7")
    }
}

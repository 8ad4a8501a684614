import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("the service manager", .temporaryDirectory)
struct ServiceManagerTests {
    @Test("hears in its own words what there is to hear", arguments: [false, true])
    func hears(isAbstract: Bool) throws {
        let name = "mainstay-\(UUID().uuidString)"
        let socket = try LogSocket(isAbstract ? "@\(name)" : TemporaryDirectory.current + "/notify")
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "3000000"])
        #expect(manager.watchdog == .seconds(3))
        #expect(manager.tell(.ready, status: "two\nlines") == nil)
        #expect(try socket.next() == "READY=1\nSTATUS=two\\nlines")
        #expect(manager.tell(.alive) == nil)
        #expect(try socket.next() == "WATCHDOG=1")
        #expect(manager.tell(.stopping) == nil)
        #expect(try socket.next() == "STOPPING=1")
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        #expect(manager.tell(.reloading) == nil)
        let reloading = try #require(try socket.next())
        let match = try #require(reloading.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/), "\(reloading)")
        let microseconds = try #require(Int(match.output.1))
        #expect(microseconds >= before.tv_sec * 1_000_000 + before.tv_nsec / 1_000)
        #expect(microseconds < (before.tv_sec + 60) * 1_000_000)
    }

    @Test("is nobody where nothing says otherwise, and the watchdog of another process is not ours")
    func isNobody() throws {
        let nobody = ServiceManager(environment: ["WATCHDOG_USEC": "3000000"])
        #expect(nobody.watchdog == nil)
        #expect(nobody.tell(.ready) == nil)
        let other = ServiceManager(
            environment: ["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"], process: 2)
        #expect(other.watchdog == nil)
        let own = ServiceManager(
            environment: ["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "2"], process: 2)
        #expect(own.watchdog == .seconds(3))
    }

    @Test("that does not listen is named, and nothing waits for it")
    func isGone() throws {
        let gone = ServiceManager(environment: ["NOTIFY_SOCKET": TemporaryDirectory.current + "/none"])
        #expect(gone.tell(.ready) == "no such file or directory")
    }

    @Test("gets a unit in which nothing of a path is taken for a specifier, a variable or two words")
    func quotes() {
        let unit = ServiceUnit(
            scope: .system, description: "100% 'quiet'",
            program: ["/opt/a b/mainstay", "serve", "--state", "/x%h$HOME\"\\"],
            account: "care", environmentFile: "/etc/100%")
        #expect(unit.text.contains(#"ExecStart="/opt/a b/mainstay" serve --state "/x%%h$$HOME\"\\""#), "\(unit.text)")
        #expect(unit.text.contains("Description=100%% 'quiet'\n"))
        #expect(unit.text.contains("EnvironmentFile=-/etc/100%%\nUser=care\n"))
    }
}

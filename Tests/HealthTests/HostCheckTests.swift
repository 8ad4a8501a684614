import Engine
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@Suite(.temporaryDirectory)
struct HostCheckTests {
    private func host(_ disks: [String] = ["/"]) -> [Resource] {
        var access = HostAccess()
        access.disks = disks
        return [Resource("machine", .host(access))]
    }

    @Test(
        "what is used of the machine is judged against its limits",
        arguments: ["host.memory", "host.disk", "host.load", "host.cpu"])
    func judged(name: String) async throws {
        let options: [String: Scalar] = name == "host.cpu" ? ["interval": .number(0.1)] : [:]
        let far = try await check(name, on: host(), warning: .infinity, critical: .infinity, options: options)
        #expect(far.check(name)?.state == .passed)
        let value = try #require(far.check(name)?.value)
        #expect(value >= 0 && value <= (name == "host.load" ? 10_000 : 100))
        let near = try await check(name, on: host(), warning: 0, critical: .infinity, options: options)
        #expect(near.check(name)?.state == .warning)
        #expect(near.findings.count == 1)
        #expect(near.findings.first?.severity == .warning)
    }

    @Test("a path on the same file system counts once, and one that is not there is a gap")
    func disks() async throws {
        let here = TemporaryDirectory.current
        let run = try await check(
            "host.disk", on: host([here, here + "/..", "/nowhere/\(hostileName)"]), warning: 0, critical: 100)
        #expect(run.findings("HC032").map(\.object) == [here])
        #expect(run.gaps.count == 1)
        #expect(run.step.state == .unproven)
        #expect(run.gaps.first?.subject.unicodeScalars.contains { $0.value < 32 } == false)
    }

    @Test("a path that cannot be looked at never counts as well")
    func unknownDisk() async throws {
        let run = try await check("host.inodes", on: host(["/nowhere"]))
        #expect(run.check("host.inodes")?.state == .unknown)
    }
}

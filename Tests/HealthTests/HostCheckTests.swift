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

    @Test("a clock that nobody keeps is a warning, and one that is kept is judged by how far it may be off")
    func clock() async throws {
        let run = try await check("host.clock", on: host(), warning: 3_600, critical: .infinity)
        let outcome = try #require(run.check("host.clock"))
        if outcome.value == nil {
            #expect(outcome.state == .warning)
            #expect(outcome.summary == "nothing keeps this machine's clock: it drifts")
            #expect(run.findings("HC036").count == 1)
        } else {
            #expect(outcome.state == .passed)
            #expect(outcome.summary.hasPrefix("kept by a time server, off by at most "))
            let near = try await check("host.clock", on: host(), warning: 0, critical: .infinity)
            #expect(near.check("host.clock")?.state == .warning)
        }
    }

    @Test(
        "disks, network cards and pressure are judged where the machine shows them, and are well where it does not",
        arguments: [
            ("host.disk-activity", "HC037", "this machine shows no disk"),
            ("host.network", "HC038", "this machine shows no network card"),
            ("host.pressure", "HC035", "this kernel does not measure pressure"),
        ])
    func devices(name: String, code: String, none: String) async throws {
        let options: [String: Scalar] = name == "host.disk-activity" ? ["interval": .number(0.1)] : [:]
        let far = try await check(name, on: host(), warning: .infinity, critical: .infinity, options: options)
        let outcome = try #require(far.check(name))
        #expect(outcome.state == .passed, "\(outcome.summary)")
        guard let value = outcome.value else {
            #expect(outcome.summary == none)
            return
        }
        #expect(value >= 0 && (name == "host.network" || value <= 100))
        let near = try await check(name, on: host(), warning: 0, critical: .infinity, options: options)
        #expect(near.check(name)?.state == .warning)
        #expect(near.findings(code).count == 1)
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

import Command
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing
import Web

@testable import Dashboard

@Suite("a slow provider of OpenID Connect", .temporaryDirectory)
struct SlowProviderTests {
    @Test("so many logins wait for it, and one more is told to come again")
    func limitsWaiting() async throws {
        let test = try await TestSite()
        let provider = OpenIDProvider(clock: .system, programs: test.site.session.application.programs)
        var limits = WebLimits()
        limits.grace = .milliseconds(50)
        let server = WebServer(WebAddress(host: "127.0.0.1", port: 0), limits: limits, clock: .system)
        let (ports, tell) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run(listening: { tell.yield($0.port) }) { _ in
                    // Until it is stopped.
                    do { try await WallClock.system.sleep(for: .seconds(60)) } catch { return WebResponse(503) }
                    return WebResponse(404)
                }
            }
            group.addTask {
                for await port in ports {
                    return try await Self.crowd(
                        provider, OpenIDSettings(issuer: "http://127.0.0.1:\(port)", clientID: "mainstay"))
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func crowd(_ provider: OpenIDProvider, _ settings: OpenIDSettings) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...OpenIDProvider.atOnce {
                group.addTask {
                    do { _ = try await provider.describe(settings) } catch is OpenIDError {} catch is CancellationError
                    {}
                }
            }
            try await eventually("all of them wait") { await provider.asking == OpenIDProvider.atOnce }
            do {
                _ = try await provider.describe(settings)
                Issue.record("one more asked")
            } catch OpenIDError.unreachable(let reason) {
                #expect(reason.contains("wait for its answer already"))
            }
            group.cancelAll()
        }
        // Whoever gives up leaves the place to others.
        #expect(await provider.asking == 0)
    }
}

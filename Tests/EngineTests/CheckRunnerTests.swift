import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store
import Synchronization
import Testing

@testable import Engine

@Suite("attempts of a check", .temporaryDirectory, .timeLimit(.minutes(1)))
struct CheckRunnerTests {
    private struct Broken: MaintenanceError {
        var code: String { "test.broken" }
        var problem: String { "it is broken" }
        var hint: String? { nil }
        var exitStatus: Maintenance.ExitStatus { .failure }
    }

    /// Asks a check of a machine once.
    ///
    /// - Parameter sleep: how its clock waits.
    private func ask(
        timeout: Duration = .seconds(30), retries: Int, thresholds: CheckSchema.Thresholds? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await WallClock.system.sleep(for: $0) },
        _ probe: @escaping @Sendable () async throws -> Reading
    ) async throws -> Observation {
        let check = Check(
            CheckSchema(name: "load", summary: "load", thresholds: thresholds, timeout: timeout, retries: retries),
            code: "T1", title: "Load",
            kind: .host, explanation: "load"
        ) { _ in try await probe() }
        let clock = WallClock(
            now: { WallClock.system.now() }, monotonic: { WallClock.system.monotonic() }, sleep: sleep)
        let resource = Resource("machine", .host(HostAccess()))
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        let look = Look.held(
            at: Target(environment: "test", resource: "machine"), in: Inventory(Environment("test", [resource])),
            as: "test", clock: clock, programs: Programs(environment: [:], clock: clock),
            log: RunLog(store: store, clock: clock, actor: TaskHarness.requester), probers: Probers(clock: clock))
        let observation = try await CheckRunner(look, resource).run([check])
        await look.close()
        return observation
    }

    @Test("what may pass is tried again, after pauses that grow up to five seconds")
    func retries() async throws {
        let attempts = Mutex(0)
        let pauses = Mutex<[Duration]>([])
        let observation = try await ask(
            retries: 7,
            sleep: { duration in
                // The attempt's own limit waits beside it, and is cancelled with it.
                if duration == .seconds(30) { try await WallClock.system.sleep(for: duration) }
                pauses.withLock { $0.append(duration) }
            }
        ) {
            let number = attempts.withLock { count in
                count += 1
                return count
            }
            if number < 8 { throw CheckTimeout(check: "load", limit: .seconds(1)) }
            return Reading(summary: "little", state: .passed)
        }
        #expect(observation.checks.map(\.state) == [.passed])
        #expect(observation.gaps.isEmpty)
        #expect(attempts.withLock { $0 } == 8)
        #expect(pauses.withLock { $0.map(\.inMilliseconds) } == [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000])
    }

    @Test("after the last attempt it is unknown, with the reason")
    func exhausted() async throws {
        let attempts = Mutex(0)
        let observation = try await ask(
            retries: 2,
            sleep: { duration in
                if duration == .seconds(30) { try await WallClock.system.sleep(for: duration) }
            }
        ) {
            attempts.withLock { $0 += 1 }
            throw CheckTimeout(check: "load", limit: .seconds(1))
        }
        #expect(attempts.withLock { $0 } == 3)
        #expect(observation.checks.map(\.state) == [.unknown])
        #expect(observation.checks.first?.summary == "no answer within 1.0 s")
        #expect(observation.gaps.count == 1)
        #expect(observation.examined.isEmpty)
    }

    @Test("what will not pass is not tried again")
    func lasting() async throws {
        let attempts = Mutex(0)
        let observation = try await ask(retries: 5) {
            attempts.withLock { $0 += 1 }
            throw Broken()
        }
        #expect(attempts.withLock { $0 } == 1)
        #expect(observation.gaps.first?.reason.problem == "it is broken")
    }

    @Test("the time-out is each attempt's own: one that hangs is given up, and the next may answer")
    func hangs() async throws {
        let attempts = Mutex(0)
        let observation = try await ask(timeout: .milliseconds(100), retries: 1) {
            let isFirst = attempts.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { try await WallClock.system.sleep(for: .seconds(3_600)) }
            return Reading(summary: "little", state: .passed)
        }
        #expect(attempts.withLock { $0 } == 2)
        #expect(observation.checks.map(\.state) == [.passed])
    }

    @Test("where every attempt hangs it says how long it waited for one")
    func hangsForEver() async throws {
        let attempts = Mutex(0)
        let observation = try await ask(timeout: .milliseconds(50), retries: 1) {
            attempts.withLock { $0 += 1 }
            try await WallClock.system.sleep(for: .seconds(3_600))
            return Reading(state: .passed)
        }
        #expect(attempts.withLock { $0 } == 2)
        #expect(observation.checks.first?.state == .unknown)
        #expect(observation.checks.first?.summary == "no answer within 50 ms")
        #expect(observation.gaps.first?.reason.hint?.contains("checks.load.timeout") == true)
    }

    @Test("an outcome says what its value was judged against, and on which side that is bad")
    func limits() async throws {
        let judged = try await ask(
            retries: 0, thresholds: .init(.count, worse: .lower, warning: 5, critical: nil)
        ) { Reading(value: 3) }
        #expect(judged.checks.first?.state == .warning)
        #expect(judged.checks.first?.limits == CheckOutcome.Limits(warning: 5, critical: nil, isLower: true))
        let unjudged = try await ask(retries: 0, thresholds: .init(.count, warning: nil, critical: nil)) {
            Reading(value: 3)
        }
        #expect(unjudged.checks.first?.limits == nil)
    }
}

import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("clock and ids")
struct TimeTests {
    @Test("the system's clock tells this century's time and goes forward")
    func system() {
        let (first, start) = (WallClock.system.now(), WallClock.system.monotonic())
        #expect(first.iso8601 > "2025" && first.iso8601 < "2100")
        #expect(WallClock.system.monotonic() >= start)
    }

    @Test("sleepers wake in the order of their time and not before it")
    func manual() async throws {
        let manual = ManualClock()
        let clock = manual.clock
        let woken = Box<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for seconds in [3, 1, 2] {
                tasks.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    woken.value.append(seconds)
                }
            }
            await manual.sleepers(atLeast: 3)
            manual.advance(by: .milliseconds(999))
            #expect(woken.value.isEmpty)
            for count in 1...3 {
                manual.advance(by: .seconds(1))
                _ = try await tasks.next()
                #expect(woken.value == Array(1...count))
            }
        }
    }

    @Test("a cancelled sleeper wakes with a CancellationError")
    func cancelled() async throws {
        let manual = ManualClock()
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await manual.clock.sleep(for: .seconds(5)) }
                await manual.sleepers(atLeast: 1)
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
    }

    @Test("ids always increase: within a millisecond, over time, and when the clock is set back")
    func identifiers() {
        let manual = ManualClock()
        let ids = Identifiers(clock: manual.clock)
        var made: [String] = []
        for round in 0..<20_000 {
            if round % 1_000 == 0 { manual.advance(by: .milliseconds(7)) }
            if round == 9_000 { manual.set(Timestamp(microseconds: 0)) }
            made.append(ids.next())
        }
        #expect(made == made.sorted())
        #expect(Set(made).count == made.count)
        #expect(made.allSatisfy { $0.count == 18 })
    }

    @Test("an id begins with its time, and a seed makes the same ids again")
    func seeded() {
        let manual = ManualClock()
        func make() -> [String] {
            let ids = Identifiers(clock: manual.clock, source: SeededGenerator(seed: 42))
            return [ids.next(), ids.next()]
        }
        let first = make()
        #expect(first == make())
        manual.advance(by: .milliseconds(1))
        #expect(make()[0].prefix(10) > first[0].prefix(10))
        #expect(first[0].prefix(10) == first[1].prefix(10))
    }
}

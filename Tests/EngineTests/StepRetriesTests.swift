import Settings
import Testing

@testable import Engine

@Suite("how long a step waits before it is tried again")
struct StepRetriesTests {
    private let retries = StepRetries(count: 10, backoff: .seconds(8))

    @Test("twice as long each time, a quarter more or less", arguments: 1...8)
    func doubles(attempt: Int) {
        let middle = Duration.seconds(8 << (attempt - 1))
        for _ in 0..<100 {
            let pause = retries.pause(before: attempt)
            #expect(pause >= middle * 0.75 && pause <= middle * 1.25, "\(pause)")
        }
    }

    @Test("at most an hour and a quarter, however often it was tried", arguments: [10, 20, 64, 1_000])
    func ends(attempt: Int) {
        let pause = retries.pause(before: attempt)
        #expect(pause >= .seconds(2_700) && pause <= .seconds(4_500), "\(pause)")
    }

    @Test("what failed together is not tried again together")
    func jitters() {
        let pauses = (0..<100).map { _ in retries.pause(before: 1) }
        #expect(Set(pauses).count > 90)
        // Spread over the whole of it: a hundred draws that all miss a quarter of it are one in 10^12.
        #expect(pauses.contains { $0 < .seconds(7) } && pauses.contains { $0 > .seconds(9) })
    }
}

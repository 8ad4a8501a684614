import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Schedulers as real processes, killed and stopped at moments nobody chose.
@Suite("mainstay serve", .temporaryDirectory, .serialized)
struct ServeTests {
    private let program = Program()

    private func configure(_ schedule: String, _ more: String = "") throws {
        try program.configure(
            """
            environments: {test: {}}
            routines:
              daily: {schedule: never, steps: [report prune]}
              often: {schedule: "\(schedule)", steps: [report prune]}
            \(more)
            """)
    }

    static let seeds: [Int] = {
        let wanted = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 1
        return Array(1...max(1, wanted))
    }()

    @Test("two on one state start everything once, whichever of them is killed or stopped", arguments: seeds)
    func startsOnce(seed: Int) async throws {
        try configure("every 1s")
        var generator = SeededGenerator(seed: UInt64(seed))
        var processes = [try ServeProcess(program, "a0"), try ServeProcess(program, "b0")]
        try await eventually("one leads") { processes.contains { $0.said.contains("scheduler ready") } }
        for round in 1...8 {
            let index = Int.random(in: 0...1, using: &generator)
            let patience = Duration.milliseconds(Int.random(in: 100...1_500, using: &generator))
            if Bool.random(using: &generator) {
                _ = try await processes[index].end(SIGKILL)
                processes[index] = try ServeProcess(program, "\(index == 0 ? "a" : "b")\(round)")
            } else {
                processes[index].signal(SIGSTOP)
                try await WallClock.system.sleep(for: patience)
                processes[index].signal(SIGCONT)
            }
            try await WallClock.system.sleep(for: patience)
        }
        for process in processes { _ = try await process.end() }
        // The last one finds what the others left, and carries it out.
        let last = try ServeProcess(program, "last")
        let log = try program.log()
        try await last.says("run ended")
        let begun = try await log.starts(of: "often", most: 1).first?.start.due
        try await eventually("it goes on") { try await log.starts(of: "often", most: 1).first?.start.due != begun }
        #expect(try await last.end() == 143)

        let starts = try await log.starts(of: "often", most: 10_000).filter { $0.outcome == .started }
        let runs = try await log.recentRuns(most: 10_000)
        #expect(starts.count >= 5)
        #expect(Set(starts.map(\.start.due)).count == starts.count)
        #expect(
            Set(starts.compactMap(\.runID)) == Set(runs.map(\.id)), "no run without its start, no start without its run"
        )
        #expect(starts.allSatisfy { $0.decidedAt >= $0.start.due })
        let left = runs.dropFirst().filter { $0.state != .succeeded }
        #expect(left.isEmpty, "\(left.map { "\($0.id) \($0.state)" })")
        #expect(runs.allSatisfy { $0.requester.service == "scheduler" })
    }
}

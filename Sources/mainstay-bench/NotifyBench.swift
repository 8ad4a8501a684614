import Alerts
import ArgumentParser
import Command
import Composition
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// How long it takes from a finding that is written to a message that a receiver on this machine has, through the service
/// as `serve` runs it: deciding, the spool, and a webhook with a connection of its own.
enum NotifyBench {
    private struct Root: ParsableCommand {}

    /// - Parameters:
    ///   - alone: so many one after the other, each when the one before has arrived.
    ///   - atOnce: so many at the same moment, after those, in one burst.
    static func run(_ directory: String, alone: Int, atOnce: Int) async throws -> Facts {
        let receiver = try NotifyReceiver()
        let file = "\(directory)/mainstay.yaml"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try """
        environments: { bench: {} }
        alerts:
          channels: { hook: { kind: webhook, url: "http://127.0.0.1:\(receiver.port)/", private: true } }
          critical: { channels: hook, immediate: true, group-by: [environment, resource] }
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let environment = ProcessInfo.processInfo.environment
        let application = Application(
            root: Root.self, tasks: [], checks: [], routines: [], migrations: [], services: Capability.alerts.services,
            programs: Programs(environment: environment), clock: .system, console: Console(environment: environment))
        let session = try await application.open(
            try PlaceOptions.parse(["--config", file, "--state", "\(directory)/state"]), try OutputOptions.parse([]))
        let (inventories, _) = AsyncStream.makeStream(of: Inventory.self)
        let running = HouseService.Running(session: session, inventories: inventories) { severity, words, _ in
            guard severity >= .warning else { return }
            FileHandle.standardError.write(Data("\(words)\n".utf8))
        }
        return try await withThrowingTaskGroup(of: Facts?.self) { group in
            for service in application.services {
                group.addTask {
                    try await service.run(running)
                    return nil
                }
            }
            group.addTask {
                // The first takes the configuration up with it.
                _ = try await tell(["warm"], session.log, receiver)
                var single: [Double] = []
                for number in 0..<alone { single += try await tell(["alone\(number)"], session.log, receiver) }
                let burst = atOnce > 0 ? try await tell((0..<atOnce).map { "burst\($0)" }, session.log, receiver) : []
                return facts("alone", single).merging(facts("at once", burst)) { first, _ in first }
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let facts = next { return facts }
            }
            throw CancellationError()
        }
    }

    /// Milliseconds from each finding that is written to its message.
    private static func tell(_ names: [String], _ log: RunLog, _ receiver: NotifyReceiver) async throws -> [Double] {
        let written = try await withThrowingTaskGroup(of: (String, ContinuousClock.Instant).self) { group in
            for name in names {
                group.addTask {
                    let finding = Finding(
                        code: "B1", severity: .critical, target: Target(environment: "bench", resource: name),
                        summary: "it does not answer")
                    try await log.open(alertFinding: finding)
                    return (name, ContinuousClock.now)
                }
            }
            return try await group.reduce(into: [String: ContinuousClock.Instant]()) { $0[$1.0] = $1.1 }
        }
        let end = ContinuousClock.now + .seconds(60)
        while !names.allSatisfy({ receiver.arrival(of: $0) != nil }) {
            guard ContinuousClock.now < end else {
                throw BenchError.lost(names.count { receiver.arrival(of: $0) == nil })
            }
            try await WallClock.system.sleep(for: .milliseconds(2))
        }
        return names.compactMap { name in
            guard let from = written[name], let to = receiver.arrival(of: name) else { return nil }
            // A message may be there before whoever wrote the finding is told that it is written.
            return max((to - from).inMilliseconds, 0)
        }
    }

    private enum BenchError: Error {
        case lost(Int)
    }

    private static func facts(_ name: String, _ values: [Double]) -> Facts {
        guard !values.isEmpty else { return [:] }
        let sorted = values.sorted()
        func percentile(_ percent: Double) -> Scalar {
            .number(sorted[min(sorted.count - 1, Int(Double(sorted.count) * percent / 100))])
        }
        return [
            "\(name)": Scalar(values.count), "\(name) ms p50": percentile(50), "\(name) ms p99": percentile(99),
            "\(name) ms most": percentile(100),
        ]
    }
}

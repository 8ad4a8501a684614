import Engine
import Foundation
import Maintenance
import Outside
import PostgreSQL

/// Indexes that were dropped on advice, watched for two weeks by what the statements of their tables take.
///
/// It is kept as the baseline `indexes.dropped` of its target: what the workload is expected to go on taking.
struct DroppedIndexes: Codable, Sendable {
    var indexes: [Dropped] = []

    struct Dropped: Codable, Sendable, Hashable {
        var name: QualifiedName
        var table: QualifiedName
        var tableOID: Int64
        /// What makes it again.
        var definition: String
        /// The same with its tablespace, comment and statistics targets; nil where an older record has none.
        var recreation: [String]?
        var bytes: Int64
        var at: Timestamp
        /// The index that goes on doing what it did; it stays for as long as this is remembered.
        var twin: QualifiedName?
        /// What the statements of its table had come to by then.
        var statements: [Taken]
    }

    struct Taken: Codable, Sendable, Hashable {
        var id: Int64
        var calls: Double
        var totalMilliseconds: Double

        var mean: Double { totalMilliseconds / max(1, calls) }
    }

    /// A statement that is slower since.
    struct Regression: Sendable, Hashable {
        var statement: Workload.Statement
        var before: Double
        var since: Double
    }

    static let subject = "indexes.dropped"
    static let watch: Duration = .seconds(14 * 86_400)
    /// Slower by half and by a millisecond, in as many calls as can tell.
    static let leastCalls = 20.0
    static let factor = 1.5

    static func read(_ look: Look) async throws -> DroppedIndexes {
        guard let baseline = try await look.log.baseline(subject, look.target) else { return DroppedIndexes() }
        return try JSONDecoder().decode(DroppedIndexes.self, from: Data(baseline.content.utf8))
    }

    func write(_ look: Look, by runID: String) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let content = String(decoding: try encoder.encode(self), as: UTF8.self)
        var digest = CanonicalDigest()
        digest.add([content])
        try await look.log.accept(
            Baseline(
                subject: Self.subject, target: look.target, digest: String(digest.hexadecimal), content: content,
                acceptedBy: "run \(runID)", acceptedAt: look.clock.now()))
    }

    /// Those that are remembered: a business cycle has to show whether what took their place is used.
    func remembered(at now: Timestamp, cycle: Duration) -> [Dropped] {
        indexes.filter { now - $0.at < max(Self.watch, cycle) }
    }

    /// Those that are still watched.
    func watched(at now: Timestamp) -> [Dropped] { indexes.filter { now - $0.at < Self.watch } }
}

extension DroppedIndexes.Dropped {
    /// Statements of its table that take half as long again as before it was dropped, by what was counted since.
    func regressions(_ workload: Workload) -> [DroppedIndexes.Regression] {
        let then = Dictionary(statements.map { ($0.id, $0) }) { first, _ in first }
        return workload.statements.compactMap { now in
            guard let before = then[now.id], before.calls >= DroppedIndexes.leastCalls else { return nil }
            // Counters that were set back begin anew.
            let isReset = now.calls < before.calls
            let calls = isReset ? now.calls : now.calls - before.calls
            let total = isReset ? now.totalMilliseconds : now.totalMilliseconds - before.totalMilliseconds
            guard calls >= DroppedIndexes.leastCalls else { return nil }
            let since = total / calls
            guard since > DroppedIndexes.factor * before.mean, since > before.mean + 1 else { return nil }
            return DroppedIndexes.Regression(statement: now, before: before.mean, since: since)
        }
    }
}

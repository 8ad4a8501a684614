import Engine
import Maintenance
import Outside

/// What Mainstay itself remembers of indexes that nothing uses. An index keeps no date, so that one created yesterday
/// has as few scans as one that nobody has needed for a year; only somebody who looked before can tell them apart.
enum UnusedIndexes {
    static let series = "index.unused"

    /// Leaves of the unused indexes those that were seen unused for the whole cycle.
    ///
    /// The counters began before the first look that counts, so what they say now holds for all the time since then.
    /// - Returns: this look, to be remembered.
    static func judge(
        _ examination: inout Doctor.Examination, cycle: Duration, most: Int, _ look: Look
    ) async throws -> [Measurement] {
        var looks: [Measurement] = []
        for index in examination.answers.indices where examination.answers[index].lint.code == Lint.unusedIndex.code {
            let now = look.clock.now()
            var known: [LintHit] = []
            for hit in examination.answers[index].hits {
                // By its oid too: one that was created anew under the old name begins anew.
                let object = "\(hit.object) #\(hit.said)"
                looks.append(Measurement(series, look.target, object: object, unit: .count, value: 0))
                let epoch = now - .seconds(hit.bound ?? 0)
                let samples = try await look.log.samples(series, look.target, object: object, since: epoch)
                guard let first = samples.first, now - first.at >= cycle else { continue }
                var hit = hit
                hit.bound = (now - first.at).inSeconds
                known.append(hit)
            }
            examination.answers[index].hits = Array(known.prefix(most))
            examination.answers[index].total = known.count
        }
        return looks
    }
}

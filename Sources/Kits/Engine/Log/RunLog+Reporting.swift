import Maintenance
import Outside
import Store

extension RunLog {
    /// What was found behind the survey, in the step's observation and where findings and samples are kept, in one
    /// transaction.
    func add(_ found: Observation, toStep number: Int, of runID: String) async throws {
        guard let step = try await steps(of: runID).first(where: { $0.number == number }) else {
            preconditionFailure("a change reports to step \(number) of \(runID), which is not there")
        }
        let now = clock.now()
        var kept = step.observation ?? Observation()
        let fingerprints = Set(found.findings.map(\.fingerprint))
        kept.findings.removeAll { fingerprints.contains($0.fingerprint) }
        kept.findings += found.findings
        kept.examined.formUnion(found.examined)
        if let reach = found.reach { kept.reach = (kept.reach ?? [:]).merging(reach) { _, new in new } }
        kept.evidence.merge(found.evidence) { _, new in new }
        let titles = Set(found.listings.map(\.title))
        kept.listings.removeAll { titles.contains($0.title) }
        kept.listings += found.listings
        kept.measurements = []
        let stored = StoredJSON(kept)
        try await store.write { writer in
            try writer.run(
                RunStatement.observeStep, ["run_id": runID, "number": number, "observation": stored])
            try record(found, of: step, at: now, in: writer)
        }
    }
}

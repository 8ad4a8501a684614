import Maintenance
import Monitor
import Outside
import Store

extension RunLog {
    /// Findings open or go on, those that were looked for and not seen again are over, and samples are kept.
    func record(_ observation: Observation, of step: StepRecord, at now: Timestamp, in writer: StoreWriter) throws {
        for finding in observation.findings {
            try put(finding, task: step.task, runID: step.runID, at: now, in: writer)
        }
        let seen = Set(observation.findings.map(\.fingerprint))
        for row in try writer.reader.rows(FindingStatement.openFindings) {
            let open = try FindingRecord(row)
            guard observation.couldReport(open.finding, at: step.target), !seen.contains(open.finding.fingerprint)
            else { continue }
            try writer.run(
                FindingStatement.resolveFinding, ["fingerprint": open.finding.fingerprint, "at": now])
        }
        for measurement in observation.measurements {
            try record(measurement, at: now, in: writer)
        }
    }

    /// The one way a finding comes to be open, or goes on.
    ///
    /// - Parameter runID: empty where no run found it.
    func put(_ finding: Finding, task: String, runID: String, at now: Timestamp, in writer: StoreWriter) throws {
        try writer.run(
            FindingStatement.upsertFinding,
            [
                "fingerprint": finding.fingerprint, "code": finding.code, "severity": finding.severity,
                "environment": finding.target.environment, "resource": finding.target.resource, "task": task,
                "content": StoredJSON(finding), "seen": now, "run_id": runID,
            ])
        try noteSeverity(of: finding, at: now, in: writer)
    }

    private func record(_ measurement: Measurement, at now: Timestamp, in writer: StoreWriter) throws {
        let id = try seriesID(of: measurement.series, in: writer)
        try writer.run(
            FindingStatement.insertSample, ["series_id": id, "taken_at": now, "value": measurement.value])
    }

    /// The number of a series, which it gets with its first sample.
    func seriesID(of series: Measurement.Series, in writer: StoreWriter) throws -> Int64 {
        let key: [String: any StoreConvertible] = [
            "name": series.name, "environment": series.target.environment, "resource": series.target.resource,
            "object": series.object ?? "",
        ]
        var row = try writer.reader.first(FindingStatement.series, key)
        if row == nil {
            try writer.run(FindingStatement.insertSeries, key.merging(["unit": series.unit]) { $1 })
            row = try writer.reader.first(FindingStatement.series, key)
        }
        guard let id: Int64 = try row?.get("id") else { preconditionFailure("a series that was just written is gone") }
        return id
    }

    /// Every finding that is not over, worst first.
    package func openFindings() async throws -> [FindingRecord] {
        try await store.read { try $0.rows(FindingStatement.openFindings).map(FindingRecord.init) }
    }

    /// Findings that were over at or after `since`, latest first.
    package func findingsResolved(since: Timestamp) async throws -> [FindingRecord] {
        try await store.read { try $0.rows(FindingStatement.resolvedSince, ["since": since]).map(FindingRecord.init) }
    }

    /// All series of an environment with their samples since an instant, oldest first.
    ///
    /// - Parameters:
    ///   - name: of the only series that are meant; nil for all.
    ///   - resources: whose series are meant; nil for all.
    package func history(
        of environment: String, since: Timestamp, name: String? = nil, resources: Set<String>? = nil
    ) async throws -> [SampledSeries] {
        let now = clock.now()
        return try await store.read { reader in
            let recent = try RecentSamples(reader)
            return try reader.rows(FindingStatement.seriesOfTarget, ["environment": environment]).compactMap { row in
                // Before any sample of it is read.
                if let name, try row.get("name", as: String.self) != name { return nil }
                if let resources, !resources.contains(try row.get("resource")) { return nil }
                let object: String = try row.get("object")
                let series = Measurement.Series(
                    name: try row.get("name"),
                    target: Target(environment: try row.get("environment"), resource: try row.get("resource")),
                    object: object.isEmpty ? nil : object, unit: try row.get("unit"))
                let id: Int64 = try row.get("id")
                var samples = try reader.rows(FindingStatement.samples, ["series_id": id, "since": since]).map {
                    SampledSeries.Sample(at: try $0.get("taken_at"), value: try $0.get("value"))
                }
                // What is asked all the time is kept otherwise, and its hours are as fine as anybody looks at days.
                if samples.isEmpty {
                    samples = try Self.rollups(id, since, now, .seconds(3_600), recent, reader)
                        .filter { $0.values > 0 }
                        .map { SampledSeries.Sample(at: $0.start, value: Double($0.mean)) }
                }
                return SampledSeries(series: series, samples: samples)
            }
        }
    }

    /// The samples of one series since an instant, oldest first; none where it was never recorded.
    package func samples(
        _ name: String, _ target: Target, object: String? = nil, since: Timestamp
    ) async throws -> [SampledSeries.Sample] {
        try await store.read { reader in
            let key: [String: any StoreConvertible] = [
                "name": name, "environment": target.environment, "resource": target.resource, "object": object ?? "",
            ]
            guard let row = try reader.first(FindingStatement.series, key) else { return [] }
            return try reader.rows(
                FindingStatement.samples, ["series_id": try row.get("id", as: Int64.self), "since": since]
            ).map { SampledSeries.Sample(at: try $0.get("taken_at"), value: try $0.get("value")) }
        }
    }

    package func baseline(_ subject: String, _ target: Target) async throws -> Baseline? {
        try await store.read { reader in
            try reader.first(
                FindingStatement.baseline,
                ["subject": subject, "environment": target.environment, "resource": target.resource]
            ).map(Baseline.init)
        }
    }

    package func accept(_ baseline: Baseline) async throws {
        try await store.write { writer in
            try writer.run(
                FindingStatement.setBaseline,
                [
                    "subject": baseline.subject, "environment": baseline.target.environment,
                    "resource": baseline.target.resource, "digest": baseline.digest, "content": baseline.content,
                    "accepted_by": baseline.acceptedBy, "accepted_at": baseline.acceptedAt,
                ])
        }
    }
}

/// A series with its samples, oldest first.
package struct SampledSeries: Codable, Hashable, Sendable {
    package var series: Measurement.Series
    package var samples: [Sample]

    package struct Sample: Codable, Hashable, Sendable {
        package var at: Timestamp
        package var value: Double
    }
}

extension FindingRecord {
    init(_ row: StoreRow) throws {
        let finding: StoredJSON<Finding> = try row.get("content")
        self.init(
            finding: finding.value, task: try row.get("task"), firstSeen: try row.get("first_seen"),
            lastSeen: try row.get("last_seen"), runID: try row.get("run_id"), resolvedAt: try row.get("resolved_at"))
    }
}

extension Baseline {
    init(_ row: StoreRow) throws {
        self.init(
            subject: try row.get("subject"),
            target: Target(environment: try row.get("environment"), resource: try row.get("resource")),
            digest: try row.get("digest"), content: try row.get("content"), acceptedBy: try row.get("accepted_by"),
            acceptedAt: try row.get("accepted_at"))
    }
}

import Maintenance
import Outside
import Store

/// What a service says about itself for those who ask from other processes. Whether it still lives is not in it: the
/// lock it holds says that.
package struct ServiceRecord: Codable, Sendable {
    package var process: Int32
    package var host: String
    package var since: Timestamp
    package var configuration: [String]
    /// When that configuration was read.
    package var configuredAt: Timestamp
    /// Why a newer configuration is not used; nil where the newest is.
    package var refused: ErrorReport?
    /// Since when it starts nothing more and only lets what it changes come to its end; nil where it works.
    package var stopping: Timestamp?

    package init(
        process: Int32, host: String, since: Timestamp, configuration: [String], configuredAt: Timestamp,
        refused: ErrorReport? = nil
    ) {
        self.process = process
        self.host = host
        self.since = since
        self.configuration = configuration
        self.configuredAt = configuredAt
        self.refused = refused
    }
}

extension RunLog {
    /// Notes that a service is well, and how it is.
    func beat(_ service: String, _ record: ServiceRecord) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                ScheduleStatement.beat, ["name": service, "content": StoredJSON(record), "beat_at": now])
        }
    }

    /// What the service said last, and when; nil where it never ran.
    package func service(_ name: String) async throws -> (record: ServiceRecord, at: Timestamp)? {
        try await store.read { reader in
            try reader.first(ScheduleStatement.service, ["name": name]).map { row in
                (try row.get("content", as: StoredJSON<ServiceRecord>.self).value, try row.get("beat_at"))
            }
        }
    }
}

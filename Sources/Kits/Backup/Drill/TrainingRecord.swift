import Foundation
import Maintenance
import Outside

/// One training of one database: who practised what, since when, and how it went. Signed, in `drills/`.
package struct TrainingRecord: Codable, Hashable, Sendable {
    package static let format = "mainstay-training/1"

    package var format = Self.format
    /// Of the run that began it.
    package var runID: String
    package var target: Target
    package var scenario: DrillScenario
    package var team: String?
    /// Who began it, as the operating system knows them. Hostile text.
    package var person: String
    package var backup: BackupID
    package var directory: String
    package var ground: TrainingGround.Made
    package var began: Timestamp
    package var checks: [Check] = []
    package var ended: Timestamp?
    /// Of the run that ended it.
    package var endedBy: String?

    package struct Check: Codable, Hashable, Sendable {
        package var runID: String
        package var at: Timestamp
        /// How many things were not as they had been.
        package var differences: Int

        package init(runID: String, at: Timestamp, differences: Int) {
            self.runID = runID
            self.at = at
            self.differences = differences
        }
    }

    package init(
        runID: String, target: Target, scenario: DrillScenario, team: String?, person: String, backup: BackupID,
        directory: String, ground: TrainingGround.Made, began: Timestamp
    ) {
        self.runID = runID
        self.target = target
        self.scenario = scenario
        self.team = team
        self.person = person
        self.backup = backup
        self.directory = directory
        self.ground = ground
        self.began = began
    }

    /// When everything was back, as the first check that found no difference saw it.
    package var passed: Timestamp? { checks.first { $0.differences == 0 }?.at }
}

extension BackupFolder {
    private var trainingShelf: RecordShelf { RecordShelf(directory: "\(path)/drills") }

    private static func trainingName(_ runID: String) -> String { "\(runID).training" }

    /// - Throws: `FileError`.
    package func write(_ record: TrainingRecord, key: BackupKey) throws {
        try trainingShelf.write(record, as: Self.trainingName(record.runID), key: key)
    }

    /// The newest first.
    ///
    /// - Throws: `PhysicalRecordError` where one cannot be believed, `FileError`.
    package func trainings(key: BackupKey) throws -> [TrainingRecord] {
        let found = try trainingNames().compactMap { try training(named: $0, key: key) }
        return found.sorted { ($0.began, $0.runID) > ($1.began, $1.runID) }
    }

    private func training(named name: String, key: BackupKey) throws -> TrainingRecord? {
        guard let record = try trainingShelf.read(TrainingRecord.self, name, key: key) else { return nil }
        guard record.format == TrainingRecord.format, record.target == target else {
            throw PhysicalRecordError(path: trainingShelf.path(of: name), reason: "it is about something else")
        }
        return record
    }

    private func trainingNames() throws -> [String] {
        guard let directory = try trainingDirectory() else { return [] }
        var names: [String] = []
        try directory.forEachName { name in
            let text = name.description
            if text.hasSuffix(".training.json") { names.append(String(text.dropLast(".json".count))) }
        }
        return names
    }

    private func trainingDirectory() throws -> SafeDirectory? {
        let place = trainingShelf.directory
        do { return try SafeDirectory(place) } catch  where error.isMissing { return nil }
    }
}

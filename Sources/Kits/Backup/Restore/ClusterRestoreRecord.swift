import Maintenance
import Outside
import PostgreSQL

extension BackupFolder {
    private static func name(_ runID: String) -> String { "restored-\(runID)" }

    /// Writes down, signed, that a run brought a cluster back.
    ///
    /// - Throws: `FileError`.
    package func write(_ outcome: ClusterRestore.Outcome, ofRun runID: String, key: BackupKey) throws {
        try writeSigned(outcome, as: Self.name(runID), key: key)
    }

    /// Nil where it brought none back.
    ///
    /// - Throws: `PhysicalRecordError`, `FileError`.
    package func clusterRestore(ofRun runID: String, key: BackupKey) throws -> ClusterRestore.Outcome? {
        try readSigned(ClusterRestore.Outcome.self, Self.name(runID), key: key)
    }
}

extension ClusterRestore {
    /// Of the cluster whose data directory stands there.
    ///
    /// - Throws: `PhysicalError.notRestored` where it is none, `ProgramError`.
    package static func systemIdentifier(
        of directory: String, major: Int, in directories: [String] = [], with programs: Programs
    ) async throws -> String {
        let server = try await ServerPrograms.find(major: major, in: directories, with: programs)
        return try await ControlData.read(directory, server, as: nil, with: programs).systemIdentifier
    }
}

import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL

extension Look {
    /// Which cluster a physical backup has to be of: what the live server says, and where it does not answer, as after the
    /// disaster, what the newest logical backup was taken of, or what was proved last. A stanza of another cluster would bring back a foreign one.
    func clusterSource() async throws -> PhysicalProof.Source {
        let reason: String
        do {
            if let identifier = try await ServerFacts(try await database()).systemIdentifier {
                return .known(systemIdentifier: identifier)
            }
            reason = "this role may not execute pg_control_system()"
        } catch let error as PostgreSQLError {
            try Task.checkCancellation()
            reason = error.problem
        }
        let known = try await ListedBackup.all(BackupPlace(self), now: clock.now()).lazy.compactMap(\.manifest)
            .first { $0.extraction == nil && $0.source.systemIdentifier != nil }
        if let identifier = known?.source.systemIdentifier { return .known(systemIdentifier: identifier) }
        let place = BackupPlace(self)
        if let key = try await place.key(),
            let proved = try await Blocking().run({ _ in
                try place.folder.physicalCertificates(key: key).first { $0.verdict == .proved }
            })
        {
            return .known(systemIdentifier: proved.systemIdentifier)
        }
        return .unknown(reason)
    }
}

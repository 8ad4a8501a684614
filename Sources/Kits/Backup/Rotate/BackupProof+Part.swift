import Maintenance
import Outside
import PostgreSQL

extension BackupProof {
    /// What the part that is meant brings back; nil where everything is.
    func content(of manifest: BackupManifest, _ cluster: ProofCluster) async throws -> RotatedContent? {
        guard let part else { return nil }
        let graph = try await DumpGraph.read(
            "\(folder.path(of: manifest.id))/\(BackupLayout.database)", cluster.cluster.server.path("pg_restore"),
            withDatabase: true, programs)
        return RotatedContent(part, of: manifest, graph)
    }

    /// What was proved of other parts of this very backup and counts. A certificate that cannot be believed, or is of
    /// other bytes, proves nothing.
    func earlier(_ believed: BelievedBackup) async throws -> [Coverage.Proof] {
        guard let part else { return [] }
        let now = programs.clock.now()
        do {
            let known = try await Blocking(label: "mainstay.proof").run { _ in
                try folder.certificate(of: believed.manifest.id, key: key)
            }
            guard let known, known.manifestSHA256 == believed.digest else { return [] }
            return known.proofs(ofParts: part.parts).filter { now <= $0.countsUntil }
        } catch is BackupError {
            return []
        }
    }
}

extension Certificate {
    /// The same, where what was restored is one part: the backup is proved once all parts are, and as long as each counts.
    func covering(_ part: RotationPart, of manifest: BackupManifest, earlier: [Coverage.Proof]) -> Certificate {
        var certificate = self
        var coverage = Coverage(part, of: manifest, earlier: earlier)
        if verdict == .proved {
            coverage.add(Coverage.Proof(part: part.number, at: times.ended, countsUntil: countsUntil))
            certificate.verdict = coverage.isWhole(at: times.ended) ? .proved : .partly
            if certificate.verdict == .proved {
                certificate.countsUntil = coverage.proved.map(\.countsUntil).min() ?? countsUntil
            }
        }
        certificate.coverage = coverage
        return certificate
    }
}

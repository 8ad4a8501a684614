import Maintenance

/// A backup and its proof in one pass: while pg_dump still reads the source, what is already stored is restored.
package struct BackupPass: Sendable {
    package var writer: BackupWriter
    package var proof: BackupProof

    package init(_ writer: BackupWriter, _ proof: BackupProof) {
        self.writer = writer
        self.proof = proof
    }

    /// Whether both at once are faster: the proof may take what the backup leaves, and not hold up the read of the source.
    package static func isWorthIt(processors: Int, jobs: Int) -> Bool { processors >= 2 * max(2, jobs) }

    /// The backup's certificate, whatever its verdict; the caller keeps it.
    ///
    /// - Throws: what `BackupWriter.take` throws, and then there is no backup; what `BackupProof.run` throws, and then
    ///   there is one without a certificate.
    package func run() async throws -> Certificate {
        let growing = GrowingBackup()
        async let taken = take(growing)
        async let proved = attempt(growing)
        let manifest = try await taken
        if let certificate = try await proved.get() { return certificate }
        return try await proof.run(manifest.id)
    }

    private func take(_ growing: GrowingBackup) async throws -> BackupManifest {
        var writer = writer
        writer.growing = growing
        do {
            let manifest = try await writer.take()
            growing.end(manifest.id)
            return manifest
        } catch {
            growing.end(nil)
            throw error
        }
    }

    /// A proof that fails does not end the backup.
    private func attempt(_ growing: GrowingBackup) async -> Result<Certificate?, any Error> {
        do { return .success(try await proof.run(beside: growing)) } catch { return .failure(error) }
    }
}

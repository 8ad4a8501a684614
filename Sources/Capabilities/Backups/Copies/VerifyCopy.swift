import Backup
import Engine
import Maintenance
import Outside
import Settings

/// What `backup verify --from STORAGE` does: fetches copies into the work directory and proves them as any backup is
/// proved. The certificate stands in the receipt of the copy, since the backup in its own directory is another one.
struct VerifyCopy: Sendable {
    let storage: String
    /// Nil for the newest.
    let named: String?
    let all: Bool

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        let copies = try await fetch(look).copies()
        let wanted = try wanted(copies)
        guard !wanted.isEmpty else {
            observation.gaps = [.init("copy", BackupsError.nothing(look.target))]
            return observation
        }
        for copy in wanted {
            let last = try await BackupPlace(look).receipt(of: copy.id, in: storage)?.certificate
            observation.changes.append(
                Change(
                    kind: "prove copy", object: "\(copy.id) in \(storage)",
                    action: .files(
                        "fetch \(copy.id) out of the storage '\(storage)' into \(look.workDirectory), restore it into a "
                            + "private PostgreSQL there, compare everything, and write its receipt"),
                    effect: .maintains, reversal: "remove the receipt",
                    identity: [
                        "backup": .text(copy.id.description), "storage": .text(storage),
                        "snapshot": .text(copy.snapshot.id),
                    ],
                    reason: last.map { "the last proof is of \($0.times.ended)" } ?? "this copy was never proved",
                    estimate: last.map {
                        .init(seconds: ($0.times.ended - $0.times.began).inSeconds, source: "the last proof")
                    }))
        }
        return observation
    }

    private func fetch(_ look: Look) async throws -> CopyFetch {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        var fetch = CopyFetch(place.folder, key: key, repository: try await CopyStorages(look).repository(storage))
        fetch.tell = look.tell
        return fetch
    }

    private func wanted(
        _ copies: [(id: BackupID, snapshot: ResticSnapshot)]
    ) throws -> [(id: BackupID, snapshot: ResticSnapshot)] {
        guard let named, let id = BackupID(named) else { return all ? copies : Array(copies.prefix(1)) }
        guard let copy = copies.first(where: { $0.id == id }) else { throw CopyError.noCopy(id, storage: storage) }
        return [copy]
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let id = Self.id(of: change)
        let snapshot = try await fetch(look).copies().first { $0.id == id }?.snapshot.id
        var identity = change.identity
        identity["snapshot"] = .text(snapshot ?? "gone")
        let last = try await BackupPlace(look).receipt(of: id, in: storage)?.certificate
        return Inspection(
            identity: identity, witness: ["proof": last.map { .text($0.times.ended.iso8601) } ?? .null])
    }

    func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let id = Self.id(of: change)
        let place = BackupPlace(look)
        let fetch = try await fetch(look)
        let settings = look.inventory.backups
        let receipt = try await fetch.withCopy(id, in: look.workDirectory) { copy, folder, identity in
            var proof = BackupProof(
                folder, key: fetch.key, workDirectory: look.workDirectory, runID: look.runID,
                countsFor: settings.proveWithin, programs: look.programs)
            proof.jobs = settings.jobs
            proof.tell = look.tell
            var receipt = CopyReceipt(
                of: copy, in: identity, original: nil, runID: look.runID, readBack: copy.manifest.storedBytes,
                at: look.clock.now(), countsFor: settings.proveWithin)
            receipt.certificate = try await proof.run(id)
            return receipt
        }
        try await Blocking().run { _ in
            _ = try place.folder.make()
            try place.folder.write(receipt, key: fetch.key)
        }
        guard let certificate = receipt.certificate, certificate.verdict == .refuted else { return }
        throw BackupsError.refuted(
            id, differences: certificate.differences.prefix(5).map(\.description), count: certificate.differenceCount)
    }

    func prove(_ change: Change, _ look: Look) async throws -> Proof {
        let receipt = try await BackupPlace(look).receipt(of: Self.id(of: change), in: storage)
        guard let certificate = receipt?.certificate, certificate.runID == look.runID else {
            return .notDone("this run wrote no certificate")
        }
        return certificate.verdict == .proved ? .done(certificate.facts) : .notDone(certificate.reasons)
    }

    private static func id(of change: Change) -> BackupID {
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text) else {
            preconditionFailure("a change of a proof names its backup")
        }
        return id
    }
}

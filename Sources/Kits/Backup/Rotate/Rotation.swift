import Maintenance

/// How far the rows of a database were proved by parts, over all of its backups: each night proves another part of the
/// backup that is the newest then, so that no table waits longer than there are parts.
package struct Rotation: Sendable {
    package let parts: Int
    /// The newest proof of each part that counts now.
    package private(set) var newest: [Int: Found] = [:]
    /// When each was restored last, whatever came of it.
    private var tried: [Int: Timestamp] = [:]
    private let now: Timestamp

    package struct Found: Sendable, Hashable {
        package var backup: BackupID
        package var snapshot: Timestamp
        package var at: Timestamp
    }

    /// One part is proved each night.
    static let night = Duration.seconds(86_400)

    /// - Parameters:
    ///   - parts: into how many the policy divides it.
    ///   - backups: in any order; one that was refuted proves nothing.
    package init(_ parts: Int, _ backups: some Sequence<KnownBackup>, at now: Timestamp) {
        self.parts = parts
        self.now = now
        for backup in backups {
            guard let manifest = backup.manifest, let certificate = backup.certificate else { continue }
            if let coverage = certificate.coverage, coverage.parts == parts {
                tried[coverage.part] = max(tried[coverage.part] ?? certificate.times.ended, certificate.times.ended)
            }
            for proof in certificate.proofs(ofParts: parts) where now <= proof.countsUntil {
                if let known = newest[proof.part], known.at >= proof.at { continue }
                newest[proof.part] = Found(backup: backup.id, snapshot: manifest.times.snapshot, at: proof.at)
            }
        }
    }

    /// Whose turn it is: a part nobody has looked at, the first of them; else the one that waited longest. One that cannot be
    /// proved waits like the others, so that it does not keep them from their turn.
    package var next: RotationPart {
        func seen(_ part: Int) -> Timestamp? { [newest[part]?.at, tried[part]].compactMap(\.self).max() }
        let numbers = 1...parts
        let number =
            numbers.first { seen($0) == nil } ?? numbers.min { (seen($0) ?? now, $0) < (seen($1) ?? now, $1) }
        return RotationPart(number ?? 1, of: parts)
    }

    /// Whether each part has a proof that counts.
    package var isWhole: Bool { newest.count == parts }

    /// With a part each night from the last one on; nil where it is whole.
    package var wholeBy: Timestamp? {
        isWhole ? nil : (newest.values.map(\.at).max() ?? now) + Self.night * (parts - newest.count)
    }

    /// The part whose proof shows the oldest state.
    package var oldest: Found? { newest.values.min { ($0.snapshot, $0.backup) < ($1.snapshot, $1.backup) } }

    /// `proved 3 of 7 parts, whole by 2026-11-28`.
    package var words: String {
        "proved \(newest.count) of \(parts) parts"
            + (wholeBy.map { ", whole by \(CivilTime($0).date)" } ?? "")
    }
}

import Backup
import Engine
import Maintenance
import Outside
import Settings

/// The backups of a stanza with what the team's own retention in pgbackrest.conf says of them: what it lets go, goes only
/// behind a newer backup with a proof that counts.
struct StanzaShelf: Sendable {
    let repository: PgBackRest
    let info: RepositoryInfo
    let expiry: Expiry
    let standings: [String: KnownBackup.Standing]

    /// Of the change that removes them.
    static let kind = "expire"

    /// Nil where the database has no backups of pgBackRest.
    ///
    /// - Throws: `PhysicalError`, `ProgramError`, `FileError`.
    static func read(_ look: Look) async throws -> StanzaShelf? {
        guard let physical = try await PhysicalPlace(look), case .pgBackRest(let repository) = physical.engine else {
            return nil
        }
        let info = try await physical.info()
        guard !info.backups.isEmpty else { return nil }
        var standings: [String: KnownBackup.Standing] = [:]
        for backup in info.backups {
            standings[backup.label] = try await physical.certificate(of: backup.label)?
                .standing(at: look.clock.now())
        }
        return StanzaShelf(
            repository: repository, info: info, expiry: try await repository.expiry(), standings: standings)
    }

    /// The newest with a proof that counts, in a repository that is well.
    private var proved: PhysicalBackup? {
        info.backups.filter { standings[$0.label] == .proved && info.trouble(around: $0) == nil }
            .max { ($0.stopped, $0.label) < ($1.stopped, $1.label) }
    }

    /// Why nothing goes; nil where what the retention lets go may.
    var obstacle: String? { expiry.isEmpty ? nil : expiry.obstacle(info, behind: proved) }

    private func text(_ backup: PhysicalBackup) -> String {
        guard expiry.backups.contains(backup.label) else { return "kept: by pgBackRest's retention" }
        return obstacle == nil ? "goes: by pgBackRest's retention" : "held: no newer one is proved"
    }

    func add(to observation: inout Observation, _ look: Look) {
        let words = repository.options.retention(of: repository.stanza)
        observation.listings.append(
            Listing(
                "Physical backups of \(look.target)",
                ["backup", .init("size", .bytes), "proof", "what becomes of it"],
                info.backups.reversed().map { backup in
                    [
                        .text(backup.label), .integer(backup.added.bytes),
                        .text((standings[backup.label] ?? .none).rawValue), .text(text(backup)),
                    ]
                }))
        guard !expiry.isEmpty else { return }
        let count = expiry.backups.count
        if let obstacle {
            observation.findings.append(
                Finding(
                    code: "BK003", severity: .warning, target: look.target, object: repository.stanza,
                    summary: (count == 0 ? "log stays" : "\("physical backup".counted(count)) stay")
                        + " that pgBackRest's retention does not keep: \(obstacle)",
                    evidence: ["oldest": expiry.backups.first.map { .text($0) } ?? .null],
                    mend: "mainstay backup verify --physical"))
            return
        }
        observation.changes.append(
            Change(
                kind: Self.kind, object: repository.stanza, action: .program(repository.expireWords),
                effect: .destroys, reversal: "none; \(proved?.label ?? "a newer one"), which is proved, stays",
                identity: identity,
                reason: "\(words.isEmpty ? "pgBackRest's retention" : words.joined(separator: ", ")) does not keep "
                    + (expiry.backups.isEmpty ? "log of before" : expiry.backups.joined(separator: ", ")),
                authority: repository.configuration))
    }

    private var identity: Facts {
        [
            "stanza": .text(repository.stanza), "backups": .text(expiry.backups.joined(separator: " ")),
            "log": .text(expiry.log.map(\.description).joined(separator: ", ")),
            "policy": .text(obstacle ?? "removes them"),
        ]
    }

    /// pgBackRest is asked once more: the proof that all hangs on may count no more.
    static func inspect(_ look: Look) async throws -> Inspection {
        guard let shelf = try await read(look) else { return Inspection(identity: ["backups": "gone"], witness: [:]) }
        let staying = shelf.info.backups.map(\.label).filter { !shelf.expiry.backups.contains($0) }
        return Inspection(
            identity: shelf.identity, witness: ["others": .text(staying.sorted().joined(separator: " "))])
    }

    static func apply(_ change: Change, _ act: Act) async throws {
        // Its fence: nobody of ours takes a backup meanwhile, which would change what the retention keeps.
        _ = try await act.connection()
        guard let shelf = try await read(act.look), shelf.identity == change.identity else {
            throw PhysicalError.retentionChanged(stanza: change.object)
        }
        try await shelf.repository.expire()
    }

    /// They are gone, and all others are there.
    static func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let present = Set(try await PhysicalPlace.needed(look).info().backups.map(\.label))
        let removed = (change.identity["backups"]?.words ?? []).filter { !present.contains($0) }
        let left = (change.identity["backups"]?.words ?? []).filter(present.contains)
        if let label = left.first { return .notDone("\(label) is still there") }
        guard let others = witness["others"]?.words else {
            return .unknown("nobody wrote down which others were there")
        }
        let facts: Facts = ["removed": .text(removed.joined(separator: ", ")), "others": Scalar(present.count)]
        let lost = others.filter { !present.contains($0) }
        guard lost.isEmpty else {
            return .failed("other backups are gone too: \(lost.joined(separator: ", "))", facts)
        }
        // Log alone leaves nothing in the list that would say so.
        guard removed.isEmpty else { return .done(facts) }
        return try await read(look)?.expiry.log.isEmpty ?? true ? .done(facts) : .notDone("the log is still there")
    }
}

extension Act {
    /// Lets go what pgBackRest's retention does not keep, behind the backup that was proved right now. What keeps that
    /// from being done says nothing against the backup: 'backup prune' tells it.
    func expireBehindProof() async throws {
        do {
            guard let shelf = try await StanzaShelf.read(look), !shelf.expiry.isEmpty else { return }
            if let obstacle = shelf.obstacle { return look.tell("no old backup goes: \(obstacle)") }
            let labels = shelf.expiry.backups.joined(separator: ", ")
            look.tell("letting go what pgBackRest's retention does not keep\(labels.isEmpty ? "" : ": \(labels)")")
            try await shelf.repository.expire()
        } catch let error as any MaintenanceError {
            try Task.checkCancellation()
            look.tell("the old backups stay ('mainstay backup prune' removes them): \(error.problem)")
        }
    }
}

extension Scalar {
    /// Names that stand in one text.
    fileprivate var words: [String]? {
        guard case .text(let text) = self else { return nil }
        return text.split(separator: " ").map(String.init)
    }
}

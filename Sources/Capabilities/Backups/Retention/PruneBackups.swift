import ArgumentParser
import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Removes the backups that the policy does not keep, and only behind a newer one that is proved.
package struct PruneBackups: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "backup.prune",
        summary: "remove the backups that the policy does not keep",
        explanation: """
            Says of every backup whether it stays, and why: those younger than 'retention' stay, those that a rule of 'keep' \
            chooses, and the newest 'minimum'. Rules only keep; where neither 'retention' nor 'keep' is written, all stay. \
            Days, weeks and months are those of 'time-zone'. Whatever the policy says, the newest backup with a proof that \
            counts stays, and nothing goes that is newer than it: what was not proved is not relied on, and where no proof \
            counts any more nothing is removed ('BK003'). A backup whose manifest or certificate cannot be believed, or that \
            lacks a file, is neither counted nor removed ('BK002'); a person looks at it. Of pgBackRest's backups its own \
            retention decides, and what it lets go goes here, by 'pgbackrest expire', only behind a newer one that is \
            proved. A backup loses its name before \
            its first file, so that a half one is never listed, and what a crash left is removed by the next run. \
            Afterwards every other backup has to be there with a signature that fits.
            """,
        effect: .destroys,
        subject: .resources([.postgresql]))

    /// More are left for the next day.
    private static let most = 100

    package init(_ options: Options) {}

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.examined = ["BK002", "BK003"]
        if let base = try await BaseShelf.read(look) { base.add(to: &observation, look) }
        do {
            if let stanza = try await StanzaShelf.read(look) { stanza.add(to: &observation, look) }
        } catch let error as any MaintenanceError {
            // The logical ones do not wait for it.
            try Task.checkCancellation()
            observation.gaps.append(.init("physical backups", error))
        }
        guard let shelf = try await BackupShelf.read(look) else { return observation }
        let policy = look.inventory.backupPolicy(of: look.target)
        observation.listings.insert(Self.listing(shelf, look), at: 0)
        observation.evidence.merge([
            "backups": Scalar(shelf.items.count),
            "stay": Scalar(shelf.items.count(where: { $0.verdict?.stays ?? true })),
            "policy": .text(policy.authority?.description ?? "none: all backups stay"),
        ]) { $1 }
        observation.findings += findings(shelf, look)
        let folder = BackupPlace(look).folder
        let authority = policy.authority?.description
        let left = try await Blocking().run { _ in
            try shelf.going.compactMap { id -> Change? in
                guard case .going(let identity) = try folder.presence(of: id) else { return nil }
                return Change(
                    kind: "clear", object: id.description,
                    action: .files("remove what an interrupted removal left of \(folder.path(of: id))"),
                    effect: .destroys, reversal: "none; it was no whole backup any more",
                    identity: Self.identity(id, identity), reason: "its removal was begun and not ended",
                    authority: authority, keeps: "nothing: it was no whole backup any more")
            }
        }
        let leaving = shelf.items.reversed().compactMap { item -> Change? in
            guard case .goes(let reason) = item.verdict, let manifest = item.backup.manifest else { return nil }
            return Change(
                kind: "remove", object: item.id.description,
                action: .files("remove \(folder.path(of: item.id)) (\(manifest.storedBytes)) and its certificate"),
                effect: .destroys, reversal: "none; a newer proved one stays",
                identity: Self.identity(item.id, item.identity), reason: reason, authority: authority)
        }
        observation.changes += left + leaving.prefix(Self.most)
        return observation
    }

    private func findings(_ shelf: BackupShelf, _ look: Look) -> [Finding] {
        var findings = shelf.items.filter { $0.trouble != nil }.map { item in
            Finding(
                code: "BK002", severity: .warning, target: look.target, object: item.id.description,
                summary: "nobody can say whether this backup is good: \(item.trouble ?? "")",
                evidence: ["path": .text(BackupPlace(look).folder.path(of: item.id))],
                mend: "mainstay backup verify --backup \(item.id)")
        }
        let held = shelf.items.filter { if case .held = $0.verdict { true } else { false } }
        if let oldest = held.last {
            let count = held.count == 1 ? "1 backup stays" : "\(held.count) backups stay"
            findings.append(
                Finding(
                    code: "BK003", severity: .warning, target: look.target,
                    summary: "\(count) that the policy does not keep, because no newer one has a proof that counts",
                    evidence: ["oldest": .text(oldest.id.description)], mend: "mainstay backup verify"))
        }
        return findings
    }

    private static func listing(_ shelf: BackupShelf, _ look: Look) -> Listing {
        let now = look.clock.now()
        return Listing(
            "Backups of \(look.target)", ["backup", .init("size", .bytes), "proof", "what becomes of it"],
            shelf.items.map { item in
                [
                    .text(item.id.description), item.size.map { .integer($0.bytes) } ?? .null,
                    .text(item.backup.standing(at: now).rawValue), .text(item.text),
                ]
            })
    }

    private static func identity(_ id: BackupID, _ directory: FileIdentity) -> Facts {
        ["backup": .text(id.description), "directory": .text(directory.description), "policy": "removes it"]
    }

    /// The policy is asked once more, with what lies there now: the proof that all hangs on may count no more.
    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        if change.kind == BaseShelf.kind { return try await BaseShelf.inspect(change, look) }
        if change.kind == StanzaShelf.kind { return try await StanzaShelf.inspect(look) }
        let id = try Self.id(of: change)
        let shelf = try await BackupShelf.read(look)
        let witness: Facts = ["others": .text((shelf?.believed(without: id) ?? []).joined(separator: " "))]
        if let item = shelf?[id] {
            var identity = Self.identity(id, item.identity)
            if item.verdict?.stays ?? true { identity["policy"] = .text(item.text) }
            return Inspection(identity: identity, witness: witness)
        }
        let folder = BackupPlace(look).folder
        guard case .going(let directory) = try await Blocking().run({ _ in try folder.presence(of: id) }) else {
            return Inspection(identity: ["backup": "gone"], witness: witness)
        }
        return Inspection(identity: Self.identity(id, directory), witness: witness)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        if change.kind == BaseShelf.kind { return try await BaseShelf.apply(change, act) }
        if change.kind == StanzaShelf.kind { return try await StanzaShelf.apply(change, act) }
        let id = try Self.id(of: change)
        let folder = BackupPlace(act.look).folder
        try await Blocking().run { cancellation in
            let seen: FileIdentity
            switch try folder.presence(of: id) {
            case .gone: return
            case .whole(let identity), .going(let identity): seen = identity
            }
            guard Self.identity(id, seen) == change.identity else {
                throw FileError.changed(path: folder.path(of: id))
            }
            try folder.remove(id, seen: seen, cancellation)
        }
    }

    /// It is gone, and every other one that could be believed before still can.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        if change.kind == BaseShelf.kind { return try await BaseShelf.prove(change, look) }
        if change.kind == StanzaShelf.kind { return try await StanzaShelf.prove(change, before: witness, look) }
        let id = try Self.id(of: change)
        let folder = BackupPlace(look).folder
        guard try await Blocking().run({ _ in try folder.isGone(id) }) else {
            return .notDone("it is still there, or a part of it")
        }
        guard case .text(let text)? = witness["others"] else {
            return .unknown("nobody wrote down which others were there")
        }
        let others = text.split(separator: " ").map(String.init)
        let believed = try await BackupShelf.read(look)?.believed(without: id) ?? []
        let lost = Set(others).subtracting(believed).sorted()
        let facts: Facts = ["removed": .text(id.description), "others": Scalar(believed.count)]
        guard lost.isEmpty else {
            return .failed(
                "other backups are gone too, or cannot be believed any more: \(lost.joined(separator: ", "))", facts)
        }
        return .done(facts)
    }

    private static func id(of change: Change) throws -> BackupID {
        guard let id = BackupID(change.object) else { throw BackupsError.noSuchBackup(change.object, path: "the plan") }
        return id
    }
}

extension BackupShelf {
    /// The names of those whose signatures fit.
    fileprivate func believed(without id: BackupID) -> [String] {
        items.filter { $0.id != id && $0.backup.trouble == nil }.map(\.id.description)
    }
}

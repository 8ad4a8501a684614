import Backup
import Command
import Engine
import Maintenance
import Outside
import Settings

/// A line of 'backup list': a backup of the database, one of its whole cluster, or why nobody can say what there is.
enum ListedEntry: Sendable, Encodable {
    case logical(ListedBackup)
    case physical(ListedPhysicalBackup)
    case unknown(Target, ErrorReport)

    static let columns: [Listing.Column] = [
        "target", "backup", "snapshot", Listing.Column("rows", .count), Listing.Column("size", .bytes),
        Listing.Column("took", .seconds), "proof", "copies",
    ]

    func cells(at now: Timestamp) -> [Scalar] {
        switch self {
        case .logical(let backup):
            let manifest = backup.manifest
            return [
                .text(backup.target.description), .text(backup.id.description),
                manifest.map { .text($0.times.snapshot.description) } ?? .null,
                manifest.map { .integer(Int64(clamping: $0.rows)) } ?? .null,
                manifest.map { .integer($0.storedBytes.bytes) } ?? .null,
                manifest.map { .number($0.times.duration.inSeconds) } ?? .null,
                .text(backup.proofWords(at: now)),
                .text(backup.copies.map { $0.word(at: now) }.joined(separator: ", ")),
            ]
        case .physical(let listed):
            return [
                .text(listed.target.description), .text(listed.backup.label),
                .text(listed.backup.stopped.description),
                listed.certificate?.rows.map { .integer(Int64(clamping: $0)) } ?? .null,
                .integer(listed.backup.added.bytes), .number(listed.backup.duration.inSeconds),
                .text("\(listed.proof.rawValue), \(listed.ladder.score)"), .null,
            ]
        case .unknown(let target, let reason):
            return [
                .text(target.description), .text("pgBackRest"), .null, .null, .null, .null,
                .text("unknown: \(reason.problem)"), .null,
            ]
        }
    }

    /// What the newest are chosen by.
    fileprivate var time: Timestamp {
        switch self {
        case .logical(let backup): backup.manifest?.times.snapshot ?? Timestamp(microseconds: 0)
        case .physical(let listed): listed.backup.stopped
        case .unknown: Timestamp(microseconds: .max)
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .logical(let backup): try backup.encode(to: encoder)
        case .physical(let listed): try listed.encode(to: encoder)
        case .unknown(let target, let reason):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(target, forKey: .target)
            try container.encode(reason, forKey: .trouble)
        }
    }

    private enum CodingKeys: String, CodingKey { case target, trouble }
}

/// A backup of a whole cluster as lists show it.
struct ListedPhysicalBackup: Sendable, Encodable {
    var target: Target
    var stanza: String
    var backup: PhysicalBackup
    var proof: KnownBackup.Standing
    var ladder: VerificationLadder
    var certificate: PhysicalCertificate?

    init(
        _ backup: PhysicalBackup, target: Target, stanza: String, certificate: PhysicalCertificate?, at now: Timestamp
    ) {
        self.target = target
        self.stanza = stanza
        self.backup = backup
        self.certificate = certificate
        ladder = certificate.map { $0.ladder.standing(at: now, until: $0.countsUntil) } ?? .unclimbed
        proof = certificate?.standing(at: now) ?? .none
    }
}

extension Session {
    /// Of every database of the chosen environments, the newest first.
    func listed(_ options: EnvironmentOptions) async throws -> [ListedEntry] {
        var all = try await backups(options).map(ListedEntry.logical)
        all += try await physical(options)
        return all.enumerated().sorted { ($0.element.time, $1.offset) > ($1.element.time, $0.offset) }.map(\.element)
    }

    private func physical(_ options: EnvironmentOptions) async throws -> [ListedEntry] {
        let names = try inventory.select(options, for: .estate)
        var all: [ListedEntry] = []
        for target in inventory.targets(of: .resources([.postgresql]), in: names) {
            let place = BackupPlace(inventory, state: stateDirectory, target)
            do {
                guard
                    let physical = try await PhysicalPlace(inventory, place, target, application.programs)
                else { continue }
                let info = try await physical.info()
                if let trouble = info.trouble { all.append(.unknown(target, ErrorReport(trouble))) }
                for backup in info.backups {
                    all.append(
                        .physical(
                            ListedPhysicalBackup(
                                backup, target: target, stanza: info.stanza,
                                certificate: try await physical.certificate(of: backup.label),
                                at: application.clock.now())))
                }
            } catch let error as any MaintenanceError {
                // What is in its repository nobody can say; what lies elsewhere is shown all the same.
                all.append(.unknown(target, ErrorReport(error)))
            }
        }
        return all
    }

    /// One physical backup by its name.
    func physicalBackup(_ label: String, _ options: EnvironmentOptions) async throws -> ListedPhysicalBackup {
        var reason: ErrorReport?
        for entry in try await physical(options) {
            if case .physical(let listed) = entry, listed.backup.label == label { return listed }
            if case .unknown(_, let unknown) = entry { reason = reason ?? unknown }
        }
        if let reason { throw reason }
        throw NoSuchBackup(name: label, matching: [])
    }
}

extension ListedPhysicalBackup {
    /// For 'backup show'.
    var lines: [(String, Scalar)] {
        let none: Scalar = .null
        return [
            ("target", .text(target.description)), ("stanza", .text(stanza)), ("type", .text(backup.type.rawValue)),
            ("ended", .text(backup.stopped.description)), ("took", .text(backup.duration.short)),
            ("cluster", .text(backup.size.description)), ("added", .text(backup.added.description)),
            ("needs", backup.needs.isEmpty ? .text("no other") : .text(backup.needs.joined(separator: ", "))),
            ("write-ahead log", .text([backup.firstWAL, backup.lastWAL].compactMap { $0 }.joined(separator: " to "))),
            ("page errors", .text(backup.hasPageErrors ? "yes: the database was damaged when it was taken" : "none")),
            (
                "proof",
                certificate.map { .text("\(proof.rawValue): \($0.summary), counts until \($0.countsUntil)") }
                    ?? .text("none yet: mainstay backup verify --physical")
            ),
            ("restored in", certificate?.restoreSeconds.map { .text(Duration.seconds($0).short) } ?? none),
            ("recovered in", certificate?.recoverySeconds.map { .text(Duration.seconds($0).short) } ?? none),
        ]
    }
}

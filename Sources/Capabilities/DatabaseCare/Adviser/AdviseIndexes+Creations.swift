import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// What is told of indexes that are worth having, and how those are found that nobody can suppose.
extension AdviseIndexes {
    /// - Parameter taken: names that were given before; those of this time are added.
    func tellCreations(
        _ result: IndexAdvice.Result, _ code: String, _ session: SurveySession, _ look: Look,
        _ taken: inout Set<String>, _ observation: inout Observation
    ) async throws {
        guard !result.advice.isEmpty else { return }
        for row in try await session.query("select relname::text as name from pg_catalog.pg_class") {
            taken.insert(try row["name"])
        }
        var rows: [[Scalar]] = []
        for one in result.advice {
            guard let table = result.tables[one.candidate.table] else { continue }
            let name = QualifiedName(schema: table.name.schema, name: one.candidate.name(avoiding: taken))
            taken.insert(name.name)
            let definition = "create index \(name.name.quotedIdentifier) on \(table.name.quoted) \(one.candidate.body)"
            let change = CreateIndexAct.change(
                kind: CreateIndexAct.kind, name: name, table: table.name, tableOID: table.oid,
                definition: definition, tableBytes: table.bytes, reason: one.reason)
            rows.append([
                .text("\(table.name) \(one.candidate.shortBody)"), .integer(one.bytes), .number(one.gain.rounded()),
                Scalar(one.uses.count),
            ])
            if options.create, table.mayChange {
                observation.changes.append(change)
            } else {
                observation.findings.append(
                    Finding(
                        code: code, severity: .info, target: look.target, object: name.description,
                        summary: "an index on \(table.name) \(one.reason)"
                            + (table.mayChange ? "" : "; this role may not build it"),
                        evidence: one.evidence, mend: change.action.lines.first))
            }
        }
        let backup = result.advice.lazy.compactMap { $0.trial?.backup }.first
        observation.listings.append(
            Listing(
                backup.map { "Indexes worth having, tried on a copy of backup \($0)" } ?? "Indexes worth having",
                [
                    "index", Listing.Column("size", .bytes), Listing.Column("saves", .percent),
                    Listing.Column("statements", .count),
                ], rows))
    }

    /// Restores the newest backup that is not known to be bad, tries there, and tells.
    ///
    /// - Parameters:
    ///   - adviser: whose limits count there too.
    ///   - end: by the monotonic clock. A restore that has begun is waited for.
    ///   - triesBTrees: whether nothing can be supposed here.
    ///   - plannedHere: statements that the live database plans; without one of them the copy has not seen everything.
    ///   - taken: names that were given before.
    func tryOnCopy(
        _ workload: Workload, _ adviser: IndexAdvice, until end: Duration, triesBTrees: Bool,
        plannedHere: Set<Int64>, _ session: SurveySession, _ look: Look, _ taken: inout Set<String>,
        _ observation: inout Observation
    ) async throws {
        let subject = "indexes tried on a copy"
        do {
            guard let (proof, backup) = try await newestBackup(look) else { throw CareError.noBackup }
            let classes = try await OperatorClasses.read(session)
            let parameters = try await IndexTrials.plannerSettings(session)
            look.tell("restoring backup \(backup) to try indexes on it")
            let result = try await proof.withCopy(of: backup) { address in
                try await IndexTrials.with(
                    address, parameters, limits: adviser.limits, until: end, clock: look.clock, backup: "\(backup)",
                    work: proof.workDirectory
                ) { trials in
                    try await trials.advise(
                        workload, classes, triesBTrees: triesBTrees, tell: look.tell
                    ) { try await AdviceTable.read($0, session) }
                }
            }
            observation.evidence["copy of backup"] = .text("\(backup)")
            let missing = plannedHere.subtracting(result.planned.map(\.statement.id))
            observation.evidence["statements planned here and not there"] = Scalar(missing.count)
            observation.evidence["statements planned on the copy"] = Scalar(result.planned.count)
            observation.evidence["indexes tried on the copy"] = Scalar(result.considered)
            observation.evidence["indexes not tried"] = Scalar(result.untried.count)
            if !missing.isEmpty {
                observation.listings.append(
                    Listing(
                        "Statements planned here and not on the copy", ["statement", "why"],
                        result.unplanned.filter { missing.contains($0.statement.id) }.prefix(10).map {
                            [.text(String($0.statement.text.printable.prefix(60))), .text($0.reason)]
                        }))
            }
            if !result.untried.isEmpty {
                observation.listings.append(
                    Listing(
                        "Indexes not tried", ["index", "why"],
                        result.untried.prefix(20).map {
                            [.text("\($0.candidate.table) \($0.candidate.shortBody)"), .text($0.reason)]
                        }))
            }
            try await tellCreations(result, "DB016", session, look, &taken, &observation)
            if result.isCut {
                observation.gaps.append(Observation.Gap(subject, CareError.cutShort(after: options.within)))
            } else if options.table == nil, !result.isCapped, missing.isEmpty {
                observation.examined.insert("DB016")
            }
        } catch {
            let report = ErrorReport(error)
            guard report.exitStatus != .interrupted else { throw error }
            observation.gaps.append(Observation.Gap(subject, report))
        }
    }

    /// What was taken out of a physical backup shows another moment, and what was refuted shows nothing.
    private func newestBackup(_ look: Look) async throws -> (BackupProof, BackupID)? {
        let settings = look.inventory.backups
        let folder = BackupFolder(root: settings.directory(state: look.log.directory), target: look.target)
        let keyFile = settings.keyFile(state: look.log.directory)
        let found = try await Blocking().run { _ -> (BackupKey, BackupID)? in
            guard let key = try BackupKey.read(keyFile, former: settings.formerKeys) else {
                guard try folder.ids().isEmpty else { throw BackupError.noKey(path: keyFile) }
                return nil
            }
            let newest = try folder.backups(key: key).first {
                $0.manifest != nil && $0.manifest?.extraction == nil && $0.certificate?.verdict != .refuted
            }
            return newest.map { (key, $0.id) }
        }
        guard let (key, id) = found else { return nil }
        var proof = BackupProof(
            folder, key: key, workDirectory: settings.workDirectory, runID: look.runID, countsFor: .zero,
            programs: look.programs)
        proof.jobs = settings.jobs
        proof.tell = look.tell
        return (proof, id)
    }
}

import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Rebuilds what is bloated or broken, and drops what a rebuild has left.
package struct ReindexIndexes: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "What a rebuild has to gain, in percent of the index, to be worth it.", valueName: "percent"))
        package var bloat = 30.0

        @Option(help: ArgumentHelp("Smaller indexes are left alone.", valueName: "size"))
        package var minimumSize = ByteCount(10_485_760)

        @Option(help: ArgumentHelp("The indexes of this table alone: 'orders', 'public.orders'.", valueName: "name"))
        package var table: String?

        @Flag(help: "Every index, bloated or not.")
        package var everything = false

        @Flag(help: "Drop indexes that exist twice; how to make them again stays in the record.")
        package var dropDuplicates = false

        @Flag(help: "Also rebuild what cannot be rebuilt without shutting out its table's users.")
        package var allowBlocking = false

        @Option(help: ArgumentHelp("How long one rebuild may take.", valueName: "duration"))
        package var limit: Duration = .seconds(3_600)

        package init() {}

        package func validate() throws {
            guard (0...100).contains(bloat) else { throw ValidationError("'--bloat' is between 0 and 100") }
            guard limit >= .seconds(1) else { throw ValidationError("'--limit' is at least a second") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.reindex",
        summary: "rebuild bloated and broken indexes without locking anybody out",
        explanation: """
            Drops what a rebuild that did not come to its end has left behind (_ccnew, _ccold), builds invalid indexes \
            again, and rebuilds those from which a rebuild would gain 30 % or more, the largest gain first, with REINDEX \
            INDEX CONCURRENTLY: reads and writes go on. How much there is to gain is measured where the extension \
            pgstattuple is installed, and otherwise estimated from the keys of sampled pages; where neither can be done it \
            says why and leaves the index alone. Before a rebuild it looks for transactions that are older than a minute, \
            since the build would wait for their end; a rebuild that is cancelled or takes longer than the limit has its \
            leftover dropped, and otherwise the next run drops it. Each rebuild is proved by the index's new identity, and \
            records what was predicted and what was gained. Indexes of exclusion constraints cannot be rebuilt so; where \
            pg_repack is installed it does it, with a lock of a moment at the end, and otherwise '--allow-blocking' does, \
            while everybody else waits. What a pg_repack has left that did not end (a trigger, its log, a half copy, \
            index_OID) is dropped too.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:reindex"),
            .init("db:optimize:indexes", arguments: ["--drop-duplicates"]),
            .init("maintenance:weekly:index-maintenance", arguments: ["--drop-duplicates"]),
        ])

    let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        if options.table == nil { observation.examined = ["DB002"] }
        let every = try await CareIndex.all(session, leastBytes: 0).filter(isChosen)
        let building = try await Self.building(session)
        let broken = every.filter { !$0.isValid && !building.contains($0.tableOID) }
        let duplicates = options.dropDuplicates ? try await self.duplicates(among: every, session, look) : [:]
        var alone: [(index: CareIndex, why: String)] = []
        var drops: [Change] = []
        for left in try await repackLeftovers(session) {
            guard left.mayDrop else {
                observation.findings.append(notOurs(left, look))
                continue
            }
            drops.append(left.change)
        }
        let twins = try await repackTwins(every, session)
        for index in every where twins[index.oid] != nil && index.isValid {
            guard index.mayChange else {
                observation.findings.append(notOurs(index, Self.leftByRepack, look))
                continue
            }
            drops.append(DropIndexAct.change(index, twin: twins[index.oid], reason: Self.leftByRepack))
        }
        var rebuilds: [(gain: Int64, change: Change)] = []
        for index in broken {
            guard index.mayChange else {
                observation.findings.append(notOurs(index, "it is invalid", look))
                continue
            }
            if Self.isLeftover(index) {
                drops.append(DropIndexAct.change(index, reason: "left behind by a rebuild that did not end"))
            } else if twins[index.oid] != nil {
                drops.append(DropIndexAct.change(index, reason: Self.leftByRepack))
            } else if index.isExclusion, !options.allowBlocking {
                alone.append((index, "it is invalid, and \(Self.onlyBlocking)"))
            } else {
                rebuilds.append((.max, try await rebuild(index, "it is invalid", session, look)))
            }
        }
        for index in every where duplicates[index.oid] != nil && twins[index.oid] == nil && index.isValid {
            let twin = duplicates[index.oid] ?? ""
            guard index.mayChange else {
                observation.findings.append(notOurs(index, "it does the same as \(twin)", look))
                continue
            }
            let name = QualifiedName(schema: index.name.schema, name: twin)
            // What a pg_repack has left goes itself, and nothing goes in its favour.
            guard let other = every.first(where: { $0.name == name }), twins[other.oid] == nil else { continue }
            drops.append(DropIndexAct.change(index, twin: other, reason: "it does the same as \(twin.printable)"))
        }
        let sound = every.filter {
            $0.isValid && duplicates[$0.oid] == nil && twins[$0.oid] == nil && $0.bytes >= options.minimumSize.bytes
        }
        var rows: [[Scalar]] = []
        var repack: Result<Repack, Repack.Absence>?
        for index in sound {
            look.tell("weighing \(index.name)")
            let result = try await IndexBloat().estimate(index, session)
            rows.append(Self.row(index, result))
            if let share = result.bloat.share {
                observation.measurements.append(
                    Measurement(
                        "index.bloat", look.target, object: index.name.description, unit: .percent, value: share))
            }
            guard let reason = reason(result) else { continue }
            guard index.mayChange else {
                observation.findings.append(notOurs(index, reason, look))
                continue
            }
            let gain = result.gain.map { index.bytes - $0.rebuilt } ?? 0
            guard index.isExclusion else {
                rebuilds.append((gain, try await rebuild(index, reason, session, look)))
                continue
            }
            // What CONCURRENTLY refuses pg_repack may do; only then all others would wait.
            switch try await self.repack(session, look, &repack) {
            case .success(let program):
                rebuilds.append((gain, try await self.repack(index, by: program, reason, session, look)))
            case .failure where options.allowBlocking:
                rebuilds.append((gain, try await rebuild(index, reason, session, look)))
            case .failure(let absence):
                alone.append((index, "\(reason); \(Self.onlyBlocking) (\(absence.reason))"))
            }
        }
        observation.listings = [Self.listing(rows)]
        if !alone.isEmpty {
            observation.listings.append(
                Listing(
                    "Indexes left alone", ["index", "why"],
                    alone.map { [.text($0.index.name.description), .text($0.why)] }))
        }
        observation.evidence = [
            "indexes": Scalar(every.count), "weighed": Scalar(sound.count), "invalid": Scalar(broken.count),
        ]
        observation.changes =
            drops + rebuilds.sorted { ($1.gain, $0.change.object) < ($0.gain, $1.change.object) }.map(\.change)
        return observation
    }

    private func isChosen(_ index: CareIndex) -> Bool { isChosen(index.table) }

    func isChosen(_ name: QualifiedName) -> Bool {
        guard let table = options.table else { return true }
        return table.hasSameBytes(as: name.name) || table.hasSameBytes(as: "\(name.schema).\(name.name)")
    }

    private static func isLeftover(_ index: CareIndex) -> Bool {
        index.name.name.wholeMatch(of: /.*_cc(new|old)[0-9]*/) != nil
    }

    /// Tables an index is being built for at this moment.
    private static func building(_ session: SurveySession) async throws -> Set<Int64> {
        Set(
            try await session.query(
                "select relid::bigint as oid from pg_catalog.pg_stat_progress_create_index where relid is not null"
            )
            .map { try $0["oid", as: Int64.self] })
    }

    /// By oid the name of the index that does the same.
    private func duplicates(
        among indexes: [CareIndex], _ session: SurveySession, _ look: Look
    ) async throws -> [Int64: String] {
        var doctor = Doctor(lints: [.duplicateIndex])
        doctor.most = 10_000
        let hits = try await doctor.examine(session, now: look.clock.now()).answers.flatMap(\.hits)
        let twins = Dictionary(hits.map { ($0.object, $0.said) }) { first, _ in first }
        return Dictionary(
            uniqueKeysWithValues: indexes.compactMap { index in
                twins[index.name.description].map { (index.oid, $0) }
            })
    }

    private func reason(_ result: IndexBloat.Result) -> String? {
        if let share = result.bloat.share, share >= options.bloat {
            return "\(Percentage(share.rounded())) of it would be gained"
        }
        return options.everything ? "asked for" : nil
    }

    private func rebuild(
        _ index: CareIndex, _ reason: String, _ session: SurveySession, _ look: Look
    ) async throws -> Change {
        let history = try await look.log.durations(
            kind: RebuildAct.kind, object: index.name.description, task: Self.declaration.name, target: look.target)
        return RebuildAct.change(
            index, reason: reason, history: history,
            leftovers: try await CareIndex.leftovers(of: index, session), isConcurrent: !index.isExclusion)
    }

    private func notOurs(_ index: CareIndex, _ reason: String, _ look: Look) -> Finding {
        Finding(
            code: "DB002", severity: .warning, target: look.target, object: index.name.description,
            summary: "\(reason), and this role may not change it", evidence: ["bytes": .integer(index.bytes)],
            mend: "let Mainstay use the role that owns \(index.table.quoted), or a member of it")
    }

    private static func listing(_ rows: [[Scalar]]) -> Listing {
        Listing(
            "Indexes",
            [
                "index", Listing.Column("size", .bytes), Listing.Column("gain", .percent),
                Listing.Column("error", .percent), "how it is known",
            ], rows)
    }

    private static func row(_ index: CareIndex, _ result: IndexBloat.Result) -> [Scalar] {
        switch result.bloat {
        case .estimated(let share, let error, let source):
            [
                .text(index.name.description), .integer(index.bytes), .number(share.rounded()),
                .number(error.rounded()), .text(source),
            ]
        case .unknown(let reason):
            [.text(index.name.description), .integer(index.bytes), .null, .null, .text("unknown: \(reason)")]
        }
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let session = try await look.database()
        return switch change.kind {
        case DropIndexAct.kind: try await DropIndexAct.inspect(change, session)
        case RepackAct.kind: try await RepackAct.inspect(change, session)
        case RepackLeftovers.kind: try await RepackLeftovers.inspect(change, session)
        default: try await RebuildAct.inspect(change, session)
        }
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        switch change.kind {
        case DropIndexAct.kind: try await DropIndexAct.apply(change, act)
        case RepackAct.kind: try await RepackAct(limit: options.limit).apply(change, act)
        case RepackLeftovers.kind: try await RepackLeftovers.apply(change, act)
        default: try await RebuildAct(limit: options.limit).apply(change, act)
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let session = try await look.database()
        return switch change.kind {
        case DropIndexAct.kind: try await DropIndexAct.prove(change, before: witness, session)
        case RepackAct.kind: try await RepackAct.prove(change, before: witness, session)
        case RepackLeftovers.kind: try await RepackLeftovers.prove(change, before: witness, session)
        default: try await RebuildAct.prove(change, before: witness, session)
        }
    }
}

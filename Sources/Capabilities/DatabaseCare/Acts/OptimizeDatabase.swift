import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// The weekly care of a database in one plan: vacuum, statistics, indexes.
package struct OptimizeDatabase: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Drop indexes that exist twice; how to make them again stays in the record.")
        package var dropDuplicates = false

        @Flag(help: "Also set what fits the machine and the workload better, as 'db tune' does.")
        package var autoTune = false

        @Flag(help: "Also say how much of the largest tables is empty, as 'db bloat' does.")
        package var storage = false

        @Option(help: ArgumentHelp("Smaller indexes are not rebuilt.", valueName: "size"))
        package var minimumSize = ByteCount(10_485_760)

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "db.optimize",
        summary: "vacuum, analyse and reindex what needs it, in one plan",
        explanation: """
            Does what 'db vacuum', 'db update-stats' and 'db reindex' would do, each by its own limits, as one plan: first \
            what a broken rebuild has left is dropped, then tables with dead rows or old transactions are vacuumed and \
            analysed, then stale statistics of the others are refreshed, and last the indexes that are broken or bloated \
            are rebuilt, the largest gain first. Nothing of it shuts anybody out, each change is proved by looking again, \
            and a change that cannot end in the window is not begun. With '--auto-tune' it sets what 'db tune' would, with \
            '--storage' it weighs the largest tables too. What needs a decision (schema, unused indexes) it leaves \
            alone: 'db doctor' and 'db advise-indexes' tell of it.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:optimize", implied: ["--weekly"]), .init("db:maintenance", implied: ["--weekly"]),
            .init("optimize:performance", implied: ["--auto"]),
            .init("maintenance:monthly:storage-optimization", arguments: ["--storage", "--drop-duplicates"]),
        ])

    private let vacuum: VacuumTables
    private let statistics: UpdateStatistics
    private let indexes: ReindexIndexes
    private let settings: TuneSettings
    /// Nil where it was not asked for.
    private let bloat: MeasureBloat?
    private let tunes: Bool

    package init(_ options: Options) throws {
        vacuum = VacuumTables(try VacuumTables.Options.parse([]))
        statistics = UpdateStatistics(try UpdateStatistics.Options.parse([]))
        var chosen = ["--minimum-size=\(options.minimumSize.bytes)"]
        if options.dropDuplicates { chosen.append("--drop-duplicates") }
        indexes = ReindexIndexes(try ReindexIndexes.Options.parse(chosen))
        settings = TuneSettings(try TuneSettings.Options.parse([]))
        tunes = options.autoTune
        bloat = options.storage ? MeasureBloat(try MeasureBloat.Options.parse([])) : nil
    }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = try await vacuum.survey(look)
        let vacuumed = Set(observation.changes.map(\.object))
        var refreshed = try await statistics.survey(look)
        // VACUUM (ANALYZE) has refreshed them by then.
        refreshed.changes.removeAll { vacuumed.contains($0.object) }
        let rebuilt = try await indexes.survey(look)
        observation.merge(refreshed)
        observation.merge(rebuilt)
        if let bloat { observation.merge(try await bloat.survey(look)) }
        if tunes { observation.merge(try await settings.survey(look)) }
        let drops = observation.changes.filter { $0.kind == DropIndexAct.kind }
        observation.changes = drops + observation.changes.filter { $0.kind != DropIndexAct.kind }
        return observation
    }

    private func task(of change: Change) -> any MaintenanceTask {
        switch change.kind {
        case VacuumAct.kind: vacuum
        case RebuildAct.kind, DropIndexAct.kind: indexes
        case "analyze": statistics
        case SettingAct.kind: settings
        default: preconditionFailure("no task of this one makes a change of kind '\(change.kind)'")
        }
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await task(of: change).inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws { try await task(of: change).apply(change, act) }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await task(of: change).prove(change, before: witness, look)
    }
}

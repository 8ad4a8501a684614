import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Proves that the database can be brought back to a chosen moment, and measures what a loss would cost.
package struct TestPointInTime: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("How long the canary is written.", valueName: "span"))
        package var `for`: Duration = .seconds(30)

        @Option(help: ArgumentHelp("The time between two writes.", valueName: "pace"))
        package var every: Duration = .seconds(1)

        @Option(
            help: ArgumentHelp(
                "What the moment is chosen by, to choose the same one again; without it, another one each time.",
                valueName: "number"))
        package var seed: UInt64?

        package init() {}

        package func validate() throws {
            guard every >= .milliseconds(1), every <= .seconds(600) else {
                throw ValidationError("'--every' is from 1ms to 10m")
            }
            guard self.for >= every, self.for <= .seconds(86_400) else {
                throw ValidationError("'--for' is at least as long as '--every', and at most a day")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "recovery.pitr-test",
        summary: "prove that the database can be brought back to a chosen moment",
        explanation: """
            Writes a canary into the database: one row of the table 'mainstay.canary', overwritten at a steady pace and \
            committed each time. Then one more commit and the end of its WAL segment are made, since PostgreSQL refuses \
            to end a recovery at a target it never comes to, and the segment's arrival in the archive is waited for. Of \
            the moments between two commits one is chosen at random, by a number that is shown; pgBackRest restores the \
            newest backup before it into a private PostgreSQL, and the log is replayed to exactly there, by its place in \
            the log (LSN) or by transaction, never by a clock. The copy must hold the commit before that moment and not \
            the one after it. Measured are the recovery point, with the tail of the log that was not archived yet, as a \
            loss of the server at the end of the writing would have cost it, and the recovery time, from the first file \
            to the first query. 'backups.recovery' says what they may be at most; the check 'recovery.drill' warns of \
            what is worse. The role has to be allowed to create the schema 'mainstay' and to call pg_switch_wal().
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("recovery:pitr-test"), .init("maintenance:weekly:pitr-test")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        let session = try await look.database()
        observation.identity = try await DatabaseIdentity.facts(session)
        guard let physical = try await PhysicalPlace(look) else {
            observation.gaps = [.init("point in time", PhysicalNotConfigured(target: look.target))]
            return observation
        }
        _ = try physical.pgBackRest(for: "a recovery to a point in time")
        let info = try await physical.info()
        try await physical.refuseOther(info, session)
        guard let newest = info.newest else {
            throw PhysicalError.noBackup(stanza: physical.settings.stanza)
        }
        guard try await !session.query(Canary.publication).only["yes", as: Bool.self] else {
            throw PhysicalError.canaryPublished
        }
        let last = try await physical.drill()
        observation.evidence = [
            "newest backup": .text(newest.label),
            "last drill": last.map { .text($0.ended.iso8601) } ?? .null,
        ]
        observation.measurements = last?.measurements ?? []
        let database = try await session.query("select current_database()::text as name").only["name", as: String.self]
        observation.changes = [
            Change(
                kind: "recover a copy of", object: database,
                action: .sql(
                    Canary.preparation.map(\.text) + [Canary.beating.text, "select pg_catalog.pg_switch_wal()"]),
                effect: .maintains, lock: .rowExclusive, reversal: "drop table mainstay.canary",
                identity: observation.identity,
                reason: last.map { "the last drill is of \($0.ended)" } ?? "it was never tried",
                estimate: last.map {
                    .init(seconds: ($0.ended - $0.began).inSeconds, source: "the last drill")
                }, priority: .warning)
        ]
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let last = try await PhysicalPlace.needed(look).drill()
        return Inspection(
            identity: try await DatabaseIdentity.facts(try await look.database()),
            witness: ["last drill": last.map { .text($0.runID) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let physical = try await PhysicalPlace.needed(look)
        let place = physical.place
        let key = try await place.keyOrNew()
        let began = look.clock.now()
        var drill = PointInTimeDrill(
            try physical.pgBackRest(for: "a recovery to a point in time"), workDirectory: look.workDirectory,
            superuser: physical.settings.superuser,
            pace: options.every, span: options.for, seed: options.seed ?? UInt64.random(in: 0...UInt64(Int64.max)))
        drill.jobs = look.inventory.backups.jobs
        drill.tell = look.tell
        let canary = Canary(try await act.connection(), clock: look.clock, runID: look.runID)
        let outcome = try await drill.run(canary, database: change.object)
        var record = PointInTimeRecord(
            outcome, target: look.target, stanza: physical.settings.stanza, runID: look.runID, began: began,
            ended: look.clock.now(), countsFor: look.inventory.backups.proveWithin)
        let targets = look.inventory.backupPolicy(of: look.target).recovery
        record.rpoSeconds = targets?.rpo?.inSeconds
        record.rtoSeconds = targets?.rto?.inSeconds
        record.audit = try await look.log.auditHead()?.description
        let signed = record
        let folder = physical.place.folder
        try await Blocking().run { _ in try folder.write(signed, key: key) }
        try await look.log.noteSigned(
            "drill of a point in time", target: look.target, runID: look.runID,
            detail: ["exact": .boolean(outcome.isExact), "path": .text(folder.pointInTimePath)])
    }

    /// Reads the signed record back: only what this run wrote counts.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let record = try await PhysicalPlace.needed(look).drill(), record.runID == look.runID else {
            return .notDone("this run has no record of a recovery")
        }
        let outcome = record.outcome
        guard outcome.isExact else {
            let held = outcome.held.map { "commit \($0)" } ?? "no commit"
            return .notDone(
                "restored to \(outcome.goal), it holds \(held) of the canary, and commit \(outcome.wanted) was the last "
                    + "before that moment")
        }
        return .done(record.facts)
    }
}

extension PointInTimeRecord {
    var measurements: [Measurement] {
        [
            Measurement("recovery.rpo.seconds", target, unit: .seconds, value: outcome.lostSeconds),
            Measurement("recovery.rpo.bytes", target, unit: .bytes, value: Double(outcome.lostBytes)),
            Measurement("recovery.rto.seconds", target, unit: .seconds, value: outcome.recoverySecondsInAll),
        ]
    }

    /// What a run keeps of it.
    var facts: Facts {
        [
            "restored to": .text(outcome.goal), "seed": .text(String(outcome.seed)), "backup": .text(outcome.backup),
            "commits": Scalar(outcome.beats), "holds commit": .integer(outcome.wanted),
            "recovery point seconds": .number(outcome.lostSeconds), "log not archived": .integer(outcome.lostBytes),
            "recovery time seconds": .number(outcome.recoverySecondsInAll),
            "archived after seconds": .number(outcome.archiveSeconds),
        ]
    }
}

import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// What holds a server up, and what of it can be relieved in a way that can be undone.
package struct RelieveBottlenecks: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Mend what can be undone: settings that a reload changes, and indexes that are missing.")
        package var autoFix = false

        @Option(
            help: ArgumentHelp("The memory of the server's machine, where the server may not tell.", valueName: "size"))
        package var memory: ByteCount?

        package init() {}

        package func validate() throws {
            if let memory, memory.bytes < 268_435_456 { throw ValidationError("'--memory' is at least 256M") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.bottlenecks",
        summary: "find what holds the server up, and relieve what can be undone",
        explanation: """
            Puts together what makes a server slower than it need be: statements that take the time or write to disk, \
            locks and old transactions, tables that autovacuum does not keep up with, checkpoints, caches and settings (all \
            of 'db doctor' up to place 149 of the triage), settings that do not fit the machine ('db tune') and indexes \
            that the workload lacks ('db advise-indexes'). Without options it only tells. With '--auto-fix' it does what can \
            be undone by one statement, which stands in the plan and in the record: it sets what counts after a reload, and \
            builds missing indexes without locking anybody out. Nothing is dropped, restarted or rewritten.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("db:bottlenecks"), .init("optimize:bottlenecks")])

    /// Places in the triage that are about time; what comes before is danger, and what comes after is waste.
    static let places = 1..<150

    private let options: Options
    private let settings: TuneSettings
    private let indexes: AdviseIndexes

    package init(_ options: Options) throws {
        self.options = options
        let memory = options.memory.map { ["--memory=\($0.bytes)"] } ?? []
        settings = TuneSettings(try TuneSettings.Options.parse(memory))
        indexes = AdviseIndexes(try AdviseIndexes.Options.parse(["--create"]))
    }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        let lints = LintCatalogue.all.filter { Self.places.contains($0.priority) && $0.code != Lint.unusedIndex.code }
        var doctor = Doctor(lints: lints)
        doctor.most = 20
        let examination = try await doctor.examine(session, now: look.clock.now())
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        observation.gaps = examination.gaps
        for answer in examination.answers {
            observation.findings += answer.findings(at: look.target)
            if answer.total == answer.hits.count { observation.examined.insert(answer.lint.code) }
        }
        observation.listings = [ExamineDatabase.triage(examination)]
        observation.evidence["checks asked"] = Scalar(examination.answers.count)
        observation.merge(try await settings.survey(look))
        observation.merge(try await indexes.survey(look))
        if !options.autoFix {
            for change in observation.changes {
                let finding = told(change, look)
                observation.findings.append(finding)
                // Told and not planned: what is not told any more is over.
                if observation.gaps.isEmpty { observation.examined.insert(finding.code) }
            }
            observation.changes = []
        }
        return observation
    }

    /// A change that nobody asked for is a finding.
    private func told(_ change: Change, _ look: Look) -> Finding {
        Finding(
            code: change.kind == SettingAct.kind ? "DB009" : change.kind == CreateIndexAct.kind ? "DB006" : "DB008",
            severity: change.priority ?? .info, target: look.target, object: change.object, summary: change.reason,
            evidence: ["undo": .text(change.reversal)], mend: change.action.lines.joined(separator: "; ") + ";")
    }

    private func task(of change: Change) -> any MaintenanceTask {
        change.kind == SettingAct.kind ? settings : indexes
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await task(of: change).inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws { try await task(of: change).apply(change, act) }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await task(of: change).prove(change, before: witness, look)
    }
}

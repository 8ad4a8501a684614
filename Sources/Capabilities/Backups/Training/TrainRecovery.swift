import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Settings

/// Lets a person practise a recovery, and finds out whether everything is back.
package struct TrainRecovery: MaintenanceTask {
    package enum Action: String, ExpressibleByArgument, CaseIterable, Sendable {
        case start, check, end
    }

    package struct Options: ParsableArguments, Sendable {
        @Argument(help: "'start' plants a loss, 'check' looks whether everything is back, 'end' removes the server.")
        package var action: Action = .start

        @Option(help: ArgumentHelp("What is lost: 'database-failure' or 'operator-error'.", valueName: "disaster"))
        package var scenario: DrillScenario = .databaseFailure

        @Option(help: ArgumentHelp("Who practises: a name for the record.", valueName: "name"))
        package var team: String?

        @Option(
            help: ArgumentHelp("Which database of the environment; needed where it has several.", valueName: "name"))
        package var resource: String?

        package init() {}

        package func validate() throws {
            guard loss != nil else {
                throw ValidationError("'--scenario' is 'database-failure' or 'operator-error' for a training")
            }
            if let team, team.isEmpty || team.utf8.count > 100 {
                throw ValidationError("'--team' is a name of at most 100 bytes")
            }
        }

        fileprivate var loss: TrainingGround.Loss? {
            switch scenario {
            case .databaseFailure: .database
            case .operatorError: .rows
            default: nil
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "dr.training",
        summary: "let a person practise a recovery, and check it",
        explanation: """
            'start' fills a private PostgreSQL from the newest proved backup, loses something in it on purpose, and shows the \
            task: how to reach the server, where the backup is, what is wanted. 'database-failure' loses the whole \
            database, 'operator-error' the rows of a table that is not named. The server stays until 'end', whatever \
            becomes of this command. 'check' compares every row of every table with what was there before, by digest, says \
            how many things differ, and holds how long it took; it may be asked as often as one likes. 'end' \
            removes the server with all its files. Who practised what, when, and how it went stands signed beside the \
            backups and in the audit trail. The live database is not asked for anything.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("dr:training")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private func isMeant(_ look: Look) throws -> Bool {
        let names = (look.environment?.resources ?? []).filter { $0.kind == .postgresql }.map(\.name)
        guard let name = options.resource else {
            guard names.count == 1 else { throw RestoreRefusal.severalDatabases(look.target.environment, names) }
            return true
        }
        guard names.contains(name) else {
            throw RestoreRefusal.unknownDatabase(name, environment: look.target.environment, names)
        }
        return name == look.target.resource
    }

    private func directory(_ look: Look) -> String {
        "\(look.workDirectory)/training/\(look.target.environment)/\(look.target.resource)"
    }

    private func records(_ look: Look) async throws -> [TrainingRecord] {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { return [] }
        return try await Blocking().run { _ in try place.folder.trainings(key: key) }
    }

    private func open(_ look: Look) async throws -> TrainingRecord? {
        try await records(look).first { $0.ended == nil }
    }

    private func ground(_ look: Look, _ key: BackupKey) -> TrainingGround {
        var ground = TrainingGround(
            BackupPlace(look).folder, key: key, directory: directory(look), programs: look.programs)
        ground.jobs = look.inventory.backups.jobs
        ground.tell = look.tell
        return ground
    }

    package func survey(_ look: Look) async throws -> Observation {
        guard try isMeant(look) else { return Observation() }
        var observation = Observation()
        let open = try await open(look)
        let proved = try await ListedBackup.own(BackupPlace(look), now: look.clock.now()).first { $0.proof == .proved }
        switch (options.action, open) {
        case (.start, let record?):
            observation.gaps = [.init("training", TrainingRefusal.underWay(look.target, since: record.began))]
        case (.check, nil), (.end, nil):
            observation.gaps = [.init("training", TrainingRefusal.none(look.target))]
        case (.start, nil):
            guard let proved else {
                observation.gaps = [.init("training", TrainingRefusal.noBackup(look.target))]
                return observation
            }
            observation.changes = [
                change(
                    options.scenario.rawValue,
                    "restore \(proved.id) into a private PostgreSQL in \(directory(look)), and lose something in it",
                    ["backup": .text(proved.id.description)], reversal: "mainstay dr training end",
                    reason: "somebody practises")
            ]
        case (.check, let record?), (.end, let record?):
            let action =
                options.action == .check
                ? "compare what is in \(record.directory) with what was there, and write down how it went"
                : "end the server in \(record.directory), and remove that directory"
            observation.changes = [
                change(
                    record.runID, action, ["training": .text(record.runID)], reversal: "none is needed",
                    reason: "begun on \(record.began) by \(record.person.printable)")
            ]
        }
        return observation
    }

    private func change(
        _ object: String, _ action: String, _ identity: Facts, reversal: String, reason: String
    ) -> Change {
        Change(
            kind: "\(options.action.rawValue) training", object: object, action: .files(action), effect: .maintains,
            reversal: reversal, identity: identity, reason: reason)
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let open = try await open(look)
        let witness: Facts = ["checks": Scalar(open?.checks.count ?? 0)]
        if options.action == .start {
            return Inspection(identity: open == nil ? change.identity : ["training": "under way"], witness: witness)
        }
        return Inspection(identity: ["training": open.map { .text($0.runID) } ?? "none"], witness: witness)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        let ground = ground(look, key)
        switch options.action {
        case .start:
            // What a killed start has left: nobody was told of it.
            try await ground.end()
            try await start(change, ground, place, key, act)
        case .check:
            guard var record = try await open(look) else { throw TrainingRefusal.none(look.target) }
            look.tell("comparing every row")
            let differences = try await ground.differences(from: record.ground)
            record.checks.append(.init(runID: look.runID, at: look.clock.now(), differences: differences.count))
            try await keep(record, place, key)
            try await note(record, "checked", look)
            try await act.report(Self.found(differences, record, look))
        case .end:
            guard var record = try await open(look) else { throw TrainingRefusal.none(look.target) }
            try await ground.end()
            record.ended = look.clock.now()
            record.endedBy = look.runID
            try await keep(record, place, key)
            try await note(record, "ended", look)
        }
    }

    private func start(
        _ change: Change, _ ground: TrainingGround, _ place: BackupPlace, _ key: BackupKey, _ act: Act
    ) async throws {
        let look = act.look
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text), let loss = options.loss else {
            preconditionFailure("the start of a training names its backup and its loss")
        }
        let made = try await ground.make(id, losing: loss)
        let requester = try await look.log.run(look.runID).requester
        let record = TrainingRecord(
            runID: look.runID, target: look.target, scenario: options.scenario, team: options.team,
            person: requester.name, backup: id, directory: ground.directory, ground: made, began: look.clock.now())
        try await keep(record, place, key)
        try await note(record, "began", look)
        var found = Observation()
        found.listings = [Self.sheet(record, path: place.folder.path(of: id))]
        try await act.report(found)
    }

    private func keep(_ record: TrainingRecord, _ place: BackupPlace, _ key: BackupKey) async throws {
        try await Blocking().run { _ in
            _ = try place.folder.make()
            try place.folder.write(record, key: key)
        }
    }

    private func note(_ record: TrainingRecord, _ what: String, _ look: Look) async throws {
        try await look.log.noteSigned(
            "training \(what), \(record.scenario.rawValue)", target: look.target, runID: look.runID,
            detail: [
                "training": .text(record.runID), "person": .text(record.person),
                "team": record.team.map { .text($0) } ?? .null,
                "differences": record.checks.last.map { Scalar($0.differences) } ?? .null,
            ])
    }

    /// What the person has to do, and not what was lost.
    private static func sheet(_ record: TrainingRecord, path: String) -> Listing {
        let ground = record.ground
        let symptom =
            record.scenario == .databaseFailure
            ? "Nobody can connect to the database '\(ground.database)' any more."
            : "Somebody says that rows are missing from '\(ground.database)', and does not know which."
        let rows = [
            ("what happened", symptom),
            (
                "the server",
                "\(ground.server): psql -h \(ground.socketDirectory) -p \(ground.port) -U \(ground.user) -d postgres"
            ),
            ("the backup", path), ("how to restore by hand", "\(path)/RESTORE.txt"),
            ("what is wanted", "every row of every table of '\(ground.database)' as it was, on this server"),
            ("when you are done", "mainstay dr training check \(record.target.asOptions)"),
            (
                "to give up, or tidy up",
                "mainstay dr training end \(record.target.asOptions)"
            ),
        ]
        return Listing("Your task", ["", "what"], rows.map { [.text($0.0), .text($0.1.printable)] })
    }

    private static func found(_ differences: [String], _ record: TrainingRecord, _ look: Look) -> Observation {
        var observation = Observation()
        let time = (look.clock.now() - record.began).short
        observation.listings = [
            Listing(
                "Training of \(record.target)", ["what"],
                differences.isEmpty
                    ? [[.text("everything is back, \(time) after the start")]]
                    : differences.prefix(10).map { [.text($0.printable)] })
        ]
        if differences.isEmpty {
            observation.measurements = [
                Measurement(
                    "dr.training.seconds", record.target, object: record.scenario.rawValue, unit: .seconds,
                    value: (look.clock.now() - record.began).inSeconds)
            ]
        }
        return observation
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let all = try await records(look)
        switch options.action {
        case .start:
            guard let record = all.first(where: { $0.runID == look.runID }) else {
                return .notDone("this run has made no server to practise on")
            }
            return .done(["training": .text(record.runID), "server": .text(record.directory)])
        case .check:
            let checks = all.flatMap(\.checks).filter { $0.runID == look.runID }
            guard let check = checks.last else { return .notDone("this run has compared nothing") }
            guard check.differences == 0 else {
                let count = check.differences == 1 ? "1 thing is" : "\(check.differences) things are"
                return .failed("\(count) not as before", ["differences": Scalar(check.differences)])
            }
            return .done(["differences": 0])
        case .end:
            guard all.contains(where: { $0.endedBy == look.runID }) else { return .notDone("it has not ended") }
            let path = directory(look)
            let isGone = try await Blocking().run { _ in try Descriptor.isMissing(path) }
            return isGone ? .done(["removed": .text(path)]) : .notDone("'\(path)' is still there")
        }
    }
}

extension Descriptor {
    fileprivate static func isMissing(_ path: String) throws -> Bool {
        do {
            _ = try SafeDirectory(path)
            return false
        } catch  where error.isMissing { return true }
    }
}

/// A training that cannot be begun, checked or ended.
enum TrainingRefusal: MaintenanceError, Hashable {
    case underWay(Target, since: Timestamp)
    case none(Target)
    case noBackup(Target)

    var code: String {
        switch self {
        case .underWay: "dr.training-under-way"
        case .none: "dr.no-training"
        case .noBackup: "dr.training-no-backup"
        }
    }

    var problem: String {
        switch self {
        case .underWay(let target, let since): "a training of '\(target)' is under way since \(since)"
        case .none(let target): "no training of '\(target)' is under way"
        case .noBackup(let target): "no backup of '\(target)' is proved, to practise with"
        }
    }

    var hint: String? {
        switch self {
        case .underWay(let target, _):
            "End it first: mainstay dr training end \(target.asOptions)"
        case .none(let target):
            "Begin one: mainstay dr training start \(target.asOptions)"
        case .noBackup(let target):
            "Take one: mainstay backup run --prove \(target.asOptions)"
        }
    }
}

extension Target {
    /// As a command line names it, where its environment has other databases too.
    fileprivate var asOptions: String {
        "--environment \(environment.shellQuoted)" + (resource.isEmpty ? "" : " --resource \(resource.shellQuoted)")
    }
}

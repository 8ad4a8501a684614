import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay alerts acknowledge ALERT`
struct AcknowledgeAlert: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "acknowledge", "Take an alert on: it is not told again and not escalated until it ends.",
        "Others of its group are still told, and so is what it becomes if it gets worse: that is another alert.")

    @Argument(help: "The alert: its id or the first digits of it, its code, or its place.")
    var alert: String
    @Option(help: ArgumentHelp("What is being done; whoever asks why reads it.", valueName: "text"))
    var comment = ""
    @Option(name: .customLong("for"), help: ArgumentHelp("How long it counts, such as 4h.", valueName: "duration"))
    var length: Duration?
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        if let length, length <= .zero { throw ValidationError("'--for' is longer than nothing") }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let record = try AlertChoice.alert(alert, in: try await session.log.alertState())
        guard record.state != .resolved else { throw AlertsError.isOver(record.short, record.resolvedAt) }
        let now = application.clock.now()
        let acknowledgement = AlertRecord.Acknowledgement(
            by: application.requester.name, comment: comment, at: now, until: length.map { now + $0 })
        let state = try await session.log.note([
            .acknowledged(fingerprint: record.fingerprint, acknowledgement)
        ])
        guard let taken = state.book[record.fingerprint], taken.acknowledgement == acknowledgement else {
            throw AlertsError.isOver(record.short, state.book[record.fingerprint]?.resolvedAt)
        }
        if output.format == .json {
            application.console.print(try JSONText.make(taken))
        } else {
            let until = acknowledgement.until.map { " until \($0)" } ?? ", as long as it lasts"
            application.console.print(
                "mainstay: \(taken.place) \(taken.labels[Labels.Name.alert]) is yours\(until)".printable)
        }
        return .success
    }
}

/// `mainstay alerts silence MATCHER…`
struct SilenceAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "silence", "Tell nobody of what matches, for a while.",
        """
        First it is shown what of the present it covers; '--dry-run' leaves it at that. A silence that covers nothing for a \
        day is a finding, and one lasts at most 90 days.
        """)

    /// Longer than this nobody remembers it.
    static let longest: Duration = .seconds(90 * 86_400)

    @Argument(help: "What it covers, all conditions together: environment=production 'resource=~web|api'.")
    var matchers: [String] = []
    @Option(name: .customLong("for"), help: ArgumentHelp("How long, such as 2h.", valueName: "duration"))
    var length: Duration
    @Option(help: ArgumentHelp("When it begins, such as 2026-12-24T18:00:00Z; now without it.", valueName: "time"))
    var from: Timestamp?
    @Option(help: ArgumentHelp("Why; whoever misses something reads it.", valueName: "text"))
    var comment: String
    @Flag(help: "Show what it would cover, and silence nothing.")
    var dryRun = false
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard length > .zero else { throw ValidationError("'--for' is longer than nothing") }
        guard !comment.trimmingWhitespace().isEmpty else { throw ValidationError("'--comment' says why") }
    }

    func run(in application: Application) async throws -> ExitStatus {
        guard !matchers.isEmpty else { throw AlertsError.noMatcher }
        guard length <= Self.longest else { throw AlertsError.tooLong(length) }
        let conditions = try matchers.map { try Matcher(parsing: $0) }
        let session = try await application.open(place, output)
        let starts = from ?? application.clock.now()
        let silence = Silence(
            id: Identifiers(clock: application.clock).next(), matchers: conditions, starts: starts,
            ends: starts + length,
            author: application.requester.name, comment: comment)
        let covered = try await session.log.alertState().book.alerts.values
            .filter { $0.state != .resolved && silence.covers($0.labels) }.sorted { $0.fingerprint < $1.fingerprint }
        for problem in SilenceSpelling(session.inventory).problems(conditions) { application.console.note(problem) }
        if output.format == .table {
            let console = application.console
            console.print("\(silence.matchers.text) covers \("alert".counted(covered.count)) of now")
            for alert in covered {
                console.print("  \(alert.short) \(alert.place) \(alert.labels[Labels.Name.alert])".printable)
            }
        }
        if !dryRun { _ = try await session.log.note([.silenced(silence)]) }
        switch output.format {
        case .json: application.console.print(try JSONText.make(silence))
        case .csv, .table, .nagios:
            application.console.print(
                dryRun
                    ? "mainstay: nothing is silenced yet"
                    : "mainstay: silent until \(silence.ends); end it: mainstay alerts unsilence \(silence.id)")
        }
        return .success
    }
}

/// `mainstay alerts unsilence SILENCE`
struct UnsilenceAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "unsilence", "End a silence.", "What it hid and still fires is told at the next tick of its group.")

    @Argument(help: "The silence's id.")
    var silence: String
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let known = try await session.log.alertState().silences
        let now = application.clock.now()
        guard let found = known[silence] else {
            throw AlertsError.noSuchSilence(silence, known: known.values.filter { now < $0.ends }.map(\.id).sorted())
        }
        guard now < found.ends else { throw AlertsError.silenceIsOver(silence, found.ends) }
        let state = try await session.log.note([.unsilenced(id: silence)])
        if output.format == .json {
            application.console.print(try JSONText.make(state.silences[silence]))
        } else {
            application.console.print("mainstay: \(found.matchers.text) is not silenced any more")
        }
        return .success
    }
}

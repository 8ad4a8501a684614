import ArgumentParser
import Engine
import Maintenance
import Settings

/// `mainstay runs`
package struct RunsCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "runs", "List the last runs, the newest first.")

    @Option(help: ArgumentHelp("How many at most.", valueName: "count"))
    package var most = 20
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard (1...10_000).contains(most) else { throw ValidationError("'--most' is between 1 and 10,000") }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let runs = try await session.log.recentRuns(most: most)
        let listing = Listing(
            "Runs", ["run", "what", "environments", "state", "started", Listing.Column("took", .seconds)],
            runs.map { run in
                let took = run.endedAt.map { ($0 - run.startedAt).inSeconds }
                return [
                    .text(run.id), .text(run.command + (run.isDryRun ? " (dry run)" : "")),
                    .text(run.environments.joined(separator: ", ")), .text(run.state.rawValue),
                    .text(run.startedAt.description), took.map(Scalar.number) ?? .null,
                ]
            })
        try session.print(listing, document: runs, empty: "No run yet: 'mainstay run daily --all-environments'.")
        return .success
    }
}

extension RunRecord {
    /// As typed: `db update-stats`.
    fileprivate var command: String { name.split(separator: ".").joined(separator: " ") }
}

/// `mainstay show RUN`
package struct ShowCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "show", "Show one run: its steps, what they found, and every change with its proof.")

    @Argument(help: "The run's id, a part of it, or 'latest'.", completion: .known)
    package var run = "latest"
    @Flag(help: "Show the journal too: every move of every change.")
    package var journal = false
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let record = try await session.log.run(run)
        let summary = RunSummary(
            run: record, steps: try await session.log.steps(of: record.id),
            changes: try await session.log.changes(of: record.id))
        try session.show(summary)
        if journal {
            let entries = try await session.log.journal(of: record.id)
            let listing = Listing(
                "Journal", ["time", "step", "change", "from", "to", "detail"],
                entries.map { entry in
                    let facts = entry.detail.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    return [
                        .text(entry.at.iso8601), Scalar(entry.step), Scalar(entry.change), .text(entry.from.rawValue),
                        .text(entry.to.rawValue), .text(facts.joined(separator: ", ")),
                    ]
                })
            try session.print(listing, document: entries, empty: "The run has changed nothing.")
        }
        return .success
    }
}

/// `mainstay resume RUN`
package struct ResumeCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "resume", "Go on with a run that was killed, interrupted or left uncertain.",
        "What a crash left open is looked for at the target first: a change that was made stays made and "
            + "is not made again, one that was not is made now, and where nobody can tell you are asked. An "
            + "answer is about one change, and counts only where it was asked for.")

    @Argument(help: "The run's id, a part of it, or 'latest'.", completion: .known)
    package var run = "latest"
    @Option(
        help: ArgumentHelp("What you found about a change that nothing else can decide about.", valueName: "verdict"))
    package var decide: Decision?
    @Option(
        help: ArgumentHelp(
            "Which change that is about, as 'show' numbers it; needed where more than one is undecided.",
            valueName: "step.change"))
    package var change: ChangePlace?
    @Option(help: ArgumentHelp("Exit with 3 where there are findings this severe.", valueName: "severity"))
    package var failOn: FailOn = .critical
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard change == nil || decide != nil else { throw ValidationError("'--change' belongs to '--decide'") }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        try await application.open(place, output).resume(run, decide, about: change, failOn: failOn)
    }
}

extension Decision: ExpressibleByArgument {}

extension ChangePlace: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

/// `mainstay findings`
package struct FindingsCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "findings", "List what is wrong or worth knowing, the worst first.")

    @Option(help: "Only of this severity or above.")
    package var severity: Severity = .info
    @OptionGroup(title: "Where") package var environments: EnvironmentOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let names = try session.inventory.select(environments, for: .estate)
        let open = try await session.log.openFindings().filter { record in
            record.finding.severity >= severity
                && (record.finding.target.environment.isEmpty || names.contains(record.finding.target.environment))
        }
        switch output.format {
        case .table:
            let text = FindingText(
                style: session.style, width: session.console.width, isVerbose: output.verbose)
            for record in open {
                for line in text.lines([record.finding]) { session.console.print(line) }
                session.console.print(session.style.dim("    since \(record.firstSeen)"))
            }
            let count = open.count
            session.console.print("mainstay: \(count == 0 ? "no" : "\(count)") open finding\(count == 1 ? "" : "s")")
        default:
            let listing = Listing(
                "Findings", ["severity", "code", "environment", "resource", "object", "summary", "mend", "since"],
                open.map { record in
                    let finding = record.finding
                    return [
                        .text(finding.severity.rawValue), .text(finding.code), .text(finding.target.environment),
                        .text(finding.target.resource), finding.object.map(Scalar.text) ?? .null,
                        .text(finding.summary), finding.mend.map(Scalar.text) ?? .null,
                        .text(record.firstSeen.iso8601),
                    ]
                })
            try session.print(listing, document: open, empty: "")
        }
        return .success
    }
}

extension Session {
    /// One table in the format that was asked for; JSON is the document, not the table.
    package func print(_ listing: Listing, document: some Encodable, empty: String) throws {
        try application.console.print(listing, document: document, as: output.format, empty: empty)
    }
}

extension Console {
    /// One table in the format that was asked for; JSON is the document, not the table.
    package func print(_ listing: Listing, document: some Encodable, as format: OutputFormat, empty: String) throws {
        switch format {
        case .json: print(try JSONText.make(document))
        case .csv:
            print(CSVText.line(listing.columns.map(\.name)))
            for row in listing.rows { print(CSVText.line(row.map { $0 == .null ? "" : $0.description })) }
        case .table, .nagios:
            guard !listing.rows.isEmpty else { return empty.isEmpty ? () : print(empty) }
            for line in listing.table(width: width).lines(Style(usesColor: usesColor)) { print(line) }
        }
    }
}

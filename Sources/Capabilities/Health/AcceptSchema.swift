import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// `mainstay health accept-schema`
struct AcceptSchema: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "accept-schema", "Accept the schema as it is now, after showing what differs from the accepted one.",
        "The check 'schema.integrity' compares with what is accepted here; who accepted it and when is kept. "
            + "With '--dry-run' the difference is only shown.")

    @Flag(help: "Only show the difference.")
    var dryRun = false
    @Option(help: ArgumentHelp("How many differences of each database are shown at most.", valueName: "count"))
    var most = 100
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard (1...1_000_000).contains(most) else { throw ValidationError("'--most' is between 1 and 1,000,000") }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let kind = TaskDeclaration.Subject.resources([.postgresql])
        let names = try session.inventory.select(environments, for: kind)
        var results: [Result] = []
        for target in session.inventory.targets(of: kind, in: names) {
            results.append(try await accept(target, session, application))
        }
        guard !results.isEmpty else { throw NoDatabaseToAccept(environments: names) }
        switch output.format {
        case .table, .nagios: for line in results.flatMap({ $0.lines(most: most) }) { application.console.print(line) }
        case .json, .csv:
            let listing = Listing(
                "Accepted schemas",
                [
                    "environment", "resource", "outcome", "digest", "previous digest",
                    Listing.Column("differences", .count),
                ],
                results.map { result in
                    [
                        .text(result.target.environment), .text(result.target.resource),
                        .text(result.outcome.rawValue), .text(result.digest),
                        result.previousDigest.map(Scalar.text) ?? .null, Scalar(result.differences.count),
                    ]
                })
            try application.console.print(listing, document: results, as: output.format, empty: "")
        }
        return .success
    }

    private func accept(_ target: Target, _ session: Session, _ application: Application) async throws -> Result {
        guard let resource = session.inventory[target], case .postgresql(let access) = resource.access else {
            preconditionFailure("\(target) was chosen as a database and is none")
        }
        let address = try await access.address(with: application.programs)
        let listing = try await CatalogListing.read(
            address, settings: resource.connectionSettings(applicationName: "mainstay accept-schema"))
        let accepted = try await AcceptedSchema.read(session.log, target)
        var result = Result(
            target: target, outcome: .first, digest: listing.digest, previousDigest: accepted?.baseline.digest,
            previouslyAccepted: accepted.map { "by \($0.baseline.acceptedBy), \($0.baseline.acceptedAt)" },
            entries: listing.entries.count, differences: [])
        switch accepted?.comparison(with: listing) {
        case nil: break
        case .same?:
            result.outcome = .unchanged
            return result
        case .incomparable?: result.outcome = .accepted
        case .different(let differences)?:
            result.outcome = .accepted
            result.differences = differences
        }
        if dryRun {
            result.outcome = .shown
        } else {
            let requester = application.requester
            let person = requester.sudoUser.map { "\($0) (as \(requester.user))" } ?? requester.user
            try await session.log.accept(
                try AcceptedSchema.baseline(
                    listing, at: target, by: "\(person) at \(requester.host)", application.clock.now()))
        }
        return result
    }

    /// What came of one database.
    struct Result: Encodable {
        var target: Target
        var outcome: Outcome
        var digest: String
        var previousDigest: String?
        var previouslyAccepted: String?
        var entries: Int
        var differences: [CatalogDifference]

        enum Outcome: String, Encodable {
            case first = "accepted for the first time"
            case accepted
            case unchanged
            case shown = "not accepted (dry run)"
        }

        func lines(most: Int) -> [String] {
            let what = "\(entries.grouped) entries, digest \(digest.prefix(12))"
            var lines = differences.prefix(most).map { "  \($0)" }
            if differences.count > most { lines.append("  and \(differences.count - most) more") }
            if let previouslyAccepted, outcome != .unchanged {
                let count = differences.isEmpty ? "listed differently from" : "\(differences.count) differences from"
                lines.insert("\(target): \(count) the schema accepted \(previouslyAccepted.printable)", at: 0)
            }
            lines.append("\(target): \(outcome.rawValue) (\(what))")
            return lines
        }
    }
}

/// The chosen environments have no database.
struct NoDatabaseToAccept: MaintenanceError {
    var environments: [String]

    var code: String { "health.no-database" }
    var problem: String {
        "no database stands in \(environments.map { "'\($0.printable)'" }.joined(separator: ", "))"
    }
    var exitStatus: ExitStatus { .usage }
}

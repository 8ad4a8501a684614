import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import Outside
import PostgreSQL
import Settings

/// `mainstay health accept-settings`
struct AcceptSettings: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "accept-settings", "Accept the servers' settings as they are now, after showing what differs.",
        "The check 'settings.accepted' compares with what is accepted here; who accepted it and when is kept. "
            + "With '--dry-run' the difference is only shown.")

    @Flag(help: "Only show the difference.")
    var dryRun = false
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let kind = TaskDeclaration.Subject.resources([.postgresql])
        let names = try session.inventory.select(environments, for: kind)
        var results: [Result] = []
        for target in session.inventory.targets(of: kind, in: names) {
            results.append(try await accept(target, session, application))
        }
        guard !results.isEmpty else { throw NoDatabaseToAccept(environments: names) }
        let listing = Listing(
            "Accepted settings", ["environment", "resource", "outcome", "setting"],
            results.flatMap { result in
                (result.differences.isEmpty ? [""] : result.differences).map { difference in
                    [
                        .text(result.target.environment), .text(result.target.resource),
                        .text(result.outcome.rawValue), .text(difference),
                    ]
                }
            })
        try application.console.print(listing, document: results, as: output.format, empty: "")
        return .success
    }

    private func accept(_ target: Target, _ session: Session, _ application: Application) async throws -> Result {
        guard let resource = session.inventory[target], case .postgresql(let access) = resource.access else {
            preconditionFailure("\(target) was chosen as a database and is none")
        }
        let address = try await access.address(with: application.programs)
        let settings = resource.connectionSettings(applicationName: "mainstay accept-settings")
        let now = try await SurveySession.with(address, settings) { try await ServerSettings.read($0) }
        var result = Result(target: target, outcome: .first, settings: now.values.count, differences: [])
        if let baseline = try await session.log.baseline(ServerSettings.subject, target) {
            let old = try JSONDecoder().decode(ServerSettings.self, from: Data(baseline.content.utf8))
            result.differences = now.differences(from: old)
            result.outcome = now == old ? .unchanged : .accepted
        }
        guard result.outcome != .unchanged else { return result }
        if dryRun {
            result.outcome = .shown
        } else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let requester = application.requester
            let person = requester.sudoUser.map { "\($0) (as \(requester.user))" } ?? requester.user
            try await session.log.accept(
                Baseline(
                    subject: ServerSettings.subject, target: target, digest: now.digest,
                    content: String(decoding: try encoder.encode(now), as: UTF8.self),
                    acceptedBy: "\(person) at \(requester.host)", acceptedAt: application.clock.now()))
        }
        return result
    }

    /// What came of one database.
    struct Result: Encodable {
        var target: Target
        var outcome: Outcome
        var settings: Int
        var differences: [String]

        enum Outcome: String, Encodable {
            case first = "accepted for the first time"
            case accepted
            case unchanged
            case shown = "not accepted (dry run)"
        }
    }
}

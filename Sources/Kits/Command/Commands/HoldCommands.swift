import ArgumentParser
import Engine
import Maintenance
import Outside
import Settings

/// An environment, or all of them.
package struct HoldTarget: ParsableArguments, Sendable {
    @Argument(help: "The environment.", completion: .known)
    package var environment: String?
    @Flag(help: "Everything, all environments and what concerns none of them alone.")
    package var everything = false

    package init() {}

    package func validate() throws {
        guard (environment == nil) == everything else {
            throw ValidationError(
                everything
                    ? "an environment and '--everything' exclude each other"
                    : "name an environment, or say '--everything'")
        }
    }

    /// As holds name it; throws where there is no such environment.
    func name(in inventory: Inventory) throws -> String {
        guard let environment else { return "" }
        let known = inventory.environments.map(\.name)
        guard known.contains(environment) else { throw CommandError.noSuchEnvironment(environment, known: known) }
        return environment
    }
}

/// `mainstay hold ENVIRONMENT --reason TEXT`
package struct HoldCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "hold", "Keep everything from being changed in an environment, or anywhere, until it is released.",
        "What only looks goes on; what has begun goes on to its end. Who held what and why is in the audit trail.")

    @OptionGroup(title: "What") package var target: HoldTarget
    @Option(help: ArgumentHelp("Why; whoever is refused reads it.", valueName: "text"))
    package var reason: String
    @Option(help: ArgumentHelp("When it ends by itself, such as 2026-12-24T18:00:00Z.", valueName: "time"))
    package var until: Timestamp?
    @Option(name: .customLong("for"), help: ArgumentHelp("How long it lasts, such as 2h.", valueName: "duration"))
    package var length: Duration?
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard !reason.trimmingWhitespace().isEmpty else { throw ValidationError("'--reason' says why") }
        guard until == nil || length == nil else { throw ValidationError("'--until' and '--for' exclude each other") }
        if let length, length <= .zero { throw ValidationError("'--for' is longer than nothing") }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let now = application.clock.now()
        let end = until ?? length.map { now + $0 }
        if let end, end <= now { throw HoldError.endsInThePast(end) }
        let hold = Hold(
            environment: try target.name(in: session.inventory), reason: reason, by: application.requester,
            since: now, until: end)
        try await session.log.hold(hold)
        session.leave(try await session.log.auditHead(), after: "hold of \(hold.what)")
        if output.format == .json {
            session.console.print(try JSONText.make(hold))
        } else {
            let end = hold.until.map { " until \($0)" } ?? ""
            session.console.print("mainstay: \(hold.what) is on hold\(end); release it: \(hold.releaseCommand)")
        }
        return .success
    }
}

/// `mainstay release ENVIRONMENT`
package struct ReleaseCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "release", "End a hold, so that things are changed there again.",
        "What was refused meanwhile is not made up for; run it again.")

    @OptionGroup(title: "What") package var target: HoldTarget
    @Option(help: ArgumentHelp("Why; kept in the audit trail.", valueName: "text"))
    package var reason: String?
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        // An environment that is gone from the configuration can still be released.
        let hold = try await session.log.release(target.environment ?? "", reason: reason)
        session.leave(try await session.log.auditHead(), after: "release of \(hold.what)")
        if output.format == .json {
            session.console.print(try JSONText.make(hold))
        } else {
            session.console.print(
                "mainstay: \(hold.what) is released; it was on hold for "
                    + "\((application.clock.now() - hold.since).short): \(hold.reason.printable)")
        }
        return .success
    }
}

/// `mainstay holds`
package struct HoldsCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house("holds", "List what is on hold, and why.")

    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let now = application.clock.now()
        let holds = try await session.log.holds().filter { !$0.isOver(at: now) }
        let listing = Listing(
            "Holds", ["what", "by", "since", "until", "reason"],
            holds.map { hold in
                [
                    .text(hold.what), .text(hold.by.name), .text(hold.since.description),
                    hold.until.map { .text($0.description) } ?? .null, .text(hold.reason),
                ]
            })
        try session.print(listing, document: holds, empty: "Nothing is on hold.")
        return .success
    }
}

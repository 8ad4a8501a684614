import ArgumentParser
import Engine
import Maintenance
import Settings

/// `mainstay approvals …`: alone it lists, since that is what people come for.
package enum ApprovalsGroup: CommandFamily {
    package static let name = "approvals"
    package static let summary = "List what waits for an approval, and show the plans."
    package static var commands: [any ParsableCommand.Type] { [ApprovalsListCommand.self, ApprovalsShowCommand.self] }
    package static var standard: (any ParsableCommand.Type)? { ApprovalsListCommand.self }
}

package struct ApprovalsListCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "list", "List what waits for an approval, the oldest first.")

    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let waiting = try await session.approvals.waiting()
        guard output.format == .table, !waiting.isEmpty else {
            let listing = Listing(
                "Approvals", ["approval", "state", "run", "step", "task", "target", "asked by", "until", "missing"],
                waiting.map { standing in
                    let request = standing.ballot.request
                    return [
                        .text(request.id), .text(standing.state.rawValue), .text(request.runID), Scalar(request.step),
                        .text(request.plan.task), .text(request.plan.target.description), .text(request.asked),
                        .text(request.expiresAt.iso8601), .text(standing.missing),
                    ]
                })
            try session.print(listing, document: waiting, empty: "Nothing waits for an approval.")
            return .success
        }
        for standing in waiting {
            for line in ApprovalText(style: session.style, width: session.console.width).lines(standing) {
                session.console.print(line)
            }
        }
        return .success
    }
}

package struct ApprovalsShowCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "show", "Show a request: its plan to the letter, and what people said to it.")

    @Argument(
        help: ArgumentHelp(
            "The approval, the beginning of its name, or a run with waiting steps.", valueName: "approval"))
    package var id: String
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        var shown: [Approvals.Standing] = []
        for name in try await session.meant(id) { shown.append(try await session.approvals.named(name)) }
        guard output.format == .table else {
            let rows: [[Scalar]] = shown.map { [.text($0.ballot.request.id), .text($0.state.rawValue)] }
            let listing = Listing("Approval", ["approval", "state"], rows)
            guard let only = shown.first, shown.count == 1 else {
                try session.print(listing, document: shown, empty: "")
                return .success
            }
            try session.print(listing, document: only, empty: "")
            return .success
        }
        let text = ApprovalText(style: session.style, width: session.console.width)
        for (index, standing) in shown.enumerated() {
            let request = standing.ballot.request
            let plan = PlanText(style: session.style, width: session.console.width).lines(request.plan)
            for line in (index == 0 ? [] : [""]) + plan + ["", "plan \(request.plan.digest)", ""] + text.lines(standing)
            {
                session.console.print(line)
            }
        }
        return .success
    }
}

/// `mainstay approve APPROVAL`
package struct ApproveCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "approve", "Approve a plan that waits; look at it with 'mainstay approvals show' first.",
        """
        The approval is bound to exactly that plan: when the run goes on, the target is looked at again, and what \
        differs is refused. With '--next 4' it also counts for the next occurrences of the same task at the same \
        target, as long as they change no object and in no way that this plan does not.
        """)

    @Argument(
        help: ArgumentHelp(
            "The approval, the beginning of its name, or a run with waiting steps.", valueName: "approval"))
    package var id: String
    @Option(help: ArgumentHelp("Why; kept in the audit trail.", valueName: "text"))
    package var reason: String?
    @Option(help: ArgumentHelp("For how many occurrences, this one being the first.", valueName: "count"))
    package var next = 1
    @Flag(
        help:
            "It may start at once, outside of its window: an emergency window has to be open, and '--reason' says why.")
    package var emergency = false
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard (1...366).contains(next) else { throw ValidationError("'--next' is between 1 and 366") }
        guard emergency else { return }
        guard next == 1 else { throw ValidationError("'--emergency' is for one start, without '--next'") }
        guard reason?.trimmingWhitespace().isEmpty == false else {
            throw ValidationError("'--emergency' needs '--reason', which says why it cannot wait")
        }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let approvals = session.approvals
        var given: [Approvals.Standing] = []
        for name in try await session.meant(id) {
            given.append(try await approvals.approve(name, next: next, reason: reason, isEmergency: emergency))
        }
        session.leave(
            try await session.log.auditHead(),
            after: "approval \(given.map(\.ballot.request.id).joined(separator: ", "))")
        if output.format == .json {
            session.console.print(try JSONText.make(given))
            return .success
        }
        for standing in given {
            let request = standing.ballot.request
            let rest = standing.missing.isEmpty ? "" : "; still missing: \(standing.missing)"
            session.console.print("mainstay: \(request.id) is approved for \(request.plan.target)\(rest)")
        }
        if let request = given.last?.ballot.request, given.allSatisfy(\.missing.isEmpty) {
            // What was given for several occurrences has a time of its own.
            if next == 1 {
                session.console.print("it counts until \(request.expiresAt); what has not started then is asked anew")
            }
            session.console.print("go on: mainstay resume \(request.runID)")
        }
        return .success
    }
}

/// `mainstay reject APPROVAL --reason TEXT`
package struct RejectCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "reject", "Reject a plan that waits, for good, or withdraw what an approval still allows.")

    @Argument(
        help: ArgumentHelp(
            "The approval, the beginning of its name, or a run with waiting steps.", valueName: "approval"))
    package var id: String
    @Option(help: ArgumentHelp("Why; kept in the audit trail.", valueName: "text"))
    package var reason: String
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard !reason.trimmingWhitespace().isEmpty else { throw ValidationError("'--reason' says why") }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        var rejected: [ApprovalRequest] = []
        for name in try await session.meant(id) {
            rejected.append(try await session.approvals.reject(name, reason: reason))
        }
        session.leave(
            try await session.log.auditHead(), after: "rejection \(rejected.map(\.id).joined(separator: ", "))")
        if output.format == .json {
            session.console.print(try JSONText.make(rejected))
        } else {
            for request in rejected {
                session.console.print(
                    "mainstay: \(request.id) is rejected; nothing of it starts (\(request.plan.target))")
            }
        }
        return .success
    }
}

extension Session {
    var approvals: Approvals { Approvals(log: log, inventory: inventory) }

    /// All that waits in a run, where a run is named; else the one approval.
    fileprivate func meant(_ name: String) async throws -> [String] {
        guard name == "latest" || name.contains("-") else { return [name] }
        let ids = try await approvals.waiting(inRun: name)
        guard !ids.isEmpty else { throw ApprovalError.nothingWaits(run: name) }
        return ids
    }
}

extension ApprovalRequest {
    /// `ann on db1`.
    var asked: String { requesters.map { "\($0.name) on \($0.host)".printable }.joined(separator: ", ") }
}

/// A request as people read it.
struct ApprovalText {
    var style: Style
    var width: Int?

    func lines(_ standing: Approvals.Standing) -> [String] {
        let request = standing.ballot.request
        let task = request.plan.task.split(separator: ".").joined(separator: " ")
        var facts = ["\(PlanText.count(request.plan.changes.count)), \(effects(request.plan))"]
        facts.append("asked by \(request.asked)")
        if standing.state == .waiting { facts.append("waits until \(request.expiresAt)") }
        if standing.state == .expired { facts.append("expired at \(request.expiresAt)") }
        var lines = ["\(style.bold(request.id))  \(task) on \(request.plan.target)"]
        lines += "run \(request.runID), step \(request.step)".wrapped(to: width, indent: "  ")
        lines += facts.joined(separator: "; ").wrapped(to: width, indent: "  ")
        for approval in standing.ballot.approvals {
            let more =
                approval.isEmergency
                ? " to start at once" : approval.next > 1 ? " for \(approval.next) occurrences" : ""
            let why = approval.reason.map { ": \($0.printable)" } ?? ""
            lines += "approved by \(approval.by.name.printable) at \(approval.at)\(more)\(why)".wrapped(
                to: width, indent: "  ")
        }
        if let rejection = standing.ballot.rejection {
            lines += "rejected by \(rejection.by.name.printable): \(rejection.reason.printable)"
                .wrapped(to: width, indent: "  ")
        }
        if standing.state == .waiting, request.isOnlyForEmergency {
            let opens = request.plan.packing?.nextWindow.map { "in the window that opens \($0)" }
            lines += "starts \(opens ?? "in no window by itself"); to start at once:".wrapped(to: width, indent: "  ")
        } else if standing.state == .waiting {
            lines += "missing: \(standing.missing)".wrapped(to: width, indent: "  ")
        }
        return lines + [command(standing)].compactMap { $0 }.map { "  \(style.dim($0))" }
    }

    private func command(_ standing: Approvals.Standing) -> String? {
        switch standing.state {
        case .waiting where standing.ballot.request.isOnlyForEmergency:
            "mainstay approve \(standing.ballot.request.id) --emergency --reason TEXT"
        case .waiting: "mainstay approve \(standing.ballot.request.id)"
        case .approved, .expired: "mainstay resume \(standing.ballot.request.runID)"
        case .rejected, .over: nil
        }
    }

    /// `1 destroys, 2 maintains`.
    private func effects(_ plan: Plan) -> String {
        Effect.allCases.reversed().compactMap { effect in
            let count = plan.changes.count { $0.effect == effect }
            return count == 0 ? nil : "\(count) \(effect.rawValue)"
        }.joined(separator: ", ")
    }
}

import ArgumentParser
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay audit …`
package enum AuditGroup: CommandFamily {
    package static let name = "audit"
    package static let summary = "Read and verify the audit trail: who asked, approved, changed, signed, configured."
    package static var commands: [any ParsableCommand.Type] { [AuditLogCommand.self, AuditVerifyCommand.self] }
}

package struct AuditLogCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "log", "List the entries of the audit trail, the newest first.",
        "Runs that only look, and dry runs, are not in it: 'mainstay runs' lists all.")
    package static let aliases = [TaskDeclaration.Alias("maintenance:log:activities")]

    @Option(help: ArgumentHelp("Only entries of this last while.", valueName: "duration"))
    package var since: Duration?
    @Option(help: ArgumentHelp("Only what this person did, as user or behind sudo.", valueName: "user"))
    package var actor: String?
    @Option(help: ArgumentHelp("Only of this kind; may be given several times.", valueName: "what"))
    package var kind: [AuditKind] = []
    @Option(help: ArgumentHelp("How many at most.", valueName: "count"))
    package var most = 50
    @OptionGroup(title: "Where") package var environments: EnvironmentOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard (1...100_000).contains(most) else { throw ValidationError("'--most' is between 1 and 100,000") }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let isAll = environments.names.isEmpty
        let entries = try await session.log.audit(
            AuditFilter(
                since: since.map { application.clock.now() - $0 },
                environments: isAll ? nil : try session.inventory.select(environments, for: .estate), actor: actor,
                kinds: kind.isEmpty ? nil : kind, most: most))
        let listing = Listing(
            "Audit", ["no", "time", "who", "what", "where", "about"],
            entries.map { entry in
                // Words without spaces, so that a narrow terminal breaks only the last column.
                [
                    .integer(entry.number), .text(String(entry.at.iso8601.prefix(16)) + "Z"),
                    .text(entry.actor.sudoUser.map { "\($0)(\(entry.actor.user))" } ?? entry.actor.user),
                    .text(entry.kind.rawValue), .text(entry.place), .text(entry.about),
                ]
            })
        try session.print(listing, document: entries, empty: "Nothing was asked, approved or changed yet.")
        return .success
    }
}

extension AuditKind: ExpressibleByArgument {}

extension AuditEntry {
    /// How it came out, where the kind alone does not say it.
    fileprivate var outcome: String? {
        guard case .text(let state)? = detail["state"] else { return nil }
        return state
    }

    fileprivate var place: String { target == .estate ? "" : target.description }

    fileprivate var about: String {
        let facts = ["reason", "tasks"].compactMap { detail[$0]?.description }.filter { !$0.isEmpty }
        let name = approval.map { "\(subject) (\($0))" } ?? subject
        return ([outcome, name].compactMap(\.self) + facts).joined(separator: ": ")
    }
}

package struct AuditVerifyCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "verify", "Verify the audit trail: an entry that was edited, deleted, moved or inserted is named.",
        """
        A tail that was cut off, or a chain that was rewritten as a whole, shows only against a head that was kept \
        elsewhere: every report, every certificate and the system log has one ('audit:1234:…'). Exit status 1 where \
        anything is not as it was written.
        """)

    @Option(
        help: ArgumentHelp(
            "A head kept elsewhere, its hash, or a file in which heads stand; may be given several times.",
            valueName: "head"))
    package var against: [String] = []
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.openState(place, output).session
        let anchors = try against.flatMap(Self.anchors)
        let verdict = try await session.log.verifyAudit(against: anchors)
        switch output.format {
        case .json: session.console.print(try JSONText.make(verdict))
        case .csv:
            session.console.print(CSVText.line(["entry", "problem"]))
            for problem in verdict.problems {
                session.console.print(
                    CSVText.line([problem.number.map(String.init) ?? "", problem.description]))
            }
        case .table, .nagios:
            for line in lines(verdict, anchors: anchors.count) {
                for part in line.wrapped(to: session.console.width) { session.console.print(part) }
            }
        }
        return verdict.isSound ? .success : .failure
    }

    private func lines(_ verdict: AuditChain.Verdict, anchors: Int) -> [String] {
        var lines = verdict.problems.map(\.description)
        if verdict.further > 0 { lines.append("and \(verdict.further.grouped) more of the same") }
        let count = verdict.entries == 1 ? "1 entry" : "\(verdict.entries.grouped) entries"
        let kept = anchors == 0 ? "" : ", \(verdict.confirmed) of \("head".counted(anchors)) kept elsewhere found"
        let trail =
            verdict.isSound ? "the audit trail is as it was written" : "the audit trail is not as it was written"
        lines.append("mainstay: \(trail): \(count)\(kept)")
        if let head = verdict.head, !output.quiet { lines.append("head \(head)") }
        return lines
    }

    /// What a person may give: a head, its hash alone (whole, or at least twelve digits), or a file's path.
    private static func anchors(_ text: String) throws -> [AuditChain.Anchor] {
        let lower = text.lowercased()
        if let match = lower.wholeMatch(of: /(?:audit:)?([0-9]{1,18}):([0-9a-f]{12,64})/) {
            return [.init(number: Int64(match.output.1), hash: String(match.output.2))]
        }
        if lower.wholeMatch(of: /[0-9a-f]{12,64}/) != nil { return [.init(hash: lower)] }
        guard let data = FileManager.default.contents(atPath: text) else {
            throw CommandError.noAuditHead(text, isFile: false)
        }
        var found: [AuditHead] = []
        for head in AuditHead.all(in: String(decoding: data, as: UTF8.self)) where !found.contains(head) {
            found.append(head)
        }
        guard !found.isEmpty else { throw CommandError.noAuditHead(text, isFile: true) }
        return found.map { .init(number: $0.number, hash: $0.hash, source: text) }
    }
}

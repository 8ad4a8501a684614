import ArgumentParser
import Backup
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Page
import Report
import Settings

/// Writes the disaster recovery plan anew from what is known.
package struct UpdatePlans: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "Write this file, and a page beside it; without it 'recovery-plan.md' among the reports.",
                valueName: "file"), completion: .file(extensions: ["md"]))
        package var output: LocalPath?

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "dr.update-plans",
        summary: "write the disaster recovery plan from what is known",
        explanation: """
            Writes the plan for the day after a disaster as Markdown, and the same as a page: which databases there are, \
            where their backups and copies lie, what a new host needs, the exact commands in their order, the files, whom \
            the configuration names, and how long drills and proofs took. It asks no database. The same facts give the same \
            bytes; what would change is shown line by line first, and where nothing does, nothing is written. What people \
            write between '<!-- yours: NAME -->' and '<!-- end of yours -->' stays, also where its place is gone. A file \
            that was not written by this command is left alone.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [.init("dr:update-plans", implied: ["--latest-procedures"])])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private struct Written: Sendable {
        var path: String
        var old: String?
        var text: String
        var page: [UInt8]

        var pagePath: String { path.hasSuffix(".md") ? "\(path.dropLast(3)).html" : "\(path).html" }
    }

    /// Nothing larger is a plan.
    private static let limit = 16 * 1_048_576

    private func written(_ look: Look) async throws -> Written {
        let path = options.output?.path ?? "\(ReportFolder(look).path)/recovery-plan.md"
        let old = try await Blocking().run { _ in try Self.text(path) }
        if let old, !old.utf8.starts(with: PlanText.mark.utf8) { throw PlanError.notOurs(path: path) }
        let kept = try old.map { try KeptText(reading: $0, path: path) } ?? KeptText()
        let plan = try await RecoveryPlan(look).text
        let written = Written(path: path, old: old, text: plan.markdown(kept), page: plan.html(kept).bytes)
        let page = try await Blocking().run { _ in try Self.text(written.pagePath) }
        let mark = ("\(PlanText.pageMark)" as HTML).text
        if let page, ![mark, PlanText.pageMark].contains(where: page.containsBytes) {
            throw PlanError.notOurs(path: written.pagePath)
        }
        return written
    }

    /// The whole of a file; nil where there is none.
    ///
    /// - Throws: `PlanError.unreadable` where a part of it would be lost, `FileError`.
    private static func text(_ path: String) throws -> String? {
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try Descriptor.open(path).contents(limit: limit) } catch {
            guard error.isMissing else { throw error }
            return nil
        }
        guard let bytes else { throw PlanError.unreadable(path: path, reason: "it is longer than a plan can be") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PlanError.unreadable(path: path, reason: "it is no UTF-8")
        }
        return text
    }

    private static func digest(_ text: String?) -> Scalar {
        guard let text else { return .null }
        var digest = CanonicalDigest()
        digest.add([text])
        return .text(digest.hexadecimal)
    }

    package func survey(_ look: Look) async throws -> Observation {
        let written = try await written(look)
        var observation = Observation()
        observation.evidence = ["plan": .text(written.path)]
        guard written.old != written.text else { return observation }
        let difference = LineDifference(from: written.old ?? "", to: written.text)
        observation.listings = [
            Listing(
                "What changes in \(written.path)", ["", "line"],
                difference.changes.prefix(400).map { change in
                    [.text(change.isNew ? "+" : "-"), .text(change.text.printable)]
                })
        ]
        observation.changes = [
            Change(
                kind: "write", object: written.path,
                action: .files("write \(written.path.shellQuoted), and the page \(written.pagePath.shellQuoted)"),
                effect: .maintains, reversal: written.old == nil ? "remove both" : "none; what people wrote stays",
                identity: ["replaces": Self.digest(written.old), "becomes": Self.digest(written.text)],
                reason: written.old == nil
                    ? "there is no plan yet" : "\("line".counted(difference.changes.count)) of it changed")
        ]
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let written = try await written(look)
        return Inspection(
            identity: ["replaces": Self.digest(written.old), "becomes": Self.digest(written.text)],
            witness: ["replaces": Self.digest(written.old)])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let written = try await written(act.look)
        try await Blocking().run { _ in
            let parent = URL(fileURLWithPath: written.path).deletingLastPathComponent().resolvingSymlinksInPath().path
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            let directory = try SafeDirectory(parent)
            func name(_ path: String) throws -> FileName {
                try FileName(URL(fileURLWithPath: path).lastPathComponent)
            }
            try directory.write(try name(written.pagePath), written.page)
            try directory.write(try name(written.path), Array(written.text.utf8))
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let path = change.object
        let text = try await Blocking().run { _ in try Self.text(path) }
        guard let text, Self.digest(text) == change.identity["becomes"] else {
            return .notDone("the file there is not the one that was to be written")
        }
        return .done(["plan": .text(path), "digest": Self.digest(text), "bytes": Scalar(text.utf8.count)])
    }
}

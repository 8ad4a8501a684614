import Command
import Crypto
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// A report's way to its file and to its readers, for every task that writes one. The file is one change, which names it,
/// replaces somebody's own file only as it was when that was planned, and is proved by reading the file back; mailing it
/// is another.
package struct ReportWriting: Sendable {
    private let kind: ReportKind
    private let options: ReportOptions

    package init(_ kind: ReportKind, _ options: ReportOptions) {
        self.kind = kind
        self.options = options
    }

    private var rendering: Rendering { options.as }
    /// The file a person named; nil for the next of our own, with `latest` beside it.
    private var output: LocalPath? { options.output }

    private func mailing(_ recipients: [String]) -> ReportMailing {
        ReportMailing(kind: kind, recipients: recipients, attaches: !options.withoutAttachment)
    }

    package func survey(_ look: Look, reason: String) async throws -> Observation {
        let place = place(look)
        var observation = Observation()
        observation.evidence["report"] = .text(place.path)
        observation.changes = [
            Change(
                kind: "write", object: place.path, action: .files(place.description), effect: .maintains,
                reversal: "remove the file", identity: try await state(of: place), reason: reason)
        ]
        let mailing = mailing(options.recipients(of: kind, look.inventory.reports))
        observation.merge(try await mailing.standing(look.log))
        if !mailing.recipients.isEmpty {
            observation.changes.append(try mailing.change(place.path, look.inventory))
        }
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        if change.kind == ReportMailing.changeKind { return Inspection(identity: [:], witness: [:]) }
        let place = try place(of: change)
        let before = try await Blocking().run { _ in
            try ReportFolder(path: place.directory).open()?.contents(of: place.name)
        }
        return Inspection(
            identity: try await state(of: place), witness: ["sha256": before.map { .text($0.sha256) } ?? .null])
    }

    /// - Throws: `ProgramError` where a PDF is wanted and WeasyPrint is missing or fails; `ReportError.notMailed`.
    package func write(_ report: some WritableReport, for change: Change, _ act: Act) async throws {
        if change.kind == ReportMailing.changeKind {
            return try await mailing(ReportMailing.recipients(of: change)).send(
                report.document, file: try await attachment(act.look), act)
        }
        let place = try place(of: change)
        let bytes: [UInt8] =
            if rendering == .pdf {
                try await WeasyPrint(act.look.programs).pdf(of: try report.bytes(.html))
            } else {
                try report.bytes(rendering)
            }
        try await Blocking().run { _ in
            let folder = ReportFolder(path: place.directory)
            try folder.create()
            let directory = try SafeDirectory(place.directory)
            try directory.write(place.name, bytes)
            if let latest = place.latest { try directory.write(latest, bytes) }
        }
    }

    package func prove(_ change: Change, _ look: Look) async throws -> Proof {
        if change.kind == ReportMailing.changeKind {
            return try await mailing(ReportMailing.recipients(of: change)).prove(look)
        }
        let place = try place(of: change)
        let signature = Array(rendering.signature(run: look.runID).utf8)
        return try await Blocking().run { _ in
            let directory = try ReportFolder(path: place.directory).open()
            guard let bytes = try directory?.contents(of: place.name) else { return .notDone("there is no such file") }
            guard bytes.firstRange(of: signature) != nil else {
                return .notDone("the file there is not the one of this run")
            }
            if let latest = place.latest, try directory?.contents(of: latest) != bytes {
                return .notDone("'\(latest)' is not the same")
            }
            return .done([
                "file": .text(place.path), "sha256": .text(bytes.sha256), "bytes": .integer(Int64(bytes.count)),
            ])
        }
    }

    /// The file as this very step wrote it, and nothing else that may lie in its place.
    ///
    /// - Throws: `ReportError.notWritten`.
    private func attachment(_ look: Look) async throws -> MailMessage.Attachment? {
        guard !options.withoutAttachment else { return nil }
        let changes = try await look.log.changes(of: look.runID).filter { $0.step == look.step }
        guard let written = changes.first(where: { $0.change.kind != ReportMailing.changeKind }),
            written.state == .proved
        else { throw ReportError.notWritten }
        let place = try place(of: written.change)
        let bytes = try await Blocking().run { _ in
            try ReportFolder(path: place.directory).open()?.contents(of: place.name)
        }
        guard let bytes, written.evidence?["sha256"] == .text(bytes.sha256) else { throw ReportError.notWritten }
        return MailMessage.Attachment(
            name: ReportName(kind, look.clock.now(), rendering).text, type: rendering.mediaType, bytes: bytes)
    }

    /// The moment a report speaks of: when its step began, so that file and mail speak of the same one.
    package static func instant(_ look: Look) async throws -> Timestamp {
        let step = try await look.log.steps(of: look.runID).first { $0.number == look.step }
        return step?.startedAt ?? look.clock.now()
    }

    private func place(_ look: Look) -> Place {
        guard let output else {
            let name = ReportName(kind, look.clock.now(), rendering)
            return Place(path: ReportFolder(look).path + "/" + name.text, latest: ReportName.latest(kind, rendering))
        }
        // Links above the file are the person's own who typed the path.
        let url = URL(fileURLWithPath: output.path)
        let parent = url.deletingLastPathComponent().resolvingSymlinksInPath().path
        return Place(path: (parent == "/" ? "" : parent) + "/" + url.lastPathComponent, latest: nil)
    }

    /// The path of a change was made here.
    private func place(of change: Change) throws -> Place {
        Place(path: change.object, latest: output == nil ? ReportName.latest(kind, rendering) : nil)
    }

    /// A file somebody else may have written is replaced only as it was when that was planned; those with our own names
    /// are ours.
    private func state(of place: Place) async throws -> Facts {
        guard output != nil else { return [:] }
        return try await Blocking().run { _ in
            guard let directory = try ReportFolder(path: place.directory).open(),
                let status = try directory.status(of: place.name)
            else { return ["replaces": .null] }
            guard status.kind == .file else { throw FileError.notFile(path: place.path) }
            return [
                "replaces": .text("\(status.identity) of \(status.size.bytes) bytes"),
                "modified": .text(status.modified.iso8601),
            ]
        }
    }

    /// The file of a report, and the second name it gets.
    private struct Place: Sendable {
        var directory: String
        var name: FileName
        var latest: FileName?

        init(path: String, latest: String?) {
            guard let slash = path.lastIndex(of: "/"),
                let name = try? FileName(String(path[path.index(after: slash)...]))
            else { preconditionFailure("'\(path)' names no file") }
            directory = slash == path.startIndex ? "/" : String(path[..<slash])
            self.name = name
            self.latest = latest.flatMap { try? FileName($0) }
        }

        var path: String { directory == "/" ? "/\(name)" : "\(directory)/\(name)" }

        var description: String {
            "write \(path.shellQuoted)" + (latest.map { ", and the same as \("\(directory)/\($0)".shellQuoted)" } ?? "")
        }
    }
}

extension [UInt8] {
    fileprivate var sha256: String { SHA256.hash(data: self).hexadecimal }
}

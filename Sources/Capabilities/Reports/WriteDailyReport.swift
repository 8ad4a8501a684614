import ArgumentParser
import Command
import Crypto
import Engine
import Foundation
import Maintenance
import Outside

/// Writes the report of the day.
package struct WriteDailyReport: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Write this file, and no 'latest' beside it.", valueName: "file"))
        package var output: LocalPath?

        @Option(help: ArgumentHelp("How it is written.", valueName: "language"))
        package var `as`: Rendering = .html

        @Option(help: ArgumentHelp("How far back it tells what happened.", valueName: "duration"))
        package var since: Duration = .seconds(86_400)

        @Option(
            help: ArgumentHelp("How long a health check counts; after that it shows as unknown.", valueName: "duration")
        )
        package var fresh: Duration = .seconds(26 * 3_600)

        package init() {}

        package func validate() throws {
            guard since > .zero, since <= .seconds(366 * 86_400) else {
                throw ValidationError("'--since' is between 1s and 366d")
            }
            guard fresh > .zero else { throw ValidationError("'--fresh' is longer than nothing") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "report.daily",
        summary: "write the report of the day",
        explanation: """
            Writes one file that needs nothing but itself: what needs a person now, the health of every environment with \
            its arithmetic, the steps that did not succeed, the changes with their proof, the findings with the command \
            that mends each, and the trends of the last 30 days. It is made from the run log alone and asks no target. \
            An environment without a health check in the last 26 hours is shown as unknown. The file goes to \
            'reports.directory' (without it, under the state directory) as daily-YYYY-MM-DD.html and once more as \
            latest.html, or to '--output'. It is read back, and the run holds its SHA-256. The task maintains, because it \
            writes a file; it changes nothing in any environment.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [.init("report:daily", implied: ["--automated"]), .init("monitor:daily-report")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let place = place(look)
        var observation = Observation()
        observation.evidence["report"] = .text(place.path)
        observation.changes = [
            Change(
                kind: "write", object: place.path, action: .files(place.description), effect: .maintains,
                reversal: "remove the file", identity: try await state(of: place),
                reason: "what happened in the last \(options.since.short)")
        ]
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let place = try Place(change, options.as, isOnly: options.output != nil)
        let before = try await Blocking().run { _ in
            try ReportFolder(path: place.directory).open()?.contents(of: place.name)
        }
        return Inspection(
            identity: try await state(of: place), witness: ["sha256": before.map { .text($0.sha256) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let place = try Place(change, options.as, isOnly: options.output != nil)
        let material = try await Material.read(
            act.look, now: act.look.clock.now(), period: options.since,
            fresh: options.fresh)
        let bytes = try options.as.bytes(DailyReport(material))
        try await Blocking().run { _ in
            let folder = ReportFolder(path: place.directory)
            try folder.create()
            let directory = try SafeDirectory(place.directory)
            try directory.write(place.name, bytes)
            if let latest = place.latest { try directory.write(latest, bytes) }
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let place = try Place(change, options.as, isOnly: options.output != nil)
        let signature = options.as.signature(run: look.runID)
        return try await Blocking().run { _ in
            let directory = try ReportFolder(path: place.directory).open()
            guard let bytes = try directory?.contents(of: place.name) else { return .notDone("there is no such file") }
            guard String(decoding: bytes, as: UTF8.self).contains(signature) else {
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

    private func place(_ look: Look) -> Place {
        guard let output = options.output else {
            let name = ReportName(look.clock.now(), options.as)
            return Place(path: ReportFolder(look).path + "/" + name.text, latest: ReportName.latest(options.as))
        }
        // Links above the file are the person's own who typed the path.
        let url = URL(fileURLWithPath: output.path)
        let parent = url.deletingLastPathComponent().resolvingSymlinksInPath().path
        return Place(path: (parent == "/" ? "" : parent) + "/" + url.lastPathComponent, latest: nil)
    }

    /// A file somebody else may have written is replaced only as it was when that was planned; those with our own names
    /// are ours.
    private func state(of place: Place) async throws -> Facts {
        guard options.output != nil else { return [:] }
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
}

extension WriteDailyReport {
    /// The file of a report, and the second name it gets.
    private struct Place: Sendable {
        var directory: String
        var name: FileName
        var latest: FileName?

        /// The path of a change was made here.
        init(path: String, latest: String?) {
            guard let slash = path.lastIndex(of: "/"),
                let name = try? FileName(String(path[path.index(after: slash)...]))
            else { preconditionFailure("'\(path)' names no file") }
            directory = slash == path.startIndex ? "/" : String(path[..<slash])
            self.name = name
            self.latest = latest.flatMap { try? FileName($0) }
        }

        init(_ change: Change, _ rendering: Rendering, isOnly: Bool) throws {
            self.init(path: change.object, latest: isOnly ? nil : ReportName.latest(rendering))
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

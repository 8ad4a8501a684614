import ArgumentParser
import Engine
import Foundation
import Maintenance
import Outside
import Report
import Settings

/// Removes reports that are older than the configuration keeps.
package struct PruneReports: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "report.prune",
        summary: "remove reports that are older than 'reports.keep'",
        explanation: """
            Looks into the directory of the reports for files that the report tasks wrote there by themselves, by the exact \
            pattern of their names (daily-YYYY-MM-DD.html, and so for every kind and ending), and removes those of days longer ago than \
            'reports.keep'. Nothing else is touched: no other name, no symbolic link, no file that changed after the plan \
            was made. Without 'reports.keep' all stay. What a report told stays in the run log.
            """,
        effect: .destroys,
        subject: .estate)

    /// More are left for the next day.
    private static let most = 400

    package init(_ options: Options) {}

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        let folder = ReportFolder(look)
        guard let keep = look.inventory.reports.keep else {
            observation.evidence["kept"] = "all: 'reports.keep' is not set"
            return observation
        }
        let limit = keep.value.before(look.clock.now())
        let old = try await Blocking().run { _ in try Self.reports(in: folder) { $0 <= limit } }
        observation.evidence = ["kept": .text("younger than \(keep.value)"), "old": Scalar(old.count)]
        observation.changes = old.prefix(Self.most).map { name, status in
            let path = "\(folder.path)/\(name.text)"
            return Change(
                kind: "remove", object: path, action: .files("remove \(path.shellQuoted) (\(status.size))"),
                effect: .destroys, reversal: "none; the run log still holds what it told", identity: Self.facts(status),
                reason: "older than \(keep.value)", authority: keep.location.description)
        }
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let status = try await status(change)
        return Inspection(
            identity: status.map(Self.facts) ?? ["file": .null], witness: ["file": status == nil ? .null : "there"])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let (folder, name) = try place(change)
        try await Blocking().run { _ in
            guard let directory = try folder.open(), let status = try directory.status(of: name) else { return }
            guard Self.facts(status) == change.identity else { throw FileError.changed(path: change.object) }
            _ = try directory.remove(name, seen: status)
            try directory.synchronize()
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let status = try await status(change) else { return .done(["removed": .text(change.object)]) }
        return Self.facts(status) == change.identity
            ? .notDone("the file is still there") : .unknown("another file stands there now")
    }

    private func status(_ change: Change) async throws -> FileStatus? {
        let (folder, name) = try place(change)
        return try await Blocking().run { _ in try folder.open()?.status(of: name) }
    }

    /// Takes the path of a change apart, and once more believes only a name of the pattern.
    private func place(_ change: Change) throws -> (ReportFolder, FileName) {
        let url = URL(fileURLWithPath: change.object)
        guard ReportName(url.lastPathComponent) != nil else { throw FileError.invalidName(url.lastPathComponent) }
        return (ReportFolder(path: url.deletingLastPathComponent().path), try FileName(url.lastPathComponent))
    }

    /// Regular files with a report's name whose day ended at an instant that `isOld`, oldest first.
    private static func reports(in folder: ReportFolder, isOld: (Timestamp) -> Bool) throws -> [(
        ReportName, FileStatus
    )] {
        guard let directory = try folder.open() else { return [] }
        var found: [(ReportName, FileStatus)] = []
        try directory.forEachName { file in
            guard let name = ReportName(String(decoding: file.bytes, as: UTF8.self)), let end = name.end, isOld(end),
                let status = try directory.status(of: file), status.kind == .file
            else { return }
            found.append((name, status))
        }
        return found.sorted { $0.0 < $1.0 }
    }

    private static func facts(_ status: FileStatus) -> Facts {
        [
            "file": .text(status.identity.description), "kind": .text(status.kind.rawValue),
            "size": .integer(status.size.bytes), "modified": .text(status.modified.iso8601),
        ]
    }
}

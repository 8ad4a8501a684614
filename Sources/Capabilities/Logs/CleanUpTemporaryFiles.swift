import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import Settings

/// Removes old files under the paths that the configuration names, and nowhere else.
package struct CleanUpTemporaryFiles: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "Only files that were last changed longer ago than this, instead of the configured age.",
                valueName: "age"))
        package var olderThan: Period?

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "data.cleanup-temp",
        summary: "remove old files under the configured paths",
        explanation: """
            Looks at the files under each configured path ('kind: files') and removes those that were last modified \
            longer ago than 'older-than' and whose names match 'include', the oldest first, up to 'limit'. Uploads, \
            exports and caches that nobody came back for fill disks.

            It never goes through a symbolic link, never onto another filesystem, and removes only regular files: each \
            is looked at again right before, and left alone if it was written to or replaced meanwhile. The path, the \
            age and the limit that stand in the configuration are the approval for a routine, and the step names their \
            line; with a shorter '--older-than' there is no such approval.
            """,
        effect: .destroys,
        subject: .resources([.files]),
        aliases: [
            .init("data:cleanup-temp"), .init("cleanup:daily"), .init("cleanup:temp"),
            .init("maintenance:monthly:data-cleanup"),
        ])

    private let options: Options
    private let blocking = Blocking(label: "mainstay.files")

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let access = Self.access(look)
        let now = look.clock.now()
        let age = options.olderThan ?? access.olderThan.value
        let bound = age.before(now)
        // A shorter age than the written one was approved by nobody.
        let isApproved = bound <= access.olderThan.value.before(now)
        let target = look.target
        look.tell("looking for old files under \(access.path.value)")
        return try await blocking.run { cancellation in
            let old = try OldFiles(access, modifiedBy: bound, cancellation)
            var observation = Observation()
            observation.gaps = old.skipped.filter { !$0.reason.isBoundary }.map { Observation.Gap($0.path, $0.reason) }
            observation.evidence = [
                "old files": .integer(Int64(old.files.count)), "old bytes": .integer(old.bytes),
                "left for the next run": .integer(Int64(old.left)),
            ]
            observation.measurements = [
                Measurement("temporary.old", target, unit: .bytes, value: Double(old.bytes))
            ]
            observation.listings = [Self.listing(old, now)]
            if let change = try Self.change(old, access, age, isApproved: isApproved) { observation.changes = [change] }
            return observation
        }
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let access = Self.access(look)
        return try await blocking.run { cancellation in
            let old = try Self.selection(change, access, cancellation)
            return Inspection(
                identity: try Self.identity(old, access, modifiedBy: old.newest),
                witness: ["files": .integer(Int64(old.files.count)), "bytes": .integer(old.bytes)])
        }
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let access = Self.access(act.look)
        let removal: FileRemoval = try await blocking.run { cancellation in
            let directory = try SafeDirectory(access.path.value)
            // The tree's own fence: held until this change is over.
            let lock = try directory.lock()
            defer { withExtendedLifetime(lock) {} }
            var removal = FileRemoval(try Self.selection(change, access, cancellation))
            try removal.run(in: directory, emptying: access.removesEmptyDirectories?.value ?? false, cancellation)
            return removal
        }
        act.look.tell("\(removal.removed) files removed under \(access.path.value)")
        guard let first = removal.failures.first else { return }
        throw LogError.someNotRemoved(count: removal.failures.count, of: removal.count, first: first.problem)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let access = Self.access(look)
        return try await blocking.run { cancellation in
            let old = try Self.selection(change, access, cancellation)
            guard old.files.isEmpty else {
                return .notDone("\(old.files.count) of \(witness["files"] ?? .null) files are still there")
            }
            let space = try SafeDirectory(access.path.value).availableSpace()
            return .done([
                "files removed": witness["files"] ?? .null, "bytes removed": witness["bytes"] ?? .null,
                "space available now": .integer(space.bytes),
            ])
        }
    }

    /// What the change removes, as it is now: the same rules, with the bound that the plan named.
    private static func selection(_ change: Change, _ access: FileAccess, _ cancellation: Blocking.Cancellation) throws
        -> OldFiles
    {
        guard case .text(let text)? = change.identity["modified by"], let bound = Timestamp(iso8601: text) else {
            preconditionFailure("the plan of 'data cleanup-temp' names no bound")
        }
        return try OldFiles(access, modifiedBy: bound, cancellation)
    }

    private static func identity(_ old: OldFiles, _ access: FileAccess, modifiedBy bound: Timestamp?) throws -> Facts {
        [
            "directory": .text(try SafeDirectory(access.path.value).identity.description),
            "files": .integer(Int64(old.files.count)), "bytes": .integer(old.bytes), "list": .text(old.digest),
            "modified by": bound.map { .text($0.iso8601) } ?? .null,
        ]
    }

    private static func change(_ old: OldFiles, _ access: FileAccess, _ age: Period, isApproved: Bool) throws
        -> Change?
    {
        guard let newest = old.newest else { return nil }
        let path = access.path.value
        let names = access.include.map { " named \($0.value.joined(separator: " or "))" } ?? ""
        let directories = access.removesEmptyDirectories?.value ?? false ? ", and the directories this empties" : ""
        let count = "\(old.files.count.grouped) file\(old.files.count == 1 ? "" : "s")"
        return Change(
            kind: "remove", object: path,
            action: .files(
                "remove \(count)\(names) under \(path), \(ByteCount(old.bytes)), last modified by \(newest)\(directories)"
            ),
            effect: .destroys, reversal: "none: the files are gone",
            identity: try identity(old, access, modifiedBy: newest),
            reason: "not modified for \(age)", authority: isApproved ? access.olderThan.location.description : nil,
            keeps: "nothing: temporary is what the configuration calls it (\(access.path.location))")
    }

    /// The oldest, for people; the change itself covers all.
    private static func listing(_ old: OldFiles, _ now: Timestamp) -> Listing {
        let rows = old.files.prefix(100).map { file -> [Scalar] in
            [
                .text(file.path), .integer(file.status.size.bytes), .text(file.status.modified.description),
            ]
        }
        let title = old.files.count > rows.count ? "The oldest \(rows.count) of \(old.files.count) files" : "Old files"
        return Listing(title, ["file", .init("size", .bytes), "last modified"], rows)
    }

    private static func access(_ look: Look) -> FileAccess {
        guard case .files(let access) = look.resource.access else {
            preconditionFailure("temporary files are removed in a resource of files")
        }
        return access
    }
}

extension FileError {
    /// Where the walk stops by its own rule: nothing was left unseen that it should have looked at.
    fileprivate var isBoundary: Bool {
        switch self {
        case .otherFilesystem, .symbolicLink: true
        default: false
        }
    }
}

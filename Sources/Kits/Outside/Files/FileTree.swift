import Maintenance

/// A walk through a directory and what is below it, that stays where it was sent.
///
/// Never through a symbolic link (a link is an entry like any other), not onto another filesystem unless asked, not
/// deeper than a limit. Memory and descriptors grow with the depth, not with the number of files.
package struct FileTree: Sendable {
    package var root: SafeDirectory
    package var depthLimit: Int
    package var crossesFilesystems: Bool

    package init(_ root: SafeDirectory, depthLimit: Int = 64, crossesFilesystems: Bool = false) {
        self.root = root
        self.depthLimit = depthLimit
        self.crossesFilesystems = crossesFilesystems
    }

    /// A name in a directory that is open, and what it leads to.
    package struct Entry: Sendable {
        package var directory: SafeDirectory
        /// From the root on, this name included.
        package var path: [FileName]
        package var status: FileStatus

        package var name: FileName { path[path.count - 1] }
        /// As a message shows it.
        package var shown: String { directory.shown(name) }
        /// From the root on, without loss (see `FileName.encoded`).
        package var relativePath: String { path.map(\.encoded).joined(separator: "/") }
    }

    package enum Event: Sendable {
        /// Anything; a directory before what is in it.
        case found(Entry)
        /// A directory, after all that is in it.
        case left(Entry)
        /// Could not be looked at, or must not be gone into; the walk goes on beside it.
        case skipped(path: String, reason: FileError)
    }

    /// Calls `visit` for everything below the root, in no order. What vanishes meanwhile is no error. An error of
    /// `visit` ends the walk; a root that cannot be listed throws `FileError`.
    package func walk(
        _ cancellation: Blocking.Cancellation = Blocking.Cancellation(), _ visit: (Event) throws -> Void
    ) throws {
        do {
            try walk(root, [], cancellation) { event in
                do { try visit(event) } catch { throw Visitor(error: error) }
            }
        } catch let error as Visitor {
            throw error.error
        }
    }

    private func walk(
        _ directory: SafeDirectory, _ path: [FileName], _ cancellation: Blocking.Cancellation,
        _ visit: (Event) throws -> Void
    ) throws {
        try directory.forEachName { name in
            try cancellation.check()
            let status: FileStatus
            do throws(FileError) {
                guard let found = try directory.status(of: name) else { return }
                status = found
            } catch {
                return try visit(.skipped(path: directory.shown(name), reason: error))
            }
            let entry = Entry(directory: directory, path: path + [name], status: status)
            try visit(.found(entry))
            guard status.kind == .directory else { return }
            do {
                guard entry.path.count <= depthLimit else {
                    throw FileError.tooDeep(path: entry.shown, limit: depthLimit)
                }
                let below = try directory.subdirectory(name, crossing: crossesFilesystems)
                guard below.identity == status.identity else { throw FileError.changed(path: entry.shown) }
                try walk(below, entry.path, cancellation, visit)
            } catch let error as FileError {
                return error.isMissing ? () : try visit(.skipped(path: entry.shown, reason: error))
            }
            try visit(.left(entry))
        }
    }

    /// Tells an error of the visitor from one of the walk.
    private struct Visitor: Error {
        var error: any Error
    }
}

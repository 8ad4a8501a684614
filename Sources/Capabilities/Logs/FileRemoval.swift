import Maintenance
import Outside

/// Removes exactly the files that were selected, each only if it is still what was seen; goes on past those that
/// cannot be removed, and says which they are.
struct FileRemoval {
    private let selected: [FileIdentity: FileStatus]
    let count: Int
    private(set) var removed = 0
    private(set) var failures: [FileError] = []

    init(_ old: OldFiles) {
        // Two names of one file are removed by the same entry.
        selected = Dictionary(old.files.map { ($0.status.identity, $0.status) }) { first, _ in first }
        count = old.files.count
    }

    mutating func run(in root: SafeDirectory, emptying: Bool, _ cancellation: Blocking.Cancellation) throws {
        var touched: Set<String> = []
        try FileTree(root).walk(cancellation) { event in
            switch event {
            case .found(let entry):
                // A second name of a file that is removed goes with it, though it has one link less by then.
                guard let seen = selected[entry.status.identity], seen.size == entry.status.size,
                    seen.modified == entry.status.modified
                else { return }
                do throws(FileError) {
                    if try entry.directory.remove(entry.name, seen: entry.status) {
                        removed += 1
                        touched.insert(Self.parent(of: entry))
                    }
                } catch .changed {
                    // Somebody writes to it: it is not old any more.
                } catch {
                    failures.append(error)
                }
            case .left(let entry):
                guard emptying, touched.remove(entry.relativePath) != nil else { return }
                do throws(FileError) {
                    let isGone = try entry.directory.removeIfEmpty(entry.name, identity: entry.status.identity)
                    if isGone { touched.insert(Self.parent(of: entry)) }
                } catch {
                    failures.append(error)
                }
            case .skipped: break
            }
        }
    }

    private static func parent(of entry: FileTree.Entry) -> String {
        entry.path.dropLast().map(\.encoded).joined(separator: "/")
    }
}

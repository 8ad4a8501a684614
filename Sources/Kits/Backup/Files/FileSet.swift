import Glibc
import Maintenance
import Outside

/// Files that are backed up together: all under a directory, or those of its entries that match a pattern, without what
/// is excluded anywhere below.
package struct FileSet: Sendable, Hashable {
    package var name: String
    package var environment: String
    /// Absolute.
    package var directory: String
    /// Patterns of names right in the directory; empty for all.
    package var include: [String]
    /// Patterns of names at every level: what matches is left out with all below it.
    package var exclude: [String]

    package init(name: String, environment: String, directory: String, include: [String], exclude: [String]) {
        self.name = name
        self.environment = environment
        self.directory = directory
        self.include = include
        self.exclude = exclude
    }

    private var included: [FileNamePattern] { include.map { FileNamePattern($0) } }
    private var excluded: [FileNamePattern] { exclude.map { FileNamePattern($0) } }

    /// Whether something of this path, from the directory on, belongs to it.
    func holds(_ path: [FileName]) -> Bool {
        guard let first = path.first, include.isEmpty || included.contains(where: { $0.matches(first) }) else {
            return false
        }
        return !path.contains { name in excluded.contains { $0.matches(name) } }
    }

    /// The entries of the directory that belong to it, by their bytes; without what another filesystem is mounted on.
    func entries() throws -> [FileName] {
        let root = try SafeDirectory(directory)
        var names: [FileName] = []
        try root.forEachName { name in
            guard holds([name]), let status = try root.status(of: name) else { return }
            if status.identity.device == root.identity.device { names.append(name) }
        }
        return names.sorted()
    }

    /// The patterns of what is left out as restic reads them (restic manual, "Excluding Files"): on whole paths, so that
    /// none of them hits what the directory lies in.
    func resticExclusions() throws -> [String] {
        guard let real = realpath(directory, nil) else { throw FileError.system(.open, path: directory, number: errno) }
        defer { free(real) }
        let path = String(cString: real)
        let root = path == "/" ? "" : path
        var escaped: [UInt8] = []
        for byte in root.utf8 {
            if Array("\\*?[".utf8).contains(byte) { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte)
        }
        let beginning = String(decoding: escaped, as: UTF8.self)
        return exclude.map { "\(beginning)/**/\($0)" }
    }
}

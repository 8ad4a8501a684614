import Engine
import Glibc
import Maintenance
import Outside
import Settings

/// Where reports are kept: `reports.directory` of the configuration, else `reports` beside the state.
package struct ReportFolder: Sendable {
    package var path: String

    package init(path: String) { self.path = path }

    package init(_ look: Look) {
        path = look.inventory.reports.directory ?? look.log.directory + "/reports"
    }

    /// Made with the directories above it where it is missing (mkdir(2)).
    func create() throws {
        var made = ""
        for part in path.unicodeScalars.split(separator: "/") {
            made += "/" + String(part)
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
                throw FileError.system(.create, path: made, number: errno)
            }
        }
    }

    /// Nil where there is none yet.
    package func open() throws -> SafeDirectory? {
        do {
            return try SafeDirectory(path)
        } catch let error where error.isMissing {
            return nil
        }
    }
}

extension SafeDirectory {
    /// Larger than any report.
    private static let limit = 256 * 1_048_576

    /// The whole of a file, nil where no file has that name.
    package func contents(of name: FileName) throws -> [UInt8]? {
        guard try status(of: name)?.kind == .file else { return nil }
        guard let bytes = try open(name).contents(limit: Self.limit) else {
            throw FileError.tooLong(path: shown(name), limit: ByteCount(Int64(Self.limit)))
        }
        return bytes
    }
}

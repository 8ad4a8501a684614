import Glibc
import Maintenance
import Outside
import Synchronization

/// The time zones of this system, as its `tzdata` package keeps them: read when they are asked for, and again when their
/// file has changed. Foundation's zones come out of ICU on Linux, which an update of `tzdata` does not reach.
package final class ZoneDirectory: Sendable {
    /// Absolute; nil where this system has no zoneinfo, and only UTC is known.
    package let path: String?
    private let known = Mutex<[String: Known]>([:])

    private struct Known {
        var identity: FileIdentity
        var modified: Timestamp
        var size: ByteCount
        var zone: Zone
    }

    /// - Parameter environment: `TZDIR` is kept, as tzset(3) keeps it.
    package init(environment: [String: String]) {
        if let named = environment["TZDIR"], !named.isEmpty {
            path = named
        } else {
            path = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"]
                .first { access($0, R_OK | X_OK) == 0 }
        }
    }

    /// The rules as the file has them now. UTC is known everywhere. Throws where there is no such zone or its file cannot
    /// be used; nothing falls back to another.
    package func zone(_ name: String) throws(CalendarError) -> Zone {
        if Self.isUTC(name) { return .utc }
        guard let path, Self.isName(name) else { throw missing(name) }
        let file = "\(path)/\(name)"
        let bytes: [UInt8]
        let status: FileStatus
        do throws(FileError) {
            let descriptor = try Descriptor.open(file, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            status = try descriptor.status()
            guard status.kind == .file else { throw FileError.notFile(path: file) }
            if let known = known.withLock({ $0[name] }), known.identity == status.identity,
                known.modified == status.modified, known.size == status.size
            {
                return known.zone
            }
            guard let contents = try descriptor.contents(limit: 1 << 20) else {
                throw FileError.tooLong(path: file, limit: ByteCount(1 << 20))
            }
            bytes = contents
        } catch {
            guard !error.isMissing, error != .notFile(path: file) else { throw missing(name) }
            throw .zoneUnreadable(name, reason: error.problem)
        }
        do throws(ZoneFile.Broken) {
            let zone = try ZoneFile.read(bytes, name: name)
            known.withLock {
                $0[name] = Known(
                    identity: status.identity, modified: status.modified, size: status.size, zone: zone)
            }
            return zone
        } catch {
            throw .zoneUnreadable(name, reason: "'\(file.printable)' \(error.reason)")
        }
    }

    /// Whether there is a file of that name, or it is UTC.
    func has(_ name: String) -> Bool {
        guard !Self.isUTC(name) else { return true }
        guard let path, Self.isName(name) else { return false }
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Every zone there is, sorted; without the copies under `posix` and `right`.
    package var names: [String] {
        var names: [String] = ["UTC"]
        var folders = [""]
        while let folder = folders.popLast() {
            guard let path, let stream = opendir("\(path)/\(folder)") else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                let isCopy = folder.isEmpty && ["posix", "right", "posixrules", "localtime", "Factory"].contains(name)
                guard let first = name.utf8.first, first >= 0x41, first <= 0x5a, !isCopy else { continue }
                var status = stat()
                guard stat("\(path)/\(folder)\(name)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { folders.append("\(folder)\(name)/") }
                if status.st_mode & S_IFMT == S_IFREG, folder + name != "UTC" { names.append(folder + name) }
            }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The zone that was probably meant: the same name in other letters, its last part, or one that is spelled alike.
    func nearestName(to name: String) -> String? {
        let names = names
        let lowered = name.lowercased()
        return names.first { $0.lowercased() == lowered }
            ?? names.first { $0.lowercased().split(separator: "/").last.map(String.init) == lowered }
            ?? nearest(to: name, among: names)
    }

    private func missing(_ name: String) -> CalendarError {
        .unknownZone(name, nearest: nearestName(to: name), directory: path)
    }

    private static func isUTC(_ name: String) -> Bool { ["UTC", "Etc/UTC", "Z", "utc"].contains(name) }

    /// Nothing that leads out of the directory.
    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    default: "._+-".utf8.contains(byte)
                    }
                }
        } && name.utf8.count <= 255
    }
}

import Maintenance
import Outside
import Settings

/// The logs of one resource as they are on the disk, and what kept us from looking.
struct FoundLogs {
    var logs: [LogFiles] = []
    /// Configured by their path, and not there.
    var missing: [String] = []
    var gaps: [Observation.Gap] = []

    init(_ access: LogAccess) {
        switch access.files {
        case .paths(let paths):
            for path in paths.value { add(path) }
        case .directory(let path, let include):
            do {
                let directory = try SafeDirectory(path.value)
                for name in try Self.names(in: directory, matching: include.map(FileNamePattern.init)) {
                    logs.append(LogFiles(directory, name))
                }
            } catch {
                gaps.append(Observation.Gap(path.value, error))
            }
        }
    }

    private mutating func add(_ path: String) {
        do {
            let files = try LogFiles(configured: path)
            switch try files.status()?.kind {
            case .file?: logs.append(files)
            case nil:
                missing.append(path)
                // What was rotated from it may still be there.
                logs.append(files)
            case .symbolicLink?: throw FileError.symbolicLink(path: path)
            case .directory?, .other?: throw FileError.notFile(path: path)
            }
        } catch {
            gaps.append(Observation.Gap(path, error))
        }
    }

    /// Regular files whose names match and that were not themselves rotated from another of them, in order.
    private static func names(in directory: SafeDirectory, matching patterns: [FileNamePattern]) throws -> [FileName] {
        var names: [FileName] = []
        try directory.forEachName { name in
            guard patterns.contains(where: { $0.matches(name) }), name.bytes.first != UInt8(ascii: "."),
                try directory.status(of: name)?.kind == .file
            else { return }
            names.append(name)
        }
        let all = Set(names)
        return names.filter { name in
            // A log's name ends where a rotated one's has its ending.
            let ends = name.bytes.indices.filter { [UInt8(ascii: "."), UInt8(ascii: "-")].contains(name.bytes[$0]) }
            return !ends.contains { end in
                guard let log = try? FileName(bytes: Array(name.bytes[..<end])), all.contains(log) else { return false }
                return RotatedName(name, of: log) != nil
            }
        }.sorted()
    }
}

extension LogFiles {
    /// By the absolute path as a person wrote it.
    init(configured path: String) throws {
        try self.init(path) { try FileName($0) }
    }

    /// By what `shown` says.
    init(shown path: String) throws {
        try self.init(path) { try FileName(encoded: $0) }
    }

    private init(_ path: String, _ name: (String) throws -> FileName) throws {
        guard let slash = path.lastIndex(of: "/") else { throw FileError.invalidName(path) }
        let parent = path[..<slash]
        self.init(
            try SafeDirectory(parent.isEmpty ? "/" : String(parent)), try name(String(path[slash...].dropFirst())))
    }
}

import Maintenance
import Outside
import Settings

/// The logs of one resource as they are on the disk, and what kept us from looking.
struct FoundLogs {
    var logs: [LogFiles] = []
    /// Configured by their path, and not there.
    var missing: [String] = []
    /// In a directory, named like a rotated file of a log that is not there, and like a log: left alone.
    var doubtful: [String] = []
    var gaps: [Observation.Gap] = []

    init(_ access: LogAccess) {
        switch access.files {
        case .paths(let paths):
            for path in paths.value { add(path) }
        case .directory(let path, let include):
            do {
                try add(try SafeDirectory(path.value), matching: include.map(FileNamePattern.init))
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

    /// Regular files whose names match are logs; what was rotated from one of them is not, and keeps its log among
    /// them also while the writer has not made a new one.
    private mutating func add(_ directory: SafeDirectory, matching patterns: [FileNamePattern]) throws {
        func isWanted(_ name: FileName) -> Bool {
            name.bytes.first != UInt8(ascii: ".") && patterns.contains { $0.matches(name) }
        }
        var present: Set<FileName> = []
        try directory.forEachName { name in
            if try directory.status(of: name)?.kind == .file { present.insert(name) }
        }
        var found: Set<FileName> = []
        for name in present {
            let log = RotatedName.log(of: name) { isWanted($0) }
            switch (isWanted(name), log) {
            case (_, let log?) where present.contains(log): break
            case (true, nil): found.insert(name)
            case (false, let log?): found.insert(log)
            case (true, let log?):
                // With a time in its name it is ours; a number or a date alone may be part of a log's own name.
                if RotatedName(name, of: log)?.hasTime == true {
                    found.insert(log)
                } else {
                    doubtful.append(directory.shown(name))
                }
            case (false, nil): break
            }
        }
        logs += found.sorted().map { LogFiles(directory, $0) }
        doubtful.sort()
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

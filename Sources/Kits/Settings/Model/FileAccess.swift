import Maintenance

/// Log files that one program writes, and how they are rotated.
package struct LogAccess: Sendable, Equatable {
    package var files: Files
    /// Nil where they are only watched.
    package var rotation: Rotation?
    /// A file larger than this is a finding.
    package var maximumSize: ByteCount?

    package init(_ files: Files) { self.files = files }

    package enum Files: Sendable, Equatable {
        /// Absolute paths.
        case paths(Written<[String]>)
        /// Every file right in a directory whose name matches one of the globs.
        case directory(Written<String>, include: [String])
    }

    package struct Rotation: Sendable, Equatable {
        /// A file of this size is rotated; nil: size alone is no reason.
        package var size: ByteCount?
        /// A file is rotated when its last rotation (or its first line) is this old; nil: age alone is no reason.
        package var age: Duration?
        package var compression = Compression.gzip
        package var keep = Keep()
        package var mode = Mode.rename
        package var names = Names.dated
        /// How the writer learns that its file was renamed; nil where it notices by itself.
        package var after: Notification?
        package var location: SourceLocation

        package init(location: SourceLocation) { self.location = location }
    }

    package enum Compression: String, Sendable, CaseIterable { case gzip, zstd, none }

    /// How many and how old rotated files may get; what is over either limit is deleted. Nothing is where both are nil.
    package struct Keep: Sendable, Equatable {
        package var count: Written<Int>?
        package var age: Written<Period>?

        package init() {}
    }

    package enum Mode: String, Sendable, CaseIterable {
        /// The file gets a new name, the writer goes on in it until it is told; nothing is lost.
        case rename
        /// The file is copied and emptied, for writers that cannot be told; what is written in between is measured.
        case copytruncate
    }

    package enum Names: String, Sendable, CaseIterable {
        /// `app.log-20261121T020000Z`
        case dated
        /// `app.log.1`
        case numbered
    }

    package enum Notification: Sendable, Equatable {
        case signal(Signal, pidFile: String)
        /// A program and its arguments; never through a shell.
        case command([String])
    }

    package enum Signal: String, Sendable, CaseIterable {
        case hup = "HUP"
        case usr1 = "USR1"
        case usr2 = "USR2"
    }
}

/// Files under a path that may be removed when they are old.
package struct FileAccess: Sendable, Equatable {
    /// Absolute, without `.` and `..`.
    package var path: Written<String>
    /// Counted from a file's last modification.
    package var olderThan: Written<Period>
    /// Globs of file names; nil means every file.
    package var include: Written<[String]>?
    package var removesEmptyDirectories: Written<Bool>?
    package var limit = Limit()

    package init(path: Written<String>, olderThan: Written<Period>) {
        self.path = path
        self.olderThan = olderThan
    }

    /// The most that one run removes; nil is no limit.
    package struct Limit: Sendable, Equatable {
        package var files: Written<Int>?
        package var bytes: Written<ByteCount>?

        package init() {}
    }
}

/// Where backups and archives go: a local directory.
package struct StorageAccess: Sendable, Equatable {
    /// Absolute.
    package var path: String

    package init(path: String) { self.path = path }
}

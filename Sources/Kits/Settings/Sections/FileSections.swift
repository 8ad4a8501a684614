import Maintenance

extension MappedSection where Value == ResourceAccess {
    static var logs: MappedSection {
        let section = Section<LogDraft>(
            prototype: { _ in LogDraft() },
            keys: [
                Key("paths", \.paths, Format.list(of: .absolutePath).written, "The log files."),
                Key(
                    "directory", \.directory, .deepPath,
                    "A directory; the files right in it that match 'include' are the log files."),
                Key("include", \.include, .list(of: .glob), standard: .list([.text("*.log")]), "Names of log files."),
                Key(
                    "rotate", \.rotation, LogSections.rotation,
                    "How they are rotated; without it they are only watched."),
                Key("max-size", \.maximumSize, .size, "A file larger than this is a finding."),
            ],
            later: ["format", "parse", "alerts", "patterns", "errors", "recursive"],
            rules: [.exactlyOne(["paths", "directory"]), .needs("include", "directory")])
        return MappedSection(section) { draft, _, _, _ in
            draft.files.map { files in
                var access = LogAccess(files)
                access.rotation = draft.rotation
                access.maximumSize = draft.maximumSize
                return .logs(access)
            }
        } writing: { access in
            guard case .logs(let access) = access else { return LogDraft() }
            return LogDraft(access)
        }
    }

    static var files: MappedSection {
        let limit = Section<FileAccess.Limit>(
            prototype: { _ in FileAccess.Limit() },
            keys: [
                Key("files", \.files, Format.integer(1...(.max)).written, "At most this many files in one run."),
                Key("bytes", \.bytes, Format.size.written, "At most this much in one run."),
            ],
            rules: [.atLeastOne(["files", "bytes"])])
        let section = Section<FileDraft>(
            prototype: { _ in FileDraft() },
            keys: [
                Key("path", \.path, .deepPath, isRequired: true, "The directory under which files may be removed."),
                Key(
                    "older-than", \.olderThan, Format.age.written, isRequired: true,
                    "How long ago a file has to have been changed last."),
                Key(
                    "include", \.include, Format.list(of: .glob).written,
                    "Names of files that may be removed; without it, every file."),
                Key(
                    "remove-empty-directories", \.removesEmptyDirectories, Format.boolean.written,
                    standard: .plain("false"), "Whether directories that are empty then are removed too."),
                Key("limit", \.limit, limit.format, "The most that one run may remove."),
            ],
            later: ["exclude", "archive", "compress", "keep", "owner"])
        return MappedSection(section) { draft, _, _, _ in
            guard let path = draft.path, let olderThan = draft.olderThan else { return nil }
            var access = FileAccess(path: path, olderThan: olderThan)
            access.include = draft.include
            access.removesEmptyDirectories = draft.removesEmptyDirectories
            access.limit = draft.limit
            return .files(access)
        } writing: { access in
            guard case .files(let access) = access else { return FileDraft() }
            return FileDraft(access)
        }
    }

    static var storage: MappedSection {
        let section = Section<StorageDraft>(
            prototype: { _ in StorageDraft() },
            keys: [Key("path", \.path, .absolutePath, isRequired: true, "The directory.")],
            later: ["url", "bucket", "repository", "retention", "encryption", "quota", "max-size"])
        return MappedSection(section) { draft, _, _, _ in
            draft.path.map { .storage(StorageAccess(path: $0)) }
        } writing: { access in
            guard case .storage(let access) = access else { return StorageDraft() }
            return StorageDraft(path: access.path)
        }
    }
}

enum LogSections {
    static var rotation: Format<LogAccess.Rotation> {
        let keep = Section<LogAccess.Keep>(
            prototype: { _ in LogAccess.Keep() },
            keys: [
                Key(
                    "count", \.count, Format.integer(0...100_000).written,
                    "At most this many rotated files of each log."),
                Key("age", \.age, Format.age.written, "Rotated files older than this are deleted."),
            ],
            rules: [.atLeastOne(["count", "age"])])
        return Section<LogAccess.Rotation>(
            prototype: { LogAccess.Rotation(location: $0) },
            keys: [
                Key("size", \.size, .size, "A file of this size is rotated."),
                Key(
                    "age", \.age, .duration(.seconds(60)...(.seconds(3_660 * 86_400))),
                    "A file is rotated this long after the last time."),
                Key(
                    "compress", \.compression, .choice(later: ["xz", "bzip2", "lz4"]), standard: .gzip,
                    "How rotated files are compressed."),
                Key("keep", \.keep, keep.format, "Which rotated files stay; without it all do."),
                Key(
                    "mode", \.mode, .choice(), standard: .rename,
                    "rename: the writer is told and nothing is lost; copytruncate: for writers that cannot be told."),
                Key(
                    "names", \.names, .choice(), standard: .dated,
                    "dated: app.log-20261121T020000Z; numbered: app.log.1"),
                Key("after", \.after, notification, "How the writer learns of it."),
            ],
            later: ["schedule", "before", "archive", "storage", "owner", "permissions"],
            rules: [.atLeastOne(["size", "age"])]
        ).format
    }

    private static var notification: Format<LogAccess.Notification> {
        let section = Section<NotificationDraft>(
            prototype: { _ in NotificationDraft() },
            keys: [
                Key("signal", \.signal, .choice(), "The signal to send: HUP, USR1 or USR2."),
                Key("pid-file", \.pidFile, .absolutePath, "The file with the number of the process to signal."),
                Key("command", \.command, .list(of: .text), "A program and its arguments, without a shell."),
            ],
            later: ["systemd", "service", "container"],
            rules: [.exactlyOne(["signal", "command"]), .needs("signal", "pid-file"), .needs("pid-file", "signal")])
        return MappedSection<LogAccess.Notification>(section) { draft, tree, keyPath, reading in
            if let signal = draft.signal, let pidFile = draft.pidFile { return .signal(signal, pidFile: pidFile) }
            guard let command = draft.command, let program = command.first else { return nil }
            guard program.hasPrefix("/") || !program.contains("/") else {
                reading.report(
                    "\(Tree.quoted(program)) is not an absolute path", at: tree.location,
                    keyPath.appending(key: "command"), allowed: "a program's name, or its absolute path")
                return nil
            }
            return .command(command)
        } writing: { notification in
            switch notification {
            case .signal(let signal, let pidFile): NotificationDraft(signal: signal, pidFile: pidFile)
            case .command(let command): NotificationDraft(command: command)
            }
        }.format
    }
}

extension Format where Value == Written<String> {
    /// An absolute path under which something is deleted: at least two levels deep (or `/tmp`), so that a slip of the
    /// pen is never a system's own directory.
    static var deepPath: Format {
        var format = Format<String>.absolutePath.map(
            { path, tree, keyPath, reading in
                guard path == "/tmp" || path.split(separator: "/").count >= 2 else {
                    reading.refuse(
                        tree, keyPath, "is too near to the root for files to be deleted under it",
                        allowed: "a path of at least two parts, such as /srv/uploads, or /tmp")
                    return nil
                }
                return path
            }, writing: { $0 }
        ).written
        let schema: JSON = [
            "type": "string", "pattern": #"^(/+tmp/*|(?!.*\$\{)(?!.*/\.\.(/|$))/[./]*[^./][^/]*/[./]*[^./].*)$"#,
        ]
        format.shape = .scalar(words: "an absolute path of at least two parts, or /tmp", schema: schema)
        return format
    }
}

private struct LogDraft: Sendable {
    var paths: Written<[String]>?
    var directory: Written<String>?
    var include: [String]?
    var rotation: LogAccess.Rotation?
    var maximumSize: ByteCount?

    init() {}

    init(_ access: LogAccess) {
        switch access.files {
        case .paths(let paths): self.paths = paths
        case .directory(let directory, let include):
            self.directory = directory
            self.include = include
        }
        rotation = access.rotation
        maximumSize = access.maximumSize
    }

    var files: LogAccess.Files? {
        paths.map { .paths($0) } ?? directory.map { .directory($0, include: include ?? ["*.log"]) }
    }
}

private struct NotificationDraft: Sendable {
    var signal: LogAccess.Signal?
    var pidFile: String?
    var command: [String]?
}

private struct FileDraft: Sendable {
    var path: Written<String>?
    var olderThan: Written<Period>?
    var include: Written<[String]>?
    var removesEmptyDirectories: Written<Bool>?
    var limit = FileAccess.Limit()

    init() {}

    init(_ access: FileAccess) {
        path = access.path
        olderThan = access.olderThan
        include = access.include
        removesEmptyDirectories = access.removesEmptyDirectories
        limit = access.limit
    }
}

private struct StorageDraft: Sendable {
    var path: String?
}

import Engine
import Glibc
import Maintenance
import Outside
import Settings

/// A change of `logs rotate`, read back from what the plan says of it.
struct LogChange: Sendable {
    enum Kind: String, Sendable { case rotate, compress, remove }

    var kind: Kind
    var object: String
    var files: LogFiles
    var rotation: LogAccess.Rotation
    /// The file it is about; for `compress` of a file that is yet to be rotated, the log as it was.
    var file: FileIdentity
    /// The file to compress is the one that this run rotates.
    var isFresh: Bool
    /// Its identity in the plan.
    var planned: Facts

    /// A file that nobody writes to for this long may be compressed where the writers cannot be seen.
    static let restTime: Duration = .seconds(60)

    static func identity(log: String, file: FileIdentity) -> Facts {
        ["log": .text(log), "file": .text(file.description)]
    }

    static func identity(log: String, rotatedFrom file: FileIdentity) -> Facts {
        ["log": .text(log), "rotated from": .text(file.description)]
    }

    static func identity(log: String, removing status: FileStatus) -> Facts {
        identity(log: log, file: status.identity).merging([
            "bytes": .integer(status.size.bytes), "modified": .text(status.modified.iso8601),
        ]) { $1 }
    }

    init(_ change: Change, _ access: LogAccess) throws {
        guard let kind = Kind(rawValue: change.kind), case .text(let log)? = change.identity["log"],
            let fact = change.identity["file"] ?? change.identity["rotated from"], case .text(let text) = fact,
            let file = FileIdentity(text)
        else { preconditionFailure("the plan of 'logs rotate' does not read back") }
        guard let rotation = access.rotation else { throw LogError.noLongerRotated(log: log) }
        self.kind = kind
        self.file = file
        self.rotation = rotation
        object = change.object
        isFresh = change.identity["file"] == nil
        planned = change.identity
        files = try LogFiles(shown: log)
    }

    var compression: LogCompression? { LogCompression(rotation.compression) }
    var style: LogFiles.Style { rotation.names == .dated ? .dated : .numbered }

    var notice: WriterNotice? {
        rotation.after.map { after in
            switch after {
            case .command(let arguments): return .command(arguments)
            case .signal(let signal, let pidFile):
                let number =
                    switch signal {
                    case .hup: SIGHUP
                    case .usr1: SIGUSR1
                    case .usr2: SIGUSR2
                    }
                return .signal(number, pidFile: pidFile)
            }
        }
    }

    /// The rotated file that is the one of this change, under whatever name it has by now.
    func rotated() throws -> LogFiles.Rotated? {
        try files.rotated().first { $0.status.identity == file }
    }

    func inspect() throws -> Inspection {
        switch kind {
        case .rotate:
            let live = try files.status()
            let isRenamed = try rotation.mode == .rename && rotated() != nil
            let present = isRenamed ? file : live?.identity
            return Inspection(
                identity: present.map { Self.identity(log: files.shown, file: $0) } ?? [:],
                witness: [
                    "bytes": .integer(live?.size.bytes ?? 0), "beginning": .text(try Checksum.beginning(of: files)),
                ])
        case .compress:
            let subject = try subjectToCompress(at: nil)
            let content = try files.directory.open(subject.fileName)
            return Inspection(
                identity: planned,
                witness: [
                    "name": .text(subject.fileName.encoded), "bytes": .integer(subject.status.size.bytes),
                    "sha256": .text(try Checksum.of(content)),
                ])
        case .remove:
            guard let rotated = try rotated() else { return Inspection(identity: [:], witness: [:]) }
            return Inspection(
                identity: Self.identity(log: files.shown, removing: rotated.status),
                witness: ["name": .text(rotated.fileName.encoded)])
        }
    }

    /// The file to compress, if nobody writes to it any more. `now` nil leaves out whether it has rested.
    func subjectToCompress(at now: Timestamp?) throws -> LogFiles.Rotated {
        let candidates = try files.rotated().filter { $0.name.compression == nil }
        let subject =
            isFresh && rotation.mode == .copytruncate
            ? candidates.first : candidates.first { $0.status.identity == file }
        guard let subject else {
            throw isFresh ? LogError.notRotated(log: files.shown) : FileError.changed(path: object)
        }
        let answer = try OpenFiles().writers(of: subject.status.identity)
        if let writer = answer.writers.first {
            throw LogError.stillWritten(path: files.directory.shown(subject.fileName), writer: writer)
        }
        let isCopy = isFresh && rotation.mode == .copytruncate
        if let now, !answer.isComplete, !isCopy, now - subject.status.modified < Self.restTime {
            throw LogError.writersUnknown(path: files.directory.shown(subject.fileName))
        }
        return subject
    }
}

extension FileIdentity {
    /// Reads its `description`.
    init?(_ text: String) {
        let parts = text.split(separator: ":").map { UInt64($0) }
        guard parts.count == 2, let device = parts[0], let inode = parts[1] else { return nil }
        self.init(device: device, inode: inode)
    }
}

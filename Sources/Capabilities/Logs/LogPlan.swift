import Maintenance
import Outside
import Settings

/// The changes one log needs: first the rotation, then the compression of what was rotated, then the removal of what
/// is not to be kept.
struct LogPlan {
    var changes: [Change] = []
    /// Rotated files that cannot be compressed, because somebody still writes to them.
    var held: [(LogFiles.Rotated, OpenFiles.Writer)] = []
    /// Why what is rotated now is compressed at the next run only.
    var postponement: String?

    private let state: LogState
    private let writers: [FileIdentity: OpenFiles.Answer]
    private let rotation: LogAccess.Rotation
    private let now: Timestamp

    init(
        state: LogState, writers: [FileIdentity: OpenFiles.Answer], rotation: LogAccess.Rotation, isForced: Bool,
        now: Timestamp
    ) {
        self.state = state
        self.writers = writers
        self.rotation = rotation
        self.now = now
        var live: FileStatus?
        if let status = state.status, let reason = reasonToRotate(status, isForced) {
            changes.append(rotate(status, reason))
            live = status
        }
        if let compression = LogCompression(rotation.compression) { compress(with: compression, rotating: live) }
        remove(isRotated: live != nil)
    }

    private var log: String { state.files.shown }

    private func reasonToRotate(_ log: FileStatus, _ isForced: Bool) -> String? {
        if state.isInterrupted { return "an interrupted copy waits to be settled" }
        guard log.size > ByteCount(0) else { return nil }
        if let limit = rotation.size, log.size >= limit {
            return "it has \(log.size), the limit is \(limit)"
        }
        if let limit = rotation.age, let since = state.since, now - since >= limit {
            return "it was begun \((now - since).short) ago, the limit is \(limit.short)"
        }
        return isForced ? "'--force'" : nil
    }

    private func rotate(_ status: FileStatus, _ reason: String) -> Change {
        let name = state.files.log
        let new = rotation.names == .dated ? "\(name)-(the time it is done)" : "\(name).1, the others one number up"
        var steps: [String]
        switch rotation.mode {
        case .rename:
            steps = ["rename \(log) to \(new)"]
            if let notice = rotation.after { steps.append(notice.shown) }
        case .copytruncate: steps = ["copy \(log) to \(new)", "cut off what was copied"]
        }
        return Change(
            kind: LogChange.Kind.rotate.rawValue, object: log, action: .files(steps.joined(separator: ", then ")),
            effect: .maintains, reversal: "the rotated file stays: move it back while the program is stopped",
            identity: LogChange.identity(log: log, file: status.identity), reason: reason)
    }

    private mutating func compress(with compression: LogCompression, rotating live: FileStatus?) {
        if let live {
            if let reason = reasonToPostpone(live.identity) {
                postponement = reason
            } else {
                changes.append(
                    change(
                        .compress, "what is rotated from \(log)", compression, fresh: live.identity,
                        reason: "nobody writes to it any more then"))
            }
        }
        for file in state.rotated where file.name.compression == nil {
            let answer = writers[file.status.identity]
            if let writer = answer?.writers.first {
                held.append((file, writer))
            } else if answer?.isComplete == true || now - file.status.modified >= LogChange.restTime {
                changes.append(
                    change(
                        .compress, state.files.directory.shown(file.fileName), compression, file: file,
                        reason: "rotated \(file.rotated), \(file.status.size)"))
            }
        }
    }

    /// A renamed file may be compressed in the same run only where the writer is told and can be seen to let go.
    private func reasonToPostpone(_ log: FileIdentity) -> String? {
        guard rotation.mode == .rename, let answer = writers[log], !answer.writers.isEmpty || !answer.isComplete
        else { return nil }
        if rotation.after == nil { return "its writer is not told, and lets go in its own time" }
        return answer.isComplete ? nil : "who writes to it can only be seen by root"
    }

    private func change(
        _ kind: LogChange.Kind, _ object: String, _ compression: LogCompression,
        file: LogFiles.Rotated? = nil, fresh: FileIdentity? = nil, reason: String
    ) -> Change {
        let identity: Facts
        if let file {
            identity = LogChange.identity(log: log, file: file.status.identity)
        } else if let fresh {
            identity = LogChange.identity(log: log, rotatedFrom: fresh)
        } else {
            preconditionFailure("a compression is of a file that is there, or of one that will be")
        }
        let words = "\(compression.program) \(object), read it back, then remove the original"
        return Change(
            kind: kind.rawValue, object: object, action: .files(words), effect: .maintains,
            reversal: "\(compression.program) -d", identity: identity, reason: reason)
    }

    private mutating func remove(isRotated: Bool) {
        let keep = rotation.keep
        // The file that is rotated now takes a place of its own.
        let count = keep.count.map { max(0, $0.value - (isRotated ? 1 : 0)) }
        let oldest = keep.age.map { $0.value.before(now) }
        let surplus = LogFiles.surplus(state.rotated, count: count, before: oldest)
        for file in surplus {
            let isOld = oldest.map { file.rotated < $0 } ?? false
            let path = state.files.directory.shown(file.fileName)
            let authority = isOld ? keep.age?.location : keep.count?.location
            let reason =
                isOld
                ? "rotated \(file.rotated), kept for \(keep.age?.value.description ?? "")"
                : "at most \(keep.count?.value ?? 0) are kept"
            let compression = LogChange.identity(log: log, file: file.status.identity)
            changes.removeAll { $0.kind == LogChange.Kind.compress.rawValue && $0.identity == compression }
            changes.append(
                Change(
                    kind: LogChange.Kind.remove.rawValue, object: path, action: .files("remove \(path)"),
                    effect: .destroys, reversal: "none: the file is gone",
                    identity: LogChange.identity(log: log, removing: file.status), reason: reason,
                    authority: authority?.description))
        }
    }
}

extension LogCompression {
    init?(_ configured: LogAccess.Compression) {
        switch configured {
        case .gzip: self = .gzip
        case .zstd: self = .zstd
        case .none: return nil
        }
    }
}

extension LogAccess.Notification {
    var shown: String {
        switch self {
        case .signal(let signal, let pidFile): "send SIG\(signal.rawValue) to the process of \(pidFile)"
        case .command(let arguments): "run \(arguments.map(\.shellQuoted).joined(separator: " "))"
        }
    }
}

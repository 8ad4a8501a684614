import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import Settings

/// Rotates, compresses and thins out log files while their writers go on.
package struct RotateLogs: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(help: "Rotate every log that is not empty, whatever its size and age.")
        package var force = false

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "logs.rotate",
        summary: "rotate, compress and thin out log files",
        explanation: """
            Looks at the log files of the configuration and gives those that are larger or older than their limits a \
            new name, compresses what was rotated, and removes the rotated files that are beyond the count or the age \
            to keep. A log that nobody rotates fills the disk, and a full disk stops the database.

            Nothing is lost while the writer goes on. With 'mode: rename' the file keeps being written to under its new \
            name until the writer has been told ('after') and has let go; only then is it compressed. With \
            'mode: copytruncate', for writers that cannot be told, the file is copied and what was copied is cut off: \
            without any loss on ext4 and XFS; elsewhere the log is emptied, and what was written in that moment is \
            measured and said. A compressed file is read back and compared before its original is removed. Rotated \
            files are removed only under a 'keep' that stands in the configuration, and each removal names its line.
            """,
        effect: .destroys,
        subject: .resources([.logs]),
        aliases: [.init("logs:rotate", implied: ["--compress"]), .init("log:rotate", implied: ["--compress"])])

    private let options: Options
    let blocking = Blocking(label: "mainstay.logs")
    let copies = CopyOutcomes()

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let access = Self.access(look)
        let now = look.clock.now()
        let options = options
        look.tell("looking at the logs of \(look.resource.name)")
        return try await blocking.run { cancellation in
            try LogSurvey(target: look.target, access: access, isForced: options.force, now: now).observe(cancellation)
        }
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let change = try LogChange(change, Self.access(look))
        return try await blocking.run { _ in try change.inspect() }
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let key = CopyOutcomes.Key(target: act.look.target, change: change.id)
        let change = try LogChange(change, Self.access(act.look))
        // The files' own fence: held until this change is over, and given back by the kernel if we die.
        let lock = try change.files.directory.lock()
        defer { withExtendedLifetime(lock) {} }
        switch change.kind {
        case .rotate:
            switch change.rotation.mode {
            case .rename: try await rename(change, act.look)
            case .copytruncate:
                let now = act.look.clock.now()
                let outcome = try await blocking.run { cancellation in
                    try CopyTruncate(change.files).run(change.file, style: change.style, at: now, cancellation)
                }
                copies.keep(outcome, for: key)
            }
        case .compress:
            guard let compression = change.compression else { preconditionFailure("nothing to compress with") }
            let subject = try await blocking.run { _ in try change.subjectToCompress(at: act.look.clock.now()) }
            _ = try await LogCompressor(act.look.programs, blocking: blocking).compress(
                subject.fileName, in: change.files.directory, seen: subject.status, with: compression)
        case .remove:
            try await blocking.run { _ in
                guard let rotated = try change.rotated() else { throw FileError.changed(path: change.object) }
                _ = try change.files.directory.remove(rotated.fileName, seen: rotated.status)
                try change.files.directory.synchronize()
            }
        }
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let key = CopyOutcomes.Key(target: look.target, change: change.id)
        let change = try LogChange(change, Self.access(look))
        let copy = copies[key]
        switch change.kind {
        case .rotate:
            return try await blocking.run { _ in
                change.rotation.mode == .rename ? try change.proveRename() : try change.proveCopy(copy, before: witness)
            }
        case .compress: return try await change.proveCompression(before: witness, look.programs, blocking)
        case .remove: return try await blocking.run { _ in try change.proveRemoval() }
        }
    }

    /// How long a writer may take to open its new log before the step says that it did not.
    private static let patience: Duration = .seconds(10)

    /// Also the second half alone, where an earlier attempt was interrupted between the new name and the notice.
    private func rename(_ change: LogChange, _ look: Look) async throws {
        let now = look.clock.now()
        try await blocking.run { _ in
            if try change.rotated() == nil { _ = try change.files.rename(change.file, style: change.style, at: now) }
        }
        guard let notice = change.notice else { return }
        try await notice.send(with: look.programs)
        let began = look.clock.monotonic()
        var wait: Duration = .milliseconds(20)
        while look.clock.monotonic() - began < Self.patience {
            let answer = try await blocking.run { _ in try OpenFiles().writers(of: change.file) }
            if answer.writers.isEmpty { return }
            try await look.clock.sleep(for: wait)
            wait = min(wait * 2, .seconds(1))
        }
    }

    private static func access(_ look: Look) -> LogAccess {
        guard case .logs(let access) = look.resource.access else {
            preconditionFailure("logs are rotated in a resource of logs")
        }
        return access
    }
}

import Foundation
import Glibc
import Maintenance
import Outside

/// A restic repository in one of the storages, and the one way in which restic is run.
///
/// URL, password and credentials reach restic in its environment and never in its arguments, which every user of the
/// machine can read. restic's manual: https://restic.readthedocs.io/en/v0.14.0/
package struct ResticRepository: Sendable {
    /// Of the storage: `offsite`.
    package let storage: String
    package var url: Secret
    package var password: Secret
    /// What the storage's own library reads: `AWS_ACCESS_KEY_ID`, `RCLONE_CONFIG`, ….
    package var credentials: [String: Secret] = [:]
    /// What restic runs to reach an SFTP server; nil for `ssh` as its configuration says.
    package var sftpCommand: String?
    /// In a second.
    package var uploadLimit: ByteCount?
    /// Nothing has to be taken for so long before it is given up.
    package var patience = Duration.seconds(900)
    /// Of ours, for this storage alone: its lock, its identity, restic's cache.
    package let directory: String
    package let programs: Programs

    /// Names the children that write to one storage, so that what our dead process left running is found. Those that
    /// read have no such name: another run's survey may be at work.
    static let mark = "MAINSTAY_STORAGE"

    package init(storage: String, url: Secret, password: Secret, directory: String, programs: Programs) {
        self.storage = storage
        self.url = url
        self.password = password
        self.directory = directory
        self.programs = programs
    }

    /// - Throws: `ProgramError.notInstalled`.
    func child(
        _ arguments: [String], in workingDirectory: String? = nil, limit: Duration? = nil,
        isWriting: Bool = false
    ) throws(ProgramError) -> ChildProgram {
        var environment = ChildEnvironment()
        environment.values = credentials.mapValues { .secret($0) }
        environment.values["RESTIC_REPOSITORY"] = .secret(url)
        environment.values["RESTIC_PASSWORD"] = .secret(password)
        environment.values["RESTIC_PROGRESS_FPS"] = "1"
        environment.values["LC_ALL"] = "C"
        // It tells times without a zone, and writes its locks' with the one of the host.
        environment.values["TZ"] = "UTC"
        if isWriting { environment.values[Self.mark] = .plain(directory) }
        return ChildProgram(
            try programs.find("restic"), Self.general(directory, uploadLimit, sftpCommand) + arguments,
            environment: environment, workingDirectory: workingDirectory, timeLimit: limit)
    }

    private static func general(_ directory: String, _ limit: ByteCount?, _ sftp: String?) -> [String] {
        var words = ["--cache-dir", "\(directory)/cache", "--cleanup-cache"]
        // restic counts in KiB.
        if let limit { words += ["--limit-upload", String(max(1, limit.bytes / 1_024))] }
        if let sftp { words += ["-o", "sftp.command=\(sftp)"] }
        return words
    }

    /// As a plan shows it: without where, and with what.
    package static func commandWords(_ path: String, tags: [String]) -> [String] {
        ["restic", "backup", "--json"] + tags.flatMap { ["--tag", $0] } + [path]
    }

    /// What restic, a program in Go, writes behind some messages about where in itself it was.
    private static func isOfStack(_ line: String) -> Bool {
        line.hasPrefix("\t") || line.hasPrefix("main.") || line.hasPrefix("runtime.") || line.hasPrefix("github.com/")
    }

    /// Itself where it ended well.
    ///
    /// - Throws: `CopyError` with what restic's words mean.
    func checked(_ outcome: ProgramOutcome, accepting statuses: Set<Int32> = [0]) throws(CopyError) -> ProgramOutcome {
        if case .exited(let status) = outcome.termination, statuses.contains(status) { return outcome }
        if case .timedOut(let limit) = outcome.termination { throw .stalled(storage: storage, after: limit) }
        let text = outcome.errorOutput.text
        let lines = outcome.errorOutput.lastLines(100).filter { !Self.isOfStack($0) }.suffix(4)
            .joined(separator: " / ")
        let detail = lines.isEmpty ? "restic \(outcome.termination) without a message" : lines
        throw ResticComplaint(text).error(storage: storage, detail: detail)
    }

    /// The output of a short command, whole. A storage that answers nothing for as long as our patience is given up.
    func text(_ arguments: [String], isWriting: Bool = false) async throws -> [UInt8] {
        let keeping = ByteCount(256 * 1_048_576)
        let outcome = try checked(
            try await programs.run(try child(arguments, limit: patience, isWriting: isWriting), keeping: keeping))
        guard let bytes = outcome.output.bytes else {
            throw CopyError.failed(storage: storage, detail: "restic \(arguments[0]) wrote more than \(keeping)")
        }
        return bytes
    }

    /// Runs what may take long; it is given up only when nothing moved for as long as our patience.
    func long(_ arguments: [String], isWriting: Bool = false, probe: (@Sendable () -> Int64)? = nil) async throws
        -> ProgramOutcome
    {
        let watch = Standstill(programs.clock, probe: probe)
        var said = CapturedOutput(limit: .restic)
        let child = try child(arguments, limit: patience, isWriting: isWriting)
        var outcome = try await watch.programs(programs, patience: patience).run(child) { line in
            watch.read(line.bytes)
            said.append(Array(line.bytes) + [UInt8(ascii: "\n")])
        }
        outcome.output = said
        return outcome
    }

    func decoded<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ what: String) throws -> Value {
        let decoder = JSONDecoder()
        do { return try decoder.decode(type, from: Data(bytes)) } catch let error as DecodingError {
            throw CopyError.failed(storage: storage, detail: "what restic says of \(what) is not known: \(error.short)")
        }
    }
}

// MARK: - Reading

extension ResticRepository {
    /// Its identity; nil where the storage says that there is no repository.
    package func identity() async throws -> String? {
        do {
            let bytes = try await text(["cat", "config", "--no-lock", "--no-cache"])
            return try decoded(ResticConfiguration.self, bytes, "the repository").id
        } catch let error as CopyError {
            guard case .noRepository = error else { throw error }
            return nil
        }
    }

    /// Those of backups, ours and others', the newest first.
    package func snapshots() async throws -> [ResticSnapshot] {
        let bytes = try await text(["snapshots", "--json", "--no-lock"])
        return try decoded([ResticSnapshot].self, bytes, "the snapshots").sorted { $0.time > $1.time }
    }

    /// Every file of a snapshot with its length; directories are left out, anything else has the length nil.
    func files(of snapshot: String) async throws -> [String: Int64?] {
        try await nodes(of: snapshot).filter { $0.value.type != "dir" }.mapValues(\.length)
    }

    /// Everything in a snapshot, by its path.
    func nodes(of snapshot: String) async throws -> [String: ResticNode] {
        var nodes: [String: ResticNode] = [:]
        let child = try child(["ls", "--json", "--no-lock", snapshot], limit: patience)
        let watch = Standstill(programs.clock)
        let outcome = try await watch.programs(programs, patience: patience).run(child) { line in
            watch.read(line.bytes)
            let node = try decoded(ResticNode.self, Array(line.bytes), "a file")
            guard node.struct_type == "node", let path = node.path else { return }
            nodes[path] = node
        }
        _ = try checked(outcome)
        return nodes
    }

    /// What all that snapshots hold takes in the storage, each blob once: compressed and encrypted (restic manual, "stats").
    func size() async throws -> ByteCount {
        struct Statistics: Decodable {
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var total_size: Int64
        }
        let bytes = try await text(["stats", "--mode", "raw-data", "--json", "--no-lock"])
        return ByteCount(try decoded(Statistics.self, bytes, "the statistics").total_size)
    }

    /// One file of a snapshot, handed over as it comes.
    func read(
        _ path: String, of snapshot: String, _ consume: ([UInt8]) throws -> Void
    ) async throws {
        let child = try child(["dump", "--no-lock", snapshot, path], limit: patience)
        let watch = Standstill(programs.clock)
        let outcome = try await watch.programs(programs, patience: patience).run(child) { chunk in
            try watch.consuming { try consume(chunk) }
        }
        _ = try checked(outcome)
    }

    /// The whole of a small file.
    func contents(_ path: String, of snapshot: String) async throws -> [UInt8] {
        try await text(["dump", "--no-lock", snapshot, path])
    }

    /// Writes everything that is in a snapshot under a directory.
    func restore(_ snapshot: String, to target: String) async throws {
        _ = try checked(
            try await long(
                ["restore", "--no-lock", snapshot, "--target", target], probe: Standstill.writing(below: target)))
    }

    /// Compares packs with indexes, and every snapshot's trees with both. Nothing of our cache is believed: it holds what
    /// the storage had once, and hides what became of it.
    ///
    /// - Parameter share: which part of all data is read and compared with its own names: (3, 8) for the third of eight.
    package func check(reading share: (part: Int, of: Int)? = nil) async throws {
        var arguments = ["check"]
        if let share { arguments.append("--read-data-subset=\(share.part)/\(share.of)") }
        let words = arguments
        try await unlocking {
            let outcome = try await long(words)
            // What is wrong with a pack it says on standard output, between its progress.
            guard case .exited(let status) = outcome.termination, status != 0 else {
                _ = try checked(outcome)
                return
            }
            let lines = (outcome.output.lastLines(200) + outcome.errorOutput.lastLines(200)).filter(Self.isComplaint)
            switch ResticComplaint(outcome.errorOutput.text) {
            case .broken, .other, .absent:
                throw CopyError.broken(storage: storage, detail: lines.prefix(4).joined(separator: " / "))
            case let complaint: throw complaint.error(storage: storage, detail: lines.joined(separator: " / "))
            }
        }
    }

    private static func isComplaint(_ line: String) -> Bool {
        !["using temporary", "create exclusive", "load indexes", "check ", "read ", "[", "repository ", "found "]
            .contains { line.hasPrefix($0) }
    }
}

extension ByteCount {
    /// Of what restic says.
    static let restic = ByteCount(4 * 1_048_576)
}

/// `restic cat config`.
struct ResticConfiguration: Decodable {
    var id: String
}

/// A line of `restic ls --json`.
struct ResticNode: Decodable {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var struct_type: String?
    var path: String?
    /// `file`, `dir`, `symlink`; `fifo`, `socket` and the like.
    var type: String?
    var size: Int64?

    /// Nil for what is no file.
    var length: Int64? { type == "file" ? size ?? 0 : nil }

    /// What a listing calls it.
    var kind: FileStatus.Kind {
        switch type {
        case "file": .file
        case "dir": .directory
        case "symlink": .symbolicLink
        default: .other
        }
    }
}

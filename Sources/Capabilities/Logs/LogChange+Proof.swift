import Maintenance
import Outside

extension LogChange {
    /// Renamed, and where the writer is told, it has let go of the old file: else its lines go on into a file that is
    /// about to be compressed.
    func proveRename() throws -> Proof {
        guard let rotated = try rotated() else {
            return try files.status()?.identity == file
                ? .notDone("the log still has its name") : .unknown("the file that was the log is nowhere beside it")
        }
        let answer = try OpenFiles().writers(of: file)
        if notice != nil, let writer = answer.writers.first {
            return .notDone("\(writer.shown) was told and still writes to '\(rotated.fileName)'")
        }
        var evidence: Facts = [
            "rotated to": .text(rotated.fileName.encoded), "bytes": .integer(rotated.status.size.bytes),
            "lost": "nothing",
        ]
        evidence["writer"] =
            if let writer = answer.writers.first {
                .text("\(writer.shown) has not let go yet")
            } else {
                .text(answer.isComplete ? "nobody writes to it any more" : "cannot be looked at by this user")
            }
        return .done(evidence)
    }

    /// The log has lost what its copy holds. Without the outcome, after a crash, its beginning tells.
    func proveCopy(_ outcome: CopyTruncate.Outcome?, before witness: Facts) throws -> Proof {
        guard try !CopyTruncate(files).isInterrupted() else { return .notDone("the copy waits for the log to be cut") }
        guard let live = try files.status(), live.identity == file else {
            return .unknown("the log is another file by now")
        }
        var evidence: Facts = ["bytes left in the log": .integer(live.size.bytes)]
        if let outcome {
            guard let copy = try files.directory.status(of: outcome.name.fileName), copy.size == outcome.copied else {
                return .notDone("the copy '\(try outcome.name.fileName)' is not as long as what was copied")
            }
            evidence["rotated to"] = .text(try outcome.name.fileName.encoded)
            evidence["bytes"] = .integer(outcome.copied.bytes)
            evidence["lost"] = .text(outcome.gap.shown)
            if case .atMost(let bytes) = outcome.gap { evidence["lost bytes, at most"] = .integer(bytes.bytes) }
            if let writer = outcome.writingAtOffset.first {
                evidence["warning"] = .text("\(writer.shown) does not append: its next line leaves a hole in the log")
            }
            return .done(evidence)
        }
        guard case .integer(let size)? = witness["bytes"], case .text(let beginning)? = witness["beginning"] else {
            return .unknown("the journal does not say how the log began")
        }
        guard try live.size.bytes < size || Checksum.beginning(of: files) != beginning else {
            return .notDone("the log still begins as before")
        }
        evidence["lost"] = "unknown: the run that cut the log was interrupted"
        if let newest = try files.rotated().first { evidence["rotated to"] = .text(newest.fileName.encoded) }
        return .done(evidence)
    }

    /// The compressed file gives back exactly what the original held, and the original is gone.
    func proveCompression(before witness: Facts, _ programs: Programs, _ blocking: Blocking) async throws -> Proof {
        guard case .text(let text)? = witness["name"], case .text(let sum)? = witness["sha256"],
            case .integer(let size)? = witness["bytes"], let compression
        else { return .unknown("the journal does not say what was to be compressed") }
        let name = try FileName(encoded: text)
        let goal = try name.appending(compression.ending)
        guard let compressed = try files.directory.status(of: goal) else {
            return .notDone("there is no '\(goal)'")
        }
        guard try files.directory.status(of: name) == nil else { return .notDone("'\(name)' is still there") }
        let file = try files.directory.open(goal)
        var checksum = Checksum()
        let program = ChildProgram(compression.program, ["-dc"], input: .descriptor(file.number))
        let outcome = try await programs.run(program) { checksum.add($0) }
        guard outcome.isSuccess, checksum.count == size, checksum.hexadecimal == sum else {
            return .notDone("'\(goal)' does not give back what was compressed")
        }
        return .done([
            "file": .text(goal.encoded), "bytes before": .integer(size), "bytes after": .integer(compressed.size.bytes),
            "sha256 of the content": .text(sum),
        ])
    }

    func proveRemoval() throws -> Proof {
        guard let rotated = try rotated() else { return .done(["gone": .boolean(true)]) }
        // An inode is given away again: another file may have its number.
        let isSame = Self.identity(log: files.shown, removing: rotated.status) == planned
        return isSame ? .notDone("'\(rotated.fileName)' is still there") : .done(["gone": .boolean(true)])
    }
}

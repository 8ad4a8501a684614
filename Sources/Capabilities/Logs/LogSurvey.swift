import Maintenance
import Outside
import Settings

/// What is to be done about the logs of one resource, and what is worth knowing of them.
struct LogSurvey {
    var target: Target
    var access: LogAccess
    var isForced: Bool
    var now: Timestamp

    private static let codes: Set<String> = ["LG001", "LG002", "LG003"]

    func observe(_ cancellation: Blocking.Cancellation) throws -> Observation {
        var observation = Observation()
        observation.examined = Self.codes
        let found = FoundLogs(access)
        observation.gaps = found.gaps
        observation.findings = found.missing.map { path in
            Finding(
                code: "LG002", severity: .info, target: target, object: path,
                summary: "there is no log '\(path)'", mend: "look whether its program runs, and where it logs to")
        }
        var rows: [[Scalar]] = []
        var total: Int64 = 0
        for log in found.logs {
            try cancellation.check()
            do {
                guard let state = try LogState(log) else { continue }
                look(at: state, &observation)
                let kept = state.rotated.reduce(0) { $0 + $1.status.size.bytes }
                total += state.status.size.bytes + kept
                rows.append([
                    .text(log.shown), .integer(state.status.size.bytes), .text(state.since.description),
                    .integer(Int64(state.rotated.count)), .integer(kept),
                ])
            } catch let error as FileError {
                observation.gaps.append(Observation.Gap(log.shown, error))
            }
        }
        observation.evidence["logs"] = Scalar(rows.count)
        observation.measurements = [Measurement("logs.size", target, unit: .bytes, value: Double(total))]
        observation.listings = [
            Listing(
                "Logs", ["log", .init("size", .bytes), "since", .init("rotated", .count), .init("kept", .bytes)], rows)
        ]
        return observation
    }

    private func look(at state: LogState, _ observation: inout Observation) {
        if let limit = access.maximumSize, state.status.size > limit {
            observation.findings.append(
                Finding(
                    code: "LG001", severity: .warning, target: target, object: state.files.shown,
                    summary: "the log has \(state.status.size), more than \(limit)",
                    evidence: ["bytes": .integer(state.status.size.bytes), "limit": .integer(limit.bytes)],
                    mend: access.rotation == nil
                        ? "configure 'rotate' for it" : "mainstay logs rotate --environment \(target.environment)"))
        }
        guard let rotation = access.rotation else { return }
        let plan = LogPlan(state: state, rotation: rotation, isForced: isForced, now: now)
        observation.changes += plan.changes
        observation.findings += plan.held.map { rotated, writer in
            Finding(
                code: "LG003", severity: .warning, target: target,
                object: state.files.directory.shown(rotated.fileName),
                summary: "\(writer.shown) still writes to the rotated file",
                evidence: ["process": .integer(Int64(writer.process))],
                mend: "tell the program to open its log again, and say how under 'rotate.after'")
        }
        if let reason = plan.postponement {
            observation.evidence["not compressed yet: \(state.files.shown)"] = .text(reason)
        }
    }
}

/// One log and its rotated files at one moment.
struct LogState {
    var files: LogFiles
    var status: FileStatus
    var rotated: [LogFiles.Rotated]
    /// When it was rotated last, else when it was made.
    var since: Timestamp
    var writers: OpenFiles.Answer
    /// Who still writes to a rotated file, by that file.
    var rotatedWriters: [FileIdentity: OpenFiles.Answer] = [:]
    var isInterrupted: Bool

    /// Nil when the log is gone.
    init?(_ files: LogFiles) throws {
        guard let status = try files.status() else { return nil }
        self.files = files
        self.status = status
        rotated = try files.rotated()
        since = rotated.first?.rotated ?? files.directory.birth(of: files.log) ?? status.modified
        writers = try OpenFiles().writers(of: status.identity)
        for file in rotated where file.name.compression == nil {
            rotatedWriters[file.status.identity] = try OpenFiles().writers(of: file.status.identity)
        }
        isInterrupted = try CopyTruncate(files).isInterrupted()
    }
}

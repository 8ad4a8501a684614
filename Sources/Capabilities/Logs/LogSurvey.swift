import Maintenance
import Outside
import Settings

/// What is to be done about the logs of one resource, and what is worth knowing of them.
struct LogSurvey {
    var target: Target
    var access: LogAccess
    var isForced: Bool
    var now: Timestamp

    private static let codes: Set<String> = ["LG001", "LG002", "LG003", "LG004"]

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
        observation.findings += found.doubtful.map { path in
            Finding(
                code: "LG004", severity: .info, target: target, object: path,
                summary: "'\(path)' may be a log or a rotated one, and is left alone",
                mend: "make 'include' narrower, so that it names logs only")
        }
        var states: [LogState] = []
        for log in found.logs {
            try cancellation.check()
            do { states.append(try LogState(log)) } catch { observation.gaps.append(Observation.Gap(log.shown, error)) }
        }
        let writers = try OpenFiles().writers(of: Set(states.flatMap(\.watched)))
        for state in states { look(at: state, writers, &observation) }
        let rows = states.map(\.row)
        observation.evidence["logs"] = Scalar(rows.count)
        observation.measurements = [
            Measurement("logs.size", target, unit: .bytes, value: Double(states.reduce(0) { $0 + $1.bytes }))
        ]
        observation.listings = [
            Listing(
                "Logs", ["log", .init("size", .bytes), "since", .init("rotated", .count), .init("kept", .bytes)], rows)
        ]
        return observation
    }

    private func look(
        at state: LogState, _ writers: [FileIdentity: OpenFiles.Answer], _ observation: inout Observation
    ) {
        if let limit = access.maximumSize, let size = state.status?.size, size > limit {
            observation.findings.append(
                Finding(
                    code: "LG001", severity: .warning, target: target, object: state.files.shown,
                    summary: "the log has \(size), more than \(limit)",
                    evidence: ["bytes": .integer(size.bytes), "limit": .integer(limit.bytes)],
                    mend: access.rotation == nil
                        ? "configure 'rotate' for it" : "mainstay logs rotate --environment \(target.environment)"))
        }
        guard let rotation = access.rotation else { return }
        let plan = LogPlan(state: state, writers: writers, rotation: rotation, isForced: isForced, now: now)
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
    /// Nil while the log is not there: its writer has not made a new one yet.
    var status: FileStatus?
    var rotated: [LogFiles.Rotated]
    /// When it was rotated last, else when it was made.
    var since: Timestamp?
    var isInterrupted: Bool

    init(_ files: LogFiles) throws {
        self.files = files
        status = try files.status()
        rotated = try files.rotated()
        since = rotated.first?.rotated ?? files.directory.birth(of: files.log) ?? status?.modified
        isInterrupted = try CopyTruncate(files).isInterrupted()
    }

    /// The files of which it matters who writes to them.
    var watched: [FileIdentity] {
        (status.map { [$0.identity] } ?? [])
            + rotated.filter { $0.name.compression == nil }.map(\.status.identity)
    }

    /// On the disk, what was rotated included.
    var bytes: Int64 { (status?.size.bytes ?? 0) + kept }
    private var kept: Int64 { rotated.reduce(0) { $0 + $1.status.size.bytes } }

    var row: [Scalar] {
        [
            .text(files.shown), .integer(status?.size.bytes ?? 0), .text(since?.description ?? "gone"),
            .integer(Int64(rotated.count)), .integer(kept),
        ]
    }
}

import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let processesRunning = Check(
        CheckSchema(name: "process.count", summary: "whether as many processes run as have to"),
        code: "HC067",
        title: "Processes",
        kind: .process,
        explanation: """
            Counts the processes of this machine with the resource's program name, command line and user, as /proc shows \
            them; zombies do not run and do not count. Fewer than its 'minimum' are critical. Conditions may judge how many \
            there are, their memory, threads, open files and age: one that starts again and again is always young. \
            Open files of other users' processes only root sees.
            """,
        source: "https://man7.org/linux/man-pages/man5/proc.5.html"
    ) { context in
        guard case .process(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is counted and is \(context.resource.kind)")
        }
        let wanted = Processes.Wanted(
            program: access.program, commandLine: access.commandLine,
            user: try access.user.map { try SystemUser.named($0).id })
        let found = try await Blocking(label: "mainstay.processes").run { _ in try Processes().having(wanted) }
        let uptime = try Host(clock: context.look.clock).uptime()
        let memory = found.reduce(Int64(0)) { $0 + $1.memory.bytes }
        var reading = Reading(value: Double(found.count))
        reading.state = found.count < access.minimum ? .critical : .passed
        reading.summary =
            found.isEmpty
            ? "no such process runs (at least \(access.minimum))"
            : "\(found.count) run\(found.count == 1 ? "s" : "") (at least \(access.minimum)), \(ByteCount(memory)) of memory"
        reading.measurements = [
            Measurement("process.count", context.target, unit: .count, value: Double(found.count)),
            Measurement("process.memory", context.target, unit: .bytes, value: Double(memory)),
        ]
        let open = found.compactMap(\.openFiles)
        let shares = found.compactMap { process in
            process.openFiles.flatMap { open in
                process.openFilesLimit.map { Percentage(Double(open), of: Double($0)).value }
            }
        }
        let hidden = ConditionFacts.Value.missing(found.isEmpty ? "no such process runs" : "only root may see them")
        let isCritical = reading.state == .critical
        let said = reading.summary
        reading.judge(
            access.expected,
            by: ConditionFacts([
                "count": .number(Double(found.count)), "memory": .number(Double(memory)),
                "threads": .number(Double(found.reduce(0) { $0 + $1.threads })),
                "open-files": open.max().map { .number(Double($0)) } ?? hidden,
                "open-files-used": shares.max().map { .number($0) } ?? hidden,
                "age": found.map(\.started).max().map { .number(max(0, (uptime - $0).inSeconds)) } ?? hidden,
            ]))
        if isCritical, reading.evidence["not met 1"] == nil { reading.summary = said }
        return reading
    }
}

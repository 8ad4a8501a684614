import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let machineLoad = Check(
        CheckSchema(
            name: "host.load", summary: "how many processes run or wait for each core",
            thresholds: GuideThresholds.load),
        code: "HC034",
        title: "Load for each core",
        kind: .host,
        explanation: """
            The five-minute load average divided by the cores there are, or that the control group may use. On Linux it \
            counts processes that run, that wait for a core and that wait for a disk. Above one for each core work queues; above two for minutes the machine is too small for it.
            """,
        source: "https://man7.org/linux/man-pages/man5/proc_loadavg.5.html"
    ) { context in
        let facts = try await Host(clock: context.look.clock).facts(over: .zero)
        var reading = Reading(value: facts.loadPerCore)
        reading.evidence = [
            "one minute": .number(facts.load.oneMinute), "five minutes": .number(facts.load.fiveMinutes),
            "fifteen minutes": .number(facts.load.fifteenMinutes),
            "cores": .number(facts.cpu.limit ?? Double(facts.cores)),
        ]
        return reading
    }
}

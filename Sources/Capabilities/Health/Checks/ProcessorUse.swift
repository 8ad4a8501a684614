import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let processorUse = Check(
        CheckSchema(
            name: "host.cpu", summary: "how much of the processor is in use",
            thresholds: GuideThresholds.processor,
            options: [
                .init(
                    "interval", .duration(.milliseconds(100)...(.seconds(20))), standard: 2,
                    summary: "how long the processor is watched")
            ],
            guideKeys: ["performance_metrics.cpu_usage"]),
        code: "HC030",
        title: "Processor in use",
        kind: .host,
        explanation: """
            Watches the processor for a moment: the share of all cores, or of what the control group may use, that is not \
            idle. A moment of full use is what processors are for; event-manager's guide asks for five minutes. So what \
            counts is the smaller of the moment's use and the five-minute load for each core, which is never below the use \
            of those five minutes.
            """,
        source: "https://man7.org/linux/man-pages/man5/proc_stat.5.html"
    ) { context in
        let host = Host(clock: context.look.clock)
        let facts = try await host.facts(over: context.limits.duration("interval"))
        let load = facts.loadPerCore * 100
        var reading = Reading(value: min(facts.cpu.used.value, load))
        let now = "\(facts.cpu.used) in use over \(facts.cpu.interval.short)"
        reading.summary =
            "\(now), \(Percentage(min(100, load))) at most over five minutes (\(context.limits.text))"
        reading.evidence = [
            "cores": Scalar(facts.cores), "used now": .number(facts.cpu.used.value),
            "load of five minutes": .number(facts.load.fiveMinutes),
            "waiting for disks": .number(facts.cpu.waiting.value),
            "taken by the hypervisor": .number(facts.cpu.stolen.value),
        ]
        return reading
    }
}

extension HostFacts {
    /// Processes that run or wait for each core they may use, over five minutes.
    var loadPerCore: Double { load.fiveMinutes / (cpu.limit ?? Double(cores)) }
}

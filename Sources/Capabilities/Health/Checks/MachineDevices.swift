import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let hostPressure = Check(
        CheckSchema(
            name: "host.pressure", summary: "share of the last minute in which work had to wait for memory or disks",
            thresholds: .init(.percent, warning: 40, critical: nil)),
        code: "HC035",
        title: "Pressure",
        kind: .host,
        explanation: """
            The kernel measures for how much of the last minute some task stood still because memory or disks were short \
            (pressure stall information); the greater of the two counts. A full processor alone does not, since host.cpu \
            says that. Unlike a load average it tells how much is lost by it: at 40 % everything takes clearly longer. A \
            kernel that does not measure it leaves the answer open.
            """,
        source: "https://docs.kernel.org/accounting/psi.html"
    ) { context in
        let pressure = try await Host(clock: context.look.clock).facts(over: .zero).pressure
        guard
            let worst = ["memory", "io"].compactMap({ name in pressure[name].map { (name, $0.some) } })
                .max(by: { $0.1 < $1.1 })
        else {
            return Reading(summary: "this kernel does not measure pressure", state: .passed)
        }
        var reading = Reading(value: worst.1.value)
        let names = ["memory": "memory", "io": "disks"]
        reading.summary =
            "\(worst.1) of the last minute waited for \(names[worst.0] ?? worst.0) (\(context.limits.text))"
        for (name, value) in pressure {
            reading.measurements.append(
                Measurement("host.pressure.some", context.target, object: name, unit: .percent, value: value.some.value)
            )
        }
        return reading
    }

    static let hostClock = Check(
        CheckSchema(
            name: "host.clock", summary: "whether a time server keeps this machine's clock, and how far it may be off",
            thresholds: .init(.seconds, warning: 1, critical: 10)),
        code: "HC036",
        title: "Clock",
        kind: .host,
        explanation: """
            Asks the kernel whether something like chrony or systemd-timesyncd keeps its clock, and by how much it may be \
            off at most. A clock that nobody keeps drifts by seconds a day: schedules start at the wrong moment, tokens and \
            certificates are refused, and logs of two machines cannot be put side by side. That is a warning. \
            'database.clock' compares with a server's.
            """,
        source: "https://man7.org/linux/man-pages/man2/adjtimex.2.html"
    ) { context in
        let clock = Host(clock: context.look.clock).clockFacts()
        guard clock.isSynchronised else {
            return Reading(summary: "nothing keeps this machine's clock: it drifts", state: .warning)
        }
        var reading = Reading(value: clock.greatestError.inSeconds)
        reading.summary = "kept by a time server, off by at most \(clock.greatestError.short) (\(context.limits.text))"
        return reading
    }

    static let diskActivity = Check(
        CheckSchema(
            name: "host.disk-activity", summary: "share of the time in which the busiest disk had something to do",
            thresholds: .init(.percent, warning: nil, critical: nil),
            options: [
                .init(
                    "interval", .duration(.milliseconds(100)...(.seconds(20))), standard: 1,
                    summary: "how long the disks are watched")
            ]),
        code: "HC037",
        title: "Busiest disk",
        kind: .host,
        explanation: """
            Watches the disks for a moment. A single spinning disk is full at 100 %; arrays and SSDs do many things at once \
            and may go on for long after that, so that there is no threshold until a configuration names one. What is read \
            and written becomes samples.
            """,
        source: "https://docs.kernel.org/admin-guide/iostats.html"
    ) { context in
        let devices = try await Host(clock: context.look.clock).devices(over: context.limits.duration("interval"))
        guard let busiest = devices.disks.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
            return Reading(summary: "this machine shows no disk", state: .passed)
        }
        var reading = Reading(value: busiest.value.value)
        reading.summary =
            "\(busiest.key.printable) is busy for \(busiest.value) of \(devices.interval.short); all together "
            + "\(devices.read) read and \(devices.written) written a second"
        reading.measurements = [
            ("host.disk.read", devices.read), ("host.disk.written", devices.written),
        ].map { Measurement($0, context.target, unit: .bytes, value: Double($1.bytes)) }
        return reading
    }

    static let networkErrors = Check(
        CheckSchema(
            name: "host.network", summary: "how many packets a network card damages or drops in an hour",
            thresholds: .init(.count, warning: 1_000, critical: nil)),
        code: "HC038",
        title: "Lost packets of a network card",
        kind: .host,
        explanation: """
            Compares the counters of damaged and dropped packets of the worst network interface with those of earlier \
            samples, or with the machine's start. A cable, a card or a full queue: connections get slow without any \
            program being so.
            """,
        source: "https://docs.kernel.org/networking/statistics.html"
    ) { context in
        let host = Host(clock: context.look.clock)
        let devices = try await host.devices(over: .zero)
        let started = context.look.clock.now() - (try host.uptime())
        guard let worst = devices.lostPackets.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
            return Reading(summary: "this machine shows no network card", state: .passed)
        }
        var reading = try await Reading(
            counting: Double(worst.value), "lost packet", series: "host.network.lost", reset: started, context)
        reading.evidence["interface"] = .text(worst.key.printable)
        return reading
    }
}

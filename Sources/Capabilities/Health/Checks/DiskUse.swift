import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let diskUse = Check(
        CheckSchema(
            name: "host.disk", summary: "how full the file systems are", thresholds: GuideThresholds.disk,
            guideKeys: ["performance_metrics.disk_usage"]),
        code: "HC032",
        title: "Disk in use",
        kind: .host,
        explanation: """
            How full the file system of each configured path is, as df shows it: of what everybody but root may use. A \
            full disk stops PostgreSQL at once. Find what grows ('mainstay logs rotate', 'mainstay data cleanup-temp', \
            'replication.slots'), or give it more room. A file system that has become read-only is critical.
            """,
        source: "https://www.postgresql.org/docs/current/disk-full.html"
    ) { context in
        try await Reading(
            disks: context, code: "HC032", series: "host.disk", noun: "full", readOnlyIsCritical: true, share: \.used,
            rest: { "\($0.available) of \($0.total) left" })
    }

    static let diskInodes = Check(
        CheckSchema(
            name: "host.inodes", summary: "how many of the file systems' inodes are in use",
            thresholds: GuideThresholds.disk, guideKeys: ["performance_metrics.disk_usage"]),
        code: "HC033",
        title: "Inodes in use",
        kind: .host,
        explanation: """
            A file system can have room and still take no new file, because all its inodes are in use: mostly by \
            millions of small session or cache files. The share in use, for each configured path. File systems that make \
            inodes as they need them are never short of them.
            """,
        source: "https://man7.org/linux/man-pages/man1/df.1p.html"
    ) { context in
        try await Reading(
            disks: context, code: "HC033", series: "host.inodes", noun: "of the inodes in use",
            readOnlyIsCritical: false, share: \.usedInodes,
            rest: { "\($0.freeInodes.grouped) of \($0.inodes.grouped) left" })
    }
}

extension Reading {
    /// A reading of every file system that is watched, each once, with a finding for each that is too full.
    fileprivate init(
        disks context: CheckContext, code: String, series: String, noun: String, readOnlyIsCritical: Bool,
        share: (DiskFacts) -> Percentage, rest: (DiskFacts) -> String
    ) async throws {
        guard case .host(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked for its disks and is \(context.resource.kind)")
        }
        self.init()
        let host = Host(clock: context.look.clock)
        var seen: Set<UInt64> = []
        var disks: [DiskFacts] = []
        for path in access.disks {
            do {
                let disk = try await host.disk(at: path)
                if seen.insert(disk.device).inserted { disks.append(disk) }
            } catch let error as FileError {
                gaps.append(Observation.Gap(path.printable, error))
            }
        }
        for disk in disks {
            let used = share(disk)
            let isReadOnly = readOnlyIsCritical && disk.isReadOnly
            let severity: Severity? =
                switch context.limits.judge(used.value) {
                case _ where isReadOnly: .critical
                case .critical: .critical
                case .warning: .warning
                case .passed, .unknown: nil
                }
            measurements.append(
                Measurement(series, context.target, object: disk.path, unit: .percent, value: used.value))
            evidence[disk.path] = .number(used.value)
            guard let severity else { continue }
            findings.append(
                Finding(
                    code: code, severity: severity, target: context.target, object: disk.path,
                    summary:
                        "\(used) \(noun), \(rest(disk))\(isReadOnly ? ", and read-only" : "") (\(context.limits.text))",
                    evidence: ["used": .number(used.value)]))
        }
        value = disks.map { share($0).value }.max()
        if let fullest = disks.max(by: { share($0) < share($1) }) {
            summary =
                "\(fullest.path.printable) is \(share(fullest)) \(noun), \(rest(fullest)) (\(context.limits.text))"
        } else {
            summary = "no file system could be looked at"
        }
        let worst = findings.map(\.severity).max()
        switch worst {
        case .critical?: state = .critical
        case .warning?, .info?: state = .warning
        case nil: state = gaps.isEmpty && !disks.isEmpty ? .passed : .unknown
        }
    }
}

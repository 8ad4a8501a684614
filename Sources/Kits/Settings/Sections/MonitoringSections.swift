import Maintenance

/// The `monitoring` section, and the keys of each check that belong to it.
enum MonitoringSections {
    /// The same bounds wherever they are written.
    static let interval = Format<Duration>.duration(.seconds(1)...(.seconds(366 * 86_400)))
    static let rounds = Format<Int>.integer(1...100)
    static let hold = Format<Duration>.duration(.zero...(.seconds(86_400)))

    static let margin = Format<Percentage>.scalar(
        "a percentage from 0% to 50%, such as 5%",
        schema: [
            "anyOf": [
                ["type": "number"], ["type": "string", "pattern": #"^ *[0-9]+(\.[0-9]+)? *%? *$"#],
            ]
        ]
    ) { text in
        Percentage(text).flatMap { (0...50).contains($0.value) ? $0 : nil }
    } write: {
        .plain("\(Scalar.number($0.value).description)%")
    }

    static var format: Format<MonitoringSettings> {
        let standard = MonitoringSettings()
        return Section<MonitoringSettings>(
            prototype: { _ in MonitoringSettings() },
            keys: [
                Key(
                    "every", \.every, interval, standard: standard.every,
                    "How long lies between two rounds of a check."),
                Key("kinds", \.kinds, kinds, "The same for the checks of one kind of resource."),
                Key(
                    "environments", \.environments, .list(of: Format<String>.name.written),
                    "What is asked all the time; without it, every environment."),
                Key(
                    "failures", \.failures, rounds, standard: standard.failures,
                    "So many rounds in a row have to be bad before that counts."),
                Key(
                    "successes", \.successes, rounds, standard: standard.successes,
                    "So many rounds in a row have to be well before it is over."),
                Key(
                    "for", \.hold, hold, standard: standard.hold,
                    "How long it has to have been bad before that counts."),
                Key(
                    "hysteresis", \.hysteresis, margin, standard: standard.hysteresis,
                    "How far behind its threshold a value has to be before it counts as better."),
                Key(
                    "concurrency", \.concurrency, .integer(1...10_000), standard: standard.concurrency,
                    "How many rounds are at work at once; one that waits for longer than a second is not counted."
                ),
                Key("samples", \.samples, samples, "How finely the past is kept, and for how long."),
            ],
            later: [
                "keep", "objective", "objectives", "slo", "baselines", "listen", "textfile", "labels",
            ]
        ).format
    }

    private static var samples: Format<SampleSettings> {
        let standard = SampleSettings()
        let span = Format<Duration>.duration(.seconds(3_600)...(.seconds(10 * 366 * 86_400)))
        return Section<SampleSettings>(
            prototype: { _ in SampleSettings() },
            keys: [
                Key("raw", \.raw, span, standard: standard.raw, "Every sample."),
                Key("fine", \.fine, span, standard: standard.fine, "What is left of five minutes."),
                Key(
                    "hourly", \.hourly, span, standard: standard.hourly,
                    "What is left of an hour; of a day it stays for as long as 'history.keep' says."),
            ]
        ).format
    }

    private static var kinds: Format<[ResourceKind: Duration]> {
        Section<[ResourceKind: Duration]>(
            prototype: { _ in [:] },
            keys: ResourceKind.allCases.map { kind in
                Key(kind.rawValue, \[ResourceKind: Duration][kind], interval, "For resources of this kind.")
            }
        ).format
    }

    /// What every check may say beside its thresholds.
    static var checkKeys: [Key<CheckSetting>] {
        [
            Key(
                "every", \.interval, interval.written,
                "How long lies between two rounds while it is asked all the time."),
            Key(
                "failures", \.failures, rounds.written,
                "So many rounds in a row have to be bad; without it, 'monitoring.failures'."),
            Key(
                "successes", \.successes, rounds.written,
                "So many rounds in a row have to be well; without it, 'monitoring.successes'."),
            Key(
                "for", \.hold, hold.written,
                "How long it has to have been bad; without it, 'monitoring.for'."),
            Key(
                "hysteresis", \.hysteresis, margin.written,
                "How far behind its threshold it has to be to count as better; without it, 'monitoring.hysteresis'."
            ),
            Key(
                "objective", \.objective, objective.written,
                "How much of the time it has to be up; that it is used up too fast is a finding."),
        ]
    }

    /// For checks whose value may be compared with what it usually is.
    static func baselineKey(_ standard: Double?) -> Key<CheckSetting> {
        let thresholds = CheckSchema.Thresholds(
            .percent, warning: nil, critical: nil, range: 110...100_000)
        let format = Format<CheckSetting.Limit>.limit(thresholds)
        return Key(
            "baseline", \.baseline, format.written,
            standard: format.write(standard.map { .at($0) } ?? .none),
            "From how much of what it usually is it is a warning.")
    }

    private static let objective = Format<Percentage>.scalar(
        "a percentage from 50% to 99.999%, such as 99.9%",
        schema: [
            "anyOf": [
                ["type": "number"], ["type": "string", "pattern": #"^ *[0-9]+(\.[0-9]+)? *%? *$"#],
            ]
        ]
    ) { text in
        Percentage(text).flatMap { (50...99.999).contains($0.value) ? $0 : nil }
    } write: {
        .plain("\(Scalar.number($0.value).description)%")
    }

    static func judge(_ inventory: Inventory, _ reading: Reading) {
        let names = inventory.environments.map(\.name)
        for name in inventory.monitoring?.environments ?? [] where !names.contains(name.value) {
            reading.report(
                "there is no environment '\(name.value)'", at: name.location, "monitoring.environments",
                allowed: names.joined(separator: ", "), nearest: nearest(to: name.value, among: names))
        }
    }
}

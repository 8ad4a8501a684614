import Maintenance

/// What is asked all the time, how often, and how much it takes until an answer is believed: the `monitoring` section.
package struct MonitoringSettings: Sendable, Equatable {
    /// Between two rounds of a check of which nothing else is said.
    package var every: Duration = .seconds(60)
    /// The same for the checks of one kind of resource.
    package var kinds: [ResourceKind: Duration] = [:]
    /// Nil for all.
    package var environments: [Written<String>]?
    package var failures = 2
    package var successes = 2
    package var hold: Duration = .zero
    /// How far behind its threshold a value has to be before it counts as better, in percent of the threshold.
    package var hysteresis = Percentage(5)
    /// Rounds that are at work at once.
    package var concurrency = 64
    package var samples = SampleSettings()

    package init() {}

    package func includes(_ environment: String) -> Bool {
        environments?.contains { $0.value == environment } ?? true
    }
}

/// How finely the past of checks is kept, and for how long: what one is dropped of stands in the next coarser one.
package struct SampleSettings: Sendable, Hashable {
    /// Every sample.
    package var raw: Duration = .seconds(2 * 86_400)
    /// Stretches of five minutes.
    package var fine: Duration = .seconds(14 * 86_400)
    /// Hours; days are kept for as long as 'history.keep' says.
    package var hourly: Duration = .seconds(92 * 86_400)

    package init() {}
}

/// How one check runs in one environment.
package struct MonitoringTerms: Hashable, Sendable {
    package var every: Duration
    package var failures: Int
    package var successes: Int
    package var hold: Duration
    package var hysteresis: Percentage
    /// How much of the time it has to be up; nil where nothing was promised.
    package var objective: Percentage?
    /// From how much of what it usually is it is a finding; nil for never.
    package var baseline: Percentage?

    /// What is said about the check wins over its own pace, that over what is said about its kind, and that over what is
    /// said about everything.
    package init(_ schema: CheckSchema, _ setting: CheckSetting, of kind: ResourceKind, _ general: MonitoringSettings) {
        every = setting.interval?.value ?? schema.every ?? general.kinds[kind] ?? general.every
        failures = setting.failures?.value ?? general.failures
        successes = setting.successes?.value ?? general.successes
        hold = setting.hold?.value ?? general.hold
        hysteresis = setting.hysteresis?.value ?? general.hysteresis
        objective = setting.objective?.value
        baseline = (setting.baseline.map(\.value.value) ?? schema.baseline).map { Percentage($0) }
    }
}

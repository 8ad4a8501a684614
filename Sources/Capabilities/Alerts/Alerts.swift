import Command
import Composition

extension Capability {
    /// Who is told of what is wrong, when, and over what; and why.
    package static let alerts = Capability(
        "alerts",
        findingPages: AlertFindings.pages,
        commands: [
            ("alerts", ListAlerts.self), ("alerts", ShowAlert.self), ("alerts", ExplainAlert.self),
            ("alerts", AcknowledgeAlert.self),
            ("alerts", SilenceAlerts.self), ("alerts", UnsilenceAlerts.self), ("alerts", TestChannel.self),
            ("alerts", ConfigureAlerts.self), ("alerts", SummariseAlerts.self), ("alerts", ReviewAlerts.self),
            ("alerts", SimulateAlerts.self), ("alerts", ListChannels.self), ("", Top.self),
        ],
        services: [AlertService.service])
}

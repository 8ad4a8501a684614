import Command
import Engine
import Maintenance

extension MonitorFinding {
    /// What each of them means.
    static let pages = allCases.map { finding in
        FindingPage(
            code: finding.rawValue, name: "monitoring.\(finding)", title: finding.title, severity: .warning,
            explanation: finding.explanation, facts: [finding.mending],
            source: "https://sre.google/workbook/alerting-on-slos/", command: "serve")
    }

    private var title: String {
        switch self {
        case .blind: "A check cannot be answered"
        case .silent: "No round comes to its end"
        case .regressed: "A value is worse than it usually is"
        case .burning: "What a check may be down is used up too fast"
        }
    }

    private var explanation: String {
        switch self {
        case .blind:
            """
            The check was asked as often in a row as its failure threshold says and could not be answered, because it had no \
            right, found no program or ran out of its time: whether what it asks about is well is not known. Its object is \
            the check.
            """
        case .silent:
            """
            Checks that are asked all the time have not been asked for long although they were due: the machine stood still, \
            the state could not be written, or a check holds the others up. What they said before does not count any more.
            """
        case .regressed:
            """
            The value has been worse for a while than its own baseline, which is learned from what it was before at the same \
            resource, by more than the check allows. It may still be far from its limit. Its object is the check.
            """
        case .burning:
            """
            With the availability that is wanted of the check some down-time is allowed; at the rate of the last hours it \
            will be used up long before its period ends. Fast is critical, slow a warning. Its object is the check.
            """
        }
    }

    private var mending: String {
        switch self {
        case .blind: "mend: mainstay health check --check NAME says why it cannot be answered"
        case .silent: "mend: mainstay monitor show tells since when, and the service's log why"
        case .regressed: "mend: mainstay monitor performance shows the value beside what it was"
        case .burning: "mend: mainstay monitor show tells how much is left"
        }
    }
}

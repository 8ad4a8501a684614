import Command
import Engine
import Maintenance
import Settings

extension MonitorFinding {
    /// What each of them means.
    static let pages = allCases.map { finding in
        FindingPage(
            code: finding.rawValue, name: finding.name, title: finding.title, severity: .warning,
            explanation: finding.explanation, facts: finding.origin + [finding.mending],
            source: "https://sre.google/workbook/alerting-on-slos/", command: "serve")
    }

    /// What is configured under `checks` goes by that name.
    private var name: String {
        switch self {
        case .unwell: OverallHealth.schema.name
        case .erring: ErrorRate.schema.name
        case .blind, .silent, .regressed, .burning: "monitoring.\(self)"
        }
    }

    private var origin: [String] {
        switch self {
        case .unwell: [OverallHealth.schema.thresholds?.origin?.text].compactMap { $0 }
        case .erring: [ErrorRate.schema.thresholds?.origin?.text].compactMap { $0 }
        case .blind, .silent, .regressed, .burning: []
        }
    }

    private var title: String {
        switch self {
        case .blind: "A check cannot be answered"
        case .silent: "No round comes to its end"
        case .regressed: "A value is worse than it usually is"
        case .burning: "What a check may be down is used up too fast"
        case .unwell: "Too few of an environment's checks are well"
        case .erring: "Too many answers of an endpoint are bad"
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
        case .unwell:
            """
            The health percentage of a whole environment is below what 'checks.environment.health' says: a warning counts \
            half in it, and what is critical or not known counts nothing. It is judged every minute where checks are asked \
            all the time, and two looks have to say the same. Each check that lowers it is a finding of its own; this one \
            says that it is not about a single one any more. With few checks a single one would make it, so it is not \
            judged there ('checks'). What is just as much as the threshold is well.
            """
        case .erring:
            """
            Of the answers that an endpoint gave over an hour more were bad than 'checks.endpoint.error-rate' allows, and \
            still are over the last ten minutes. An endpoint that fails now and then is never down long enough for \
            'endpoint.answer' to be believed; this is what its visitors see. What was seen while Mainstay worked there \
            itself does not count. It is judged every five minutes.
            """
        }
    }

    private var mending: String {
        switch self {
        case .blind: "mend: mainstay health check --check NAME says why it cannot be answered"
        case .silent: "mend: mainstay monitor show tells since when, and the service's log why"
        case .regressed: "mend: mainstay monitor performance shows the value beside what it was"
        case .burning: "mend: mainstay monitor show tells how much is left"
        case .unwell: "mend: mainstay monitor show lists what is not well"
        case .erring: "mend: mainstay monitor performance shows how it was before"
        }
    }
}

import Maintenance

/// A database that did not answer this time; asked again until the attempts are used up.
struct Unreached: MaintenanceError {
    var reason: any MaintenanceError

    var code: String { reason.code }
    var problem: String { reason.problem }
    var hint: String? { reason.hint }
    var isRetryable: Bool { true }
    var exitStatus: ExitStatus { reason.exitStatus }
}

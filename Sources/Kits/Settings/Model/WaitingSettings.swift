import Maintenance

/// A step that people have to say yes to before the routine goes on in an environment.
package struct ApprovalStepSettings: Sendable, Hashable {
    /// What they say yes to, as they read it.
    package var reason: String
    package var count: ApprovalRule.Count = .number(1)
    /// Users and teams; nil where anybody may.
    package var approvers: [String]?
    /// How long it is waited for; nil for what `approvals.expires` says.
    package var expires: Duration?

    package init(reason: String) { self.reason = reason }
}

/// A step that lets time pass until something is well.
package struct WaitForSettings: Sendable, Hashable {
    /// A task that only looks, with its options.
    package var task: [String]
    /// How long lies between two looks.
    package var every: Duration = .seconds(10)
    /// How long it has to be well without a break; zero is satisfied with the first good look.
    package var steady: Duration = .zero
    /// After this the step has failed.
    package var timeLimit: Duration = .seconds(600)

    package init(task: [String]) { self.task = task }
}

/// The ordered changes of one task on one target, after policy; the digest is what an approval binds to.
package struct Plan: Codable, Hashable, Sendable {
    package var task: String
    package var taskVersion: Int
    /// Normalised arguments, sorted: what was asked, in one way of writing it.
    package var arguments: [String]
    package var target: Target
    /// What the target really is, found and not configured: system identifier and database, device and directory.
    package var identity: Facts
    package var changes: [Change]
    /// What the task proposed and policy did not allow, with the reason.
    package var refusals: [Refusal]
    /// What has to be approved before it starts; nil where nothing has to be. Shown, not digested.
    package var needs: [ApprovalNeed]?
    /// How its changes fit into the windows; nil where no window restricts them. Shown, not digested.
    package var packing: PlanPacking?

    package init(
        task: String, taskVersion: Int, arguments: [String], target: Target, identity: Facts, changes: [Change],
        refusals: [Refusal] = []
    ) {
        self.task = task
        self.taskVersion = taskVersion
        self.arguments = arguments
        self.target = target
        self.identity = identity
        self.changes = changes
        self.refusals = refusals
    }

    package struct Refusal: Codable, Hashable, Sendable {
        package var change: Change
        package var reason: ErrorReport

        package init(change: Change, reason: ErrorReport) {
            self.change = change
            self.reason = reason
        }
    }

    /// SHA-256 over task and version, arguments, target identity and every change's exact action and precondition.
    /// Estimates, reasons, sizes and times are not part of it.
    package var digest: String {
        var digest = CanonicalDigest()
        digest.add(["mainstay.plan.1", task, String(taskVersion)])
        digest.add(arguments)
        digest.add([target.environment, target.resource])
        digest.add(identity)
        for change in changes {
            digest.add([change.kind, change.object, change.effect.rawValue, change.scope.rawValue])
            switch change.action {
            case .sql(let statements): digest.add(["sql"] + statements)
            case .program(let arguments): digest.add(["program"] + arguments)
            case .files(let description): digest.add(["files", description])
            case .pause(let description): digest.add(["pause", description])
            }
            digest.add(change.identity)
            if let changeClass = change.changeClass { digest.add(["class", changeClass.rawValue]) }
        }
        return digest.hexadecimal
    }
}

/// The digest of the plans of several targets together, for `--plan`: one plan's own digest where there is only one.
package func combinedDigest(_ plans: [Plan]) -> String {
    let digests = plans.map(\.digest).sorted()
    if digests.count == 1, let only = digests.first { return only }
    var digest = CanonicalDigest()
    digest.add(["mainstay.plans.1"] + digests)
    return digest.hexadecimal
}

import Maintenance

/// Why something waits for its window.
package enum WindowError: MaintenanceError {
    /// Nothing starts before a window opens.
    ///
    /// - `opens`: nil where none ever opens by itself.
    /// - `problem`: why one that should does not.
    /// - `approval`: the request for a start in an emergency.
    case closed(target: Target, run: String, opens: Timestamp?, problem: String?, approval: String?)
    /// What is left of the open window, or any window, is too short for these changes.
    ///
    /// - `approval`: the request for a start in an emergency.
    case left(count: Int, target: Target, run: String, opens: Timestamp?, first: String, approval: String?)
    /// A newer run of the same waits for the same window.
    case superseded(by: String)

    package var code: String {
        switch self {
        case .closed: "window.closed"
        case .left: "window.left"
        case .superseded: "window.superseded"
        }
    }

    package var problem: String {
        switch self {
        case .closed(let target, _, let opens?, let problem, _):
            "changes of \(target) wait for their window, which opens \(opens)" + (problem.map { ": \($0)" } ?? "")
        case .closed(let target, _, nil, let problem?, _):
            "changes of \(target) wait for a window, and none opens: \(problem)"
        case .closed(let target, _, nil, nil, _):
            "changes of \(target) wait, and no window opens for them by itself"
        case .left(let count, let target, _, let opens, let first, _):
            (count == 1 ? "1 change of \(target) " : "\(count) changes of \(target) ")
                + (opens.map { "\(count == 1 ? "waits" : "wait") for the window that opens \($0)" }
                    ?? "\(count == 1 ? "fits" : "fit") into no window")
                + ": \(first.printable)"
        case .superseded(let run): "nothing of it had begun when run \(run) came to wait for the same window"
        }
    }

    package var hint: String? {
        switch self {
        case .closed(_, let run, _, _, let approval?), .left(_, _, let run, _, _, let approval?):
            "If it cannot wait: 'mainstay approve \(approval) --emergency --reason TEXT', then 'mainstay resume \(run)'."
        case .closed(_, let run, .some, _, nil), .left(_, _, let run, .some, _, nil):
            "'mainstay serve' goes on with it then; by hand: 'mainstay resume \(run)'."
        case .superseded(let run): "'mainstay show \(run)' tells how that stands."
        case .closed(_, _, nil, _, nil): "'mainstay config show' prints the windows; see docs/windows.md."
        case .left(_, _, let run, nil, _, nil):
            "Widen the window, or start it in an emergency window: 'mainstay resume \(run)' asks for the approval there."
        }
    }

    package var isRetryable: Bool { false }
    package var exitStatus: ExitStatus {
        if case .superseded = self { .success } else { .waiting }
    }
}

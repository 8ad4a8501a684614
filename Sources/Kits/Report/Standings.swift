import Engine
import Maintenance
import Page

/// What states look like on pages: one opinion for reports and the dashboard.
extension CheckOutcome.State {
    package var standing: Standing {
        switch self {
        case .passed: .good
        case .warning: .warning
        case .critical: .critical
        case .unknown: .unknown
        }
    }
}

extension Severity {
    package var standing: Standing {
        switch self {
        case .info: .notice
        case .warning: .warning
        case .critical: .critical
        }
    }
}

extension RunState {
    package var standing: Standing {
        switch self {
        case .succeeded: .good
        case .failed, .uncertain: .critical
        case .cancelled, .waiting: .warning
        case .running: .unknown
        }
    }
}

extension StepState {
    package var standing: Standing {
        switch self {
        case .succeeded: .good
        case .failed, .uncertain: .critical
        case .refused, .cancelled, .waiting: .warning
        case .unproven, .pending, .running: .unknown
        case .skipped: .notice
        }
    }
}

extension ChangeState {
    package var standing: Standing {
        switch self {
        case .proved: .good
        case .failed, .undecided: .critical
        case .unproven, .started, .applied: .unknown
        case .refused: .warning
        case .planned, .skipped: .notice
        }
    }
}

import Maintenance
import Settings

/// Whether a step of a routine begins when its turn has come: what it needs, asks about and follows is looked up in the
/// run itself, so that a resumed run answers as the first one would have.
struct StepGate {
    enum Answer: Sendable {
        case begins
        case skipped(ErrorReport)
        /// What it depends on waits for somebody itself.
        case waits(ErrorReport)
    }

    let step: StepRecord
    /// Those before it in its environment, and those of all environments.
    private let earlier: [StepRecord]
    /// Numbers of steps of which a change was proved.
    private let changed: Set<Int>

    init(_ step: StepRecord, in steps: [StepRecord], _ changes: [ChangeRecord]) {
        self.step = step
        earlier = steps.filter { other in
            other.number < step.number && (other.terms?.beside == nil || other.terms?.beside != step.terms?.beside)
                && (other.target.environment == step.target.environment || step.target.environment.isEmpty)
        }
        changed = Set(changes.filter { $0.state == .proved }.map(\.step))
    }

    var answer: Answer {
        guard let terms = step.terms else { return .begins }
        if let reason = terms.leftOut { return .skipped(ErrorReport(StepGateError.leftOut(reason))) }
        var waiting: StepRecord?
        for other in earlier where other.terms?.stopsOnFailure == true && !asks(about: other, terms) {
            if other.state.isFailure { return .skipped(ErrorReport(StepGateError.stopped(by: other))) }
            if !other.state.isSettled { waiting = waiting ?? other }
        }
        for name in terms.needs {
            let group = named(name)
            guard !group.isEmpty else {
                return .skipped(ErrorReport(StepGateError.nothingCalled(name.ownName)))
            }
            if let open = group.first(where: { !$0.state.isSettled }) {
                waiting = waiting ?? open
            } else if let other = group.first(where: { $0.state != .succeeded }) {
                return .skipped(ErrorReport(StepGateError.needed(other)))
            }
        }
        for (name, wanted) in terms.results.sorted(by: { $0.key < $1.key }) {
            let group = named(name)
            if let open = group.first(where: { !$0.state.isSettled }) {
                waiting = waiting ?? open
            } else if !has(group, wanted) {
                // What is done for a step that failed asks about it by its place.
                let isRescue = wanted == .failed && name.ownName.hasPrefix("#")
                return .skipped(
                    ErrorReport(
                        isRescue
                            ? StepGateError.notNeeded(String(name.ownName.dropFirst()))
                            : .resultDiffers(name.ownName, wanted)))
            }
        }
        return waiting.map { .waits(ErrorReport(StepGateError.waits(for: $0))) } ?? .begins
    }

    private func named(_ name: String) -> [StepRecord] {
        earlier.filter { $0.terms?.names.contains(name) == true }
    }

    /// A step that mends what another left is not stopped by that one's failure.
    private func asks(about other: StepRecord, _ terms: StepTerms) -> Bool {
        other.terms?.names.contains { terms.results[$0] != nil } == true
    }

    /// All of them have to have succeeded; of the rest one is enough.
    private func has(_ group: [StepRecord], _ result: StepResult) -> Bool {
        switch result {
        case .succeeded: !group.isEmpty && group.allSatisfy { $0.state == .succeeded }
        case .failed: group.contains { $0.state.isFailure }
        case .findings: group.contains { $0.observation?.findings.isEmpty == false }
        case .changes: group.contains { changed.contains($0.number) }
        }
    }
}

extension StepState {
    var isFailure: Bool { self == .failed || self == .unproven || self == .refused }

    /// Nothing that this run does will change it any more. What was cancelled goes on when the run does.
    var isSettled: Bool { isEnded && self != .cancelled }
}

extension String {
    /// Without the place of the routine it stands in: `2/build` is called `build` by people.
    var ownName: String { unicodeScalars.split(separator: "/").last.map(String.init) ?? self }
}

/// Why a step of a routine does not begin.
enum StepGateError: MaintenanceError {
    case leftOut(String)
    case stopped(by: StepRecord)
    case needed(StepRecord)
    case nothingCalled(String)
    case resultDiffers(String, StepResult)
    /// What is only done where another step fails.
    case notNeeded(String)
    case waits(for: StepRecord)

    var code: String {
        switch self {
        case .leftOut: "step.left-out"
        case .stopped: "step.stopped"
        case .needed, .nothingCalled: "step.needs"
        case .resultDiffers: "step.result-differs"
        case .notNeeded: "step.not-needed"
        case .waits: "step.waits"
        }
    }

    var problem: String {
        switch self {
        case .leftOut(let reason): reason
        case .stopped(let other):
            "step \(other.number) ('\(other.title)') is \(other.state.rawValue), and the routine stops there"
        case .needed(let other):
            "it needs step \(other.number) ('\(other.title)'), which is \(other.state.rawValue)"
        case .nothingCalled(let name):
            "it needs the step '\(name)', which is not done in this environment"
        case .resultDiffers(let name, .succeeded): "the step '\(name)' did not succeed"
        case .resultDiffers(let name, .failed): "the step '\(name)' did not fail"
        case .resultDiffers(let name, .findings): "the step '\(name)' found nothing"
        case .resultDiffers(let name, .changes): "the step '\(name)' changed nothing"
        case .notNeeded(let number): "it is only for where step \(number) of its routine fails, which it did not"
        case .waits(let other):
            "it waits for step \(other.number) ('\(other.title)'), which is \(other.state.rawValue)"
        }
    }

    var exitStatus: ExitStatus {
        if case .waits = self { .waiting } else { .success }
    }
}

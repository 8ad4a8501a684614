import Maintenance

/// What a person says of a change that nothing else can decide about.
package enum Decision: String, CaseIterable, Sendable {
    case done
    case notDone = "not-done"
}

/// Which change of a run is meant: `2.1` is the first change of the second step.
package struct ChangePlace: Hashable, Sendable, CustomStringConvertible {
    package var step: Int
    package var change: Int

    package init(step: Int, change: Int) {
        self.step = step
        self.change = change
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let step = parts[0], let change = parts[1], step > 0, change > 0 else { return nil }
        self.init(step: step, change: change)
    }

    package var description: String { "\(step).\(change)" }
}

extension ChangeRecord {
    package var place: ChangePlace { ChangePlace(step: step, change: number) }

    /// The command by which a person says what became of it.
    package var decideCommand: String { "mainstay resume \(runID) --change \(place) --decide done|not-done" }
}

/// What was decided about one change.
struct Decided: Sendable {
    var decision: Decision
    var place: ChangePlace

    /// What was decided about this very change; nil where it is another one, or where nobody has looked at it yet.
    func decision(about record: ChangeRecord) -> Decision? {
        record.state == .undecided && record.place == place ? decision : nil
    }
}

extension RunLog {
    /// Which change a decision is about. Only those count of which somebody has looked and could not tell: a decision
    /// typed before that would be a guess, and made twice is what cannot be taken back.
    func decided(_ decision: Decision?, about place: ChangePlace?, in run: RunRecord) async throws -> Decided? {
        guard let decision else { return nil }
        let changes = try await changes(of: run.id)
        let open = changes.filter { $0.state == .undecided }
        guard let first = open.first else { throw DecisionError.nothingOpen(run: run.id) }
        if let place {
            guard open.contains(where: { $0.place == place }) else {
                let state = changes.first { $0.place == place }?.state
                throw DecisionError.notOpen(run: run.id, place: place, state: state, open: open.map(\.place))
            }
            return Decided(decision: decision, place: place)
        }
        guard open.count == 1 else {
            let targets = Dictionary(
                try await outlines(of: run.id).map { ($0.number, $0.target.description) }, uniquingKeysWith: { $1 })
            throw DecisionError.several(
                run: run.id, open: open.map { ($0.place, $0.change.id, targets[$0.step] ?? "") })
        }
        return Decided(decision: decision, place: first.place)
    }
}

/// Why a decision counts for nothing.
enum DecisionError: MaintenanceError {
    case nothingOpen(run: String)
    case notOpen(run: String, place: ChangePlace, state: ChangeState?, open: [ChangePlace])
    case several(run: String, open: [(place: ChangePlace, change: String, target: String)])

    var code: String {
        switch self {
        case .nothingOpen: "decision.nothing-open"
        case .notOpen: "decision.not-open"
        case .several: "decision.several"
        }
    }

    var problem: String {
        switch self {
        case .nothingOpen(let run): "no change of run \(run) waits for a decision, so nothing was decided"
        case .notOpen(let run, let place, let state, _):
            state.map { "change \(place) of run \(run) is \($0.rawValue), and waits for no decision" }
                ?? "run \(run) has no change \(place)"
        case .several(let run, let open):
            "\(open.count) changes of run \(run) are undecided, and a decision is about one of them: "
                + open.map { "\($0.place) '\($0.change.printable)' in \($0.target)" }.joined(separator: ", ")
        }
    }

    var hint: String? {
        switch self {
        case .nothingOpen(let run):
            "First 'mainstay resume \(run)': it looks at the target, and asks where nothing there can tell."
        case .notOpen(let run, _, _, let open):
            "'mainstay show \(run)' tells how each stands; undecided: \(open.map(\.description).joined(separator: ", "))."
        case .several(let run, let open):
            "Say which: 'mainstay resume \(run) --change \(open[0].place) --decide done|not-done'."
        }
    }

    var exitStatus: ExitStatus { .usage }
}

import Engine
import Maintenance
import Outside
import Synchronization

/// What a person sees while a run goes on: a line for each step that has ended, and on a terminal one live line that
/// says what is being done, for how long, and how long it will still take. Never silent for more than five seconds.
package final class Progress: Sendable {
    private struct State {
        var total = 0
        var ended = 0
        var name = ""
        var beganAt: Duration = .zero
        var spokeAt: Duration = .zero
        var running: [Int: (step: StepRecord, doing: String)] = [:]
        /// Of the steps that have a plan.
        var changes: [Int: Int] = [:]
        var lineIsDrawn = false
        /// How long the same run took the last time; nil where that is not known, or not yet.
        var expected: Duration?
    }

    private let console: Console
    private let clock: WallClock
    private let isQuiet: Bool
    private let isVerbose: Bool
    private let state = Mutex(State())

    package init(console: Console, clock: WallClock, isQuiet: Bool, isVerbose: Bool) {
        self.console = console
        self.clock = clock
        self.isQuiet = isQuiet
        self.isVerbose = isVerbose
    }

    /// How long the same run took the last time.
    package func expect(_ duration: Duration) { state.withLock { $0.expected = duration } }

    package func receive(_ event: RunEvent) {
        guard !isQuiet else { return }
        state.withLock { state in
            let now = clock.monotonic()
            switch event {
            case .began(let run, let steps):
                state.total = steps
                state.name = run.name
                state.beganAt = now
                state.spokeAt = now
            case .stepBegan(let step):
                state.running[step.number] = (step, "looking")
            case .told(let step, let text):
                state.running[step.number] = (step, text)
            case .planned(let step, let plan):
                state.running[step.number] = (step, PlanText.count(plan.changes.count))
                state.changes[step.number] = plan.changes.count
            case .changeMoved(let step, let change, let count):
                state.running[step.number] = (step, "\(change.number)/\(count) \(change.change.id)")
                if isVerbose, change.state.isFinal {
                    say("  \(change.state.rawValue): \(change.change.id.printable)", &state, now)
                }
            case .stepEnded(let step):
                state.ended += 1
                state.running[step.number] = nil
                say(line(of: step, changes: state.changes.removeValue(forKey: step.number)), &state, now)
            case .ended:
                clear(&state)
            }
        }
    }

    /// Redraws the live line, or says that work goes on. Called a few times a second until the run ends.
    package func tick() {
        guard !isQuiet else { return }
        state.withLock { state in
            let now = clock.monotonic()
            guard let current = state.running.min(by: { $0.key < $1.key })?.value else { return }
            let elapsed = now - state.beganAt
            let task = current.step.title
            var text = "\(state.ended)/\(state.total) steps, \(elapsed.short)"
            if let expected = state.expected, expected > elapsed {
                text += ", about \((expected - elapsed).short) left"
            }
            text += " · \(current.step.target) \(task): \(current.doing.printable)"
            if state.running.count > 1 { text += " (+\(state.running.count - 1))" }
            if console.errorIsTerminal {
                console.draw("\r\u{1b}[K" + text.cut(to: console.errorWidth - 1))
                state.lineIsDrawn = true
            } else if now - state.spokeAt >= .seconds(4) {
                say(text, &state, now)
            }
        }
    }

    private func line(of step: StepRecord, changes count: Int?) -> String {
        let style = Style(usesColor: console.errorIsTerminal && console.usesColor)
        let task = step.title
        let duration = step.duration.map { " (\($0.short))" } ?? ""
        let changes = count.map { ", \(PlanText.count($0))" } ?? ""
        return "\(style.step(step.state))  \(step.target) \(task)\(changes)\(style.dim(duration))"
    }

    private func say(_ text: String, _ state: inout State, _ now: Duration) {
        clear(&state)
        console.note(text)
        state.spokeAt = now
    }

    private func clear(_ state: inout State) {
        guard state.lineIsDrawn else { return }
        console.draw("\r\u{1b}[K")
        state.lineIsDrawn = false
    }
}

import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay top`
struct Top: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "top", "Watch environments, checks and alerts in the terminal.",
        """
        Shows how healthy each environment is, which checks are not well and which alerts there are, and looks again every two \
        seconds. The arrows select an alert, 'a' acknowledges it, 's' silences what has the same name and place for an hour, \
        'q' ends. Where the output is no terminal it is printed once. It asks the state and not the server.
        """)

    @Option(help: ArgumentHelp("How long lies between two looks.", valueName: "duration"))
    var interval: Duration = .seconds(2)
    @Flag(help: "Print it once, also on a terminal.")
    var once = false
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard (Duration.milliseconds(200)...(.seconds(3_600))).contains(interval) else {
            throw ValidationError("'--interval' is from 200ms to 1h")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        let chosen = try session.inventory.select(environments, for: .estate)
        let console = application.console
        guard !once, console.isTerminal, let keys = TerminalKeys() else {
            let screen = try await look(session, chosen)
            for line in screen.lines(width: console.width, height: nil, isLive: false) { console.print(line) }
            return .success
        }
        // A screen of its own, so that what was there before is there again afterwards (xterm's ?1049).
        console.print("\u{1b}[?1049h\u{1b}[?25l")
        defer {
            keys.restore()
            console.print("\u{1b}[?25h\u{1b}[?1049l")
        }
        var selected: String?
        var note: String?
        while true {
            var screen = try await look(session, chosen)
            if !screen.alerts.contains(where: { $0.fingerprint == selected }) {
                selected = screen.alerts.first?.fingerprint
            }
            screen.selected = selected
            screen.note = note
            let lines = screen.lines(width: console.width ?? 80, height: TerminalKeys.rows - 1, isLive: true)
            console.print("\u{1b}[H\u{1b}[J" + lines.joined(separator: "\r\n"))
            for key in try await keys.next(within: Int32(interval.inMilliseconds)) {
                let place = screen.alerts.firstIndex { $0.fingerprint == selected }
                switch key {
                case .up, .letter(UInt8(ascii: "k")):
                    selected = place.map { screen.alerts[max(0, $0 - 1)].fingerprint }
                case .down, .letter(UInt8(ascii: "j")):
                    selected = place.map { screen.alerts[min(screen.alerts.count - 1, $0 + 1)].fingerprint }
                case .letter(UInt8(ascii: "a")):
                    note = try await acknowledge(place.map { screen.alerts[$0] }, session)
                case .letter(UInt8(ascii: "s")):
                    note = try await silence(place.map { screen.alerts[$0] }, session)
                case .letter(UInt8(ascii: "q")): return .success
                case .letter: note = nil
                }
            }
            try Task.checkCancellation()
        }
    }

    private func look(_ session: Session, _ chosen: [String]) async throws -> TopScreen {
        let state = try await session.log.alertState()
        let names = Set(chosen)
        return TopScreen(
            environments: chosen,
            checks: try await session.log.monitored().filter { names.contains($0.outcome.target.environment) },
            alerts: TopScreen.ordered(state.book.alerts.values).filter {
                let name = $0.labels[Labels.Name.environment]
                return name.isEmpty || names.contains(name)
            },
            silences: Array(state.silences.values), findings: try await session.log.openFindings().map(\.finding),
            now: session.application.clock.now())
    }

    private func acknowledge(_ alert: AlertRecord?, _ session: Session) async throws -> String {
        guard let alert else { return "no alert is selected" }
        let taken = AlertRecord.Acknowledgement(
            by: session.application.requester.name, comment: "from 'mainstay top'", at: session.application.clock.now())
        try await session.log.note([.acknowledged(fingerprint: alert.fingerprint, taken)])
        return "\(alert.place) \(alert.labels[Labels.Name.alert]) is yours, as long as it lasts"
    }

    /// What has the same name, environment and resource: what a person sees on the line.
    private func silence(_ alert: AlertRecord?, _ session: Session) async throws -> String {
        guard let alert else { return "no alert is selected" }
        let clock = session.application.clock
        let names = [Labels.Name.alert, Labels.Name.environment, Labels.Name.resource]
        let silence = Silence(
            id: Identifiers(clock: clock).next(), matchers: names.map { Matcher($0, is: alert.labels[$0]) },
            starts: clock.now(), ends: clock.now() + .seconds(3_600), author: session.application.requester.name,
            comment: "from 'mainstay top'")
        try await session.log.note([.silenced(silence)])
        return "silent for an hour; end it: mainstay alerts unsilence \(silence.id)"
    }
}

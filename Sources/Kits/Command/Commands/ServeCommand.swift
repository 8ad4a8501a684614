import ArgumentParser
import Engine
import Maintenance
import Outside
import Settings

/// `mainstay serve`
package struct ServeCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "serve", "Start routines by their schedules, until it is stopped.",
        """
        What happens is said on standard error, a line each. SIGHUP reads the configuration again, all or nothing. SIGTERM \
        and SIGINT start nothing more, let the present changes end within 55 minutes and leave the rest for the next \
        start; a second one interrupts them, a third ends at once. Of \
        several processes on one state directory one works and the others wait. A service manager that wants to know is \
        told how it is (sd_notify); 'mainstay service install' writes its unit. See docs/scheduler.md.
        """)

    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        application.drain.prepare()
        var requester = application.requester
        requester.sudoUser = nil
        requester.service = Scheduler.serviceName
        let line = ServiceLine(clock: application.clock)
        let news = ServiceNews(manager: ServiceManager(environment: application.programs.environment))
        @Sendable func note(_ trouble: String?) {
            if let trouble { session.console.note(line.text(untold: trouble)) }
        }
        // Services work with what the scheduler works with: both take a new configuration, or neither does.
        let readings = Readings(count: application.services.count)
        let scheduler = Scheduler(
            session.work(session.inventory), log: session.log.acting(for: requester), clock: application.clock,
            zones: application.zones, requester: requester, pulse: news.pulse
        ) { event in
            if case .ended(let summary) = event { session.leaveHead(after: summary) }
            if case .reloaded(let inventory, _, _) = event { readings.tell(inventory) }
            if let text = line.text(event) { session.console.note(text) }
            note(news.tell(event))
        }
        return try await withHangUps { hangUps in
            try await withTaskCancellationHandler {
                try await draining(application, scheduler, news, say: { session.console.note($0) }) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await scheduler.run() }
                        for (service, inventories) in zip(application.services, readings.streams) {
                            group.addTask {
                                try await service.run(
                                    HouseService.Running(session: session, inventories: inventories) {
                                        session.console.note(line.text($0, $1, $2))
                                    })
                            }
                        }
                        group.addTask {
                            for await _ in hangUps {
                                note(news.reloads())
                                scheduler.reload(reading(session))
                            }
                        }
                        defer { group.cancelAll() }
                        try await group.next()
                        return .success
                    }
                }
            } onCancel: {
                note(news.stops())
            }
        }
    }

    /// While changes are let to their end, the service manager is told that the process is well, and everybody else that it
    /// stops.
    private func draining(
        _ application: Application, _ scheduler: Scheduler, _ news: ServiceNews,
        say: @escaping @Sendable (String) -> Void,
        _ body: () async throws -> ExitStatus
    ) async throws -> ExitStatus {
        let line = ServiceLine(clock: application.clock)
        let (over, ended) = AsyncStream<Void>.makeStream()
        async let watching: Void = despiteCancellation {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in over {} }
                group.addTask {
                    for await _ in application.drain.begun {}
                    while !Task.isCancelled {
                        if let trouble = news.tell(.isWell) { say(line.text(untold: trouble)) }
                        if let event = await scheduler.saysItStops(), let text = line.text(event) { say(text) }
                        do { try await application.clock.sleep(for: news.pulse) } catch { return }
                    }
                }
                await group.next()
                group.cancelAll()
            }
        }
        let outcome: Result<ExitStatus, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        ended.finish()
        try await watching
        return try outcome.get()
    }

    /// The configuration as it is now, or why it cannot take the place of the one in use.
    private func reading(_ session: Session) -> Result<Scheduler.Work, ErrorReport> {
        do {
            let application = session.application
            let inventory = try application.readConfiguration(place).inventory
            let directory = application.stateDirectory(place, inventory)
            guard directory == session.stateDirectory else {
                throw CommandError.stateMoved(from: session.stateDirectory, to: directory)
            }
            return .success(session.work(inventory))
        } catch {
            return .failure(ErrorReport(error))
        }
    }
}

/// One stream of readings of the configuration for each service.
private struct Readings: Sendable {
    let streams: [AsyncStream<Inventory>]
    private let continuations: [AsyncStream<Inventory>.Continuation]

    init(count: Int) {
        let made = (0..<count).map { _ in
            AsyncStream.makeStream(of: Inventory.self, bufferingPolicy: .bufferingNewest(1))
        }
        streams = made.map(\.stream)
        continuations = made.map(\.continuation)
    }

    func tell(_ inventory: Inventory) {
        for continuation in continuations { continuation.yield(inventory) }
    }
}

extension Session {
    fileprivate func work(_ inventory: Inventory) -> Scheduler.Work {
        let line = ServiceLine(clock: application.clock)
        var runner = Runner(
            inventory: inventory, catalog: application.catalog, log: log, clock: application.clock,
            programs: application.programs, stateDirectory: stateDirectory
        ) { [console] event in
            if case .stepEnded(let step) = event { console.note(line.text(step)) }
        }
        runner.zones = application.zones
        runner.drain = application.drain
        runner.busyPatience = .seconds(6 * 3_600)
        return Scheduler.Work(book: application.book(inventory), runner: runner)
    }
}

import Command
import Engine
import Maintenance
import Outside
import Settings
import Web

/// What `mainstay serve` shows in a browser; nothing where the configuration has no `server`.
struct DashboardService: Sendable {
    let running: HouseService.Running

    static let service = HouseService("dashboard") { try await DashboardService(running: $0).run() }

    private var log: RunLog { running.session.log }
    private var clock: WallClock { running.session.application.clock }

    func run() async throws {
        let current = CurrentInventory(running.session.inventory)
        let site = Site(
            session: running.session, current: current, live: LiveVersion(),
            gate: Gatekeeper(log: log, clock: clock) { current.inventory.server ?? DashboardSettings() },
            complain: { [say = running.say] what, report in
                say(.critical, what, [("code", report.code), ("problem", report.problem)])
            })
        let changes = AsyncStream.makeStream(of: DashboardSettings?.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await inventory in running.inventories {
                    current.replace(inventory)
                    site.live.tell()
                    changes.continuation.yield(inventory.server)
                }
            }
            // Before anybody asks: what is asked again is not begun twice.
            await takeUp(site)
            group.addTask { await site.desk.run(running.session, complain: site.complain) }
            try await serve(site, changes.stream)
        }
    }

    /// What an earlier process accepted; where it cannot be read, it is said, and stays for the next one.
    private func takeUp(_ site: Site) async {
        do { try await site.desk.takeUp(running.session) } catch {
            site.complain("what waited for its turn cannot be taken up", ErrorReport(error))
        }
    }

    /// Whoever cannot be told that something is new still sees it when they look again.
    private func watch(_ live: LiveVersion) async throws {
        while true {
            do {
                try await live.watch(log, clock: clock)
            } catch {
                try await complain("nobody is told of what is new", error)
            }
        }
    }

    /// One server after the other, whenever the configuration wants another.
    private func serve(_ site: Site, _ changes: AsyncStream<DashboardSettings?>) async throws {
        var wanted = running.session.inventory.server
        var iterator = changes.makeAsyncIterator()
        while true {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let settings = wanted {
                    group.addTask { try await listen(settings, site) }
                    group.addTask { try await watch(site.live) }
                }
                while let next = await iterator.next() {
                    guard next != wanted else { continue }
                    wanted = next
                    break
                }
                try Task.checkCancellation()
                group.cancelAll()
                do { try await group.waitForAll() } catch is CancellationError {}
            }
        }
    }

    private func listen(_ settings: DashboardSettings, _ site: Site) async throws {
        var certificates: WebCertificates?
        if let certificate = settings.certificate, let key = settings.key {
            certificates = WebCertificates(certificate: certificate, key: key)
        }
        var limits = WebLimits()
        limits.largeBodies.paths = [["api"]]
        let server = WebServer(
            WebAddress(host: settings.listen.host, port: settings.listen.port), limits: limits,
            certificates: certificates, clock: clock)
        let link = try await firstLink()
        while true {
            do {
                try await server.run { address in
                    running.say(.info, "dashboard ready", [("url", Self.url(settings, address))])
                    guard let link else { return }
                    // The only way in as long as there is no account; whoever reads this line may use it, once.
                    running.say(
                        .warning, "nobody can sign in yet; open this link once to become admin",
                        [
                            ("url", "\(Self.url(settings, address))/set-up/\(link.key)"),
                            ("until", link.until.description),
                        ])
                } refusing: { open in
                    guard site.counters.countRefused(at: clock.now()) else { return }
                    running.say(
                        .warning, "connections are refused, there are too many", [("connections", String(open))])
                } answer: {
                    await site.answer($0)
                }
            } catch {
                try await complain("the dashboard cannot be served", error)
            }
        }
    }

    /// Nil where there are accounts.
    private func firstLink() async throws -> (key: String, until: Timestamp)? {
        let key = Keys.make()
        let until = clock.now() + Gatekeeper.linkTime
        do {
            let isFirst = try await log.inviteFirst(link: Keys.digest(key), until: until)
            return isFirst ? (key, until) : nil
        } catch {
            try await complain("no link to set the dashboard up can be made", error)
            return nil
        }
    }

    private static func url(_ settings: DashboardSettings, _ address: WebAddress) -> String {
        settings.url ?? "\(settings.certificate == nil ? "http" : "https")://\(address)"
    }

    /// Says what goes wrong and waits a little; throws only where the service is to stop.
    private func complain(_ what: String, _ error: any Error) async throws {
        try Task.checkCancellation()
        let report = ErrorReport(error)
        running.say(.critical, what, [("code", report.code), ("problem", report.problem)])
        try await clock.sleep(for: .seconds(5))
    }
}

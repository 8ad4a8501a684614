import Engine
import Maintenance
import Outside
import Page
import Settings
import Synchronization

/// The public page and its feed as they were made last. However many strangers ask, they are made once for a version of
/// the data, and not more than once a second.
final class StatusShelf: Sendable {
    struct Pages: Sendable {
        var page: [UInt8]
        var feed: [UInt8]
    }

    private struct Kept {
        var pages: Pages
        var version: Int64
        var settings: StatusPageSettings
        /// Of the configuration.
        var digest: String?
        var at: Timestamp
    }

    /// Pages that are being made, for everybody who came meanwhile.
    private struct Making {
        var number: Int
        var settings: StatusPageSettings
        var digest: String?
        var pages: Task<Pages, any Error>
    }

    private enum Next {
        case known(Pages)
        case made(Task<Pages, any Error>)
    }

    private struct State {
        var kept: Kept?
        var making: Making?
        var last = 0

        /// Those of this configuration that are younger than that.
        func pages(_ settings: StatusPageSettings, _ digest: String?, at now: Timestamp, younger limit: Duration)
            -> Kept?
        {
            guard let kept, kept.settings == settings, kept.digest == digest, kept.at <= now, now - kept.at < limit
            else { return nil }
            return kept
        }
    }

    /// Whatever was written meanwhile.
    static let pause: Duration = .seconds(1)
    /// Though nothing was written: time alone makes known things unknown.
    static let longest: Duration = .seconds(30)

    private let state = Mutex(State())
    private let histories = StatusHistories()

    /// How often they were made.
    var made: Int { state.withLock { $0.last } }

    /// - Throws: `Refusal.notFound` where the configuration has no such page.
    func pages(_ site: Site) async throws -> Pages {
        let inventory = site.inventory
        guard let settings = inventory.server?.statusPage else { throw Refusal.notFound }
        let digest = inventory.sourceDigest
        let now = site.clock.now()
        let young = state.withLock { $0.pages(settings, digest, at: now, younger: Self.pause) }
        if let young { return young.pages }
        let version = try await site.log.version()
        let next = state.withLock { state -> Next in
            let kept = state.pages(settings, digest, at: now, younger: Self.longest)
            if let kept, kept.version == version || now - kept.at < Self.pause { return .known(kept.pages) }
            if let making = state.making, making.settings == settings, making.digest == digest {
                // Nobody waits who can have what is still good.
                return kept.map { .known($0.pages) } ?? .made(making.pages)
            }
            state.last += 1
            let number = state.last
            // Not the work of whoever came first: who goes away ends it for nobody else.
            let pages = Task {
                try await self.make(number, settings, digest, version, site, at: now)
            }
            state.making = Making(number: number, settings: settings, digest: digest, pages: pages)
            return .made(pages)
        }
        switch next {
        case .known(let pages): return pages
        case .made(let pages): return try await pages.value
        }
    }

    private func make(
        _ number: Int, _ settings: StatusPageSettings, _ digest: String?, _ version: Int64, _ site: Site,
        at now: Timestamp
    ) async throws -> Pages {
        defer {
            state.withLock { state in
                if state.making?.number == number { state.making = nil }
            }
        }
        let board = try await StatusBoard(settings, site, histories)
        let pages = Pages(page: StatusPage.html(board, at: now).bytes, feed: StatusFeed.xml(board).bytes)
        let kept = Kept(pages: pages, version: version, settings: settings, digest: digest, at: now)
        state.withLock { $0.kept = kept }
        return pages
    }
}

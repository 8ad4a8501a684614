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

    private struct State {
        var kept: Kept?
        /// Whether somebody makes them just now, for whom nobody else has to wait.
        var isMaking = false
    }

    /// Whatever was written meanwhile.
    static let pause: Duration = .seconds(1)
    /// Though nothing was written: time alone makes known things unknown.
    static let longest: Duration = .seconds(30)

    private let state = Mutex(State())
    private let histories = StatusHistories()

    /// - Throws: `Refusal.notFound` where the configuration has no such page.
    func pages(_ site: Site) async throws -> Pages {
        let inventory = site.inventory
        guard let settings = inventory.server?.statusPage else { throw Refusal.notFound }
        let version = try await site.log.version()
        let now = site.clock.now()
        let known = state.withLock { state -> Pages? in
            if let kept = state.kept, kept.settings == settings, kept.digest == inventory.sourceDigest,
                kept.at <= now
            {
                let age = now - kept.at
                if age < Self.pause { return kept.pages }
                if age < Self.longest, kept.version == version || state.isMaking { return kept.pages }
            }
            state.isMaking = true
            return nil
        }
        if let known { return known }
        defer { state.withLock { $0.isMaking = false } }
        let board = try await StatusBoard(settings, site, histories)
        let pages = Pages(page: StatusPage.html(board, at: now).bytes, feed: StatusFeed.xml(board).bytes)
        let kept = Kept(pages: pages, version: version, settings: settings, digest: inventory.sourceDigest, at: now)
        state.withLock { $0.kept = kept }
        return pages
    }
}

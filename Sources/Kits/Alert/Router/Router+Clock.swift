import Maintenance

extension Router {
    /// Beyond this a clock that was set back is a clock that was wrong before, and everything planned by it moves with it.
    static let plausibleSetback: Duration = .seconds(60)

    /// Time goes on; where the clock was set back far, what is planned for the hours that come a second time would wait
    /// for them, so it is moved back by as much.
    mutating func catchUp(to instant: Timestamp) {
        let setback = state.now - instant
        guard setback > Self.plausibleSetback else {
            state.now = max(state.now, instant)
            return
        }
        state.now = instant
        state.sweepAt = state.sweepAt.map { $0 - setback }
        state.groups = state.groups.mapValues { group in
            var group = group
            group.next = group.next - setback
            // A batch keeps to its hour, by the clock as it is now.
            if let route = routes[group.route], isBatched(route) { group.next = next(route, after: instant) }
            return group
        }
        state.waits = state.waits.mapValues { wait in
            var wait = wait
            wait.until = wait.until - setback
            return wait
        }
        state.climbs = state.climbs.mapValues { climb in
            var climb = climb
            climb.look = climb.look.map { $0 - setback }
            climb.endLook = climb.endLook.map { $0 - setback }
            climb.since = climb.since - setback
            return climb
        }
        state.entries = state.entries.mapValues { entries in
            entries.mapValues { entry in
                var entry = entry
                entry.at = entry.at - setback
                entry.expires = entry.expires - setback
                entry.refreshed = entry.refreshed.map { $0 - setback }
                return entry
            }
        }
        state.silencesUsed = state.silencesUsed.mapValues { min($0, instant) }
        state.book.moveBack(by: setback)
    }
}

extension AlertBook {
    /// Everything that is remembered of a clock that was wrong, by as much as it was.
    mutating func moveBack(by setback: Duration) {
        for fingerprint in alerts.keys.sorted() {
            guard var alert = alerts[fingerprint] else { continue }
            alert.since = alert.since - setback
            alert.firedAt = alert.firedAt.map { $0 - setback }
            alert.resolvedAt = alert.resolvedAt.map { $0 - setback }
            alert.endedBefore = alert.endedBefore.map { $0 - setback }
            alert.wellSince = alert.wellSince.map { $0 - setback }
            alert.turns = alert.turns.map { $0 - setback }
            put(alert)
        }
    }
}

import Maintenance

/// All alerts and how each of them lives: pending → firing → resolved, with flapping damped.
///
/// A value. Events are level-triggered: the same one a second time changes nothing, so that after a crash whatever may
/// have been lost is simply said again.
package struct AlertBook: Codable, Hashable, Sendable {
    /// How long an alert that is over is remembered, for its turns and for those who look it up.
    static let memory: Duration = .seconds(7 * 86_400)

    package private(set) var alerts: [String: AlertRecord] = [:]

    package init() {}

    package subscript(fingerprint: String) -> AlertRecord? { alerts[fingerprint] }

    /// Sorted by fingerprint.
    package var firing: [AlertRecord] {
        alerts.values.filter(\.isFiring).sorted { $0.fingerprint < $1.fingerprint }
    }

    /// What happened to an alert.
    package enum Turn: Hashable, Sendable {
        case pends(AlertRecord)
        case fires(AlertRecord)
        /// It went before it had lasted its `for`.
        case passed(AlertRecord)
        /// It is well, but has come and gone too often to be believed.
        case flaps(AlertRecord)
        case resolves(AlertRecord)
    }

    mutating func take(_ event: AlertEvent, at now: Timestamp, _ terms: AlertTerms) -> Turn? {
        switch event {
        case .wrong(let labels, let annotations): return wrong(labels, annotations, at: now, terms)
        case .well(let labels): return well(labels.fingerprint, at: now, terms)
        case .acknowledged, .silenced, .unsilenced: preconditionFailure("what people say is noted, and turns nothing")
        }
    }

    /// What time alone brings about.
    mutating func advance(to now: Timestamp, _ terms: AlertTerms) -> [Turn] {
        var turns: [Turn] = []
        for (fingerprint, alert) in alerts.sorted(by: { $0.key < $1.key }) {
            switch alert.state {
            case .pending where alert.since + terms.hold <= now: turns.append(fire(fingerprint, at: now))
            case .firing where alert.wellSince.map({ $0 + terms.calm <= now }) ?? false:
                turns.append(resolve(fingerprint, at: now))
            case .resolved where alert.resolvedAt.map({ $0 + Self.memory <= now }) ?? true:
                alerts[fingerprint] = nil
            default: break
            }
        }
        return turns
    }

    /// When time alone brings something about next.
    func next(_ terms: AlertTerms) -> Timestamp? {
        alerts.values.compactMap { alert in
            switch alert.state {
            case .pending: alert.since + terms.hold
            case .firing: alert.wellSince.map { $0 + terms.calm }
            case .resolved: nil
            }
        }.min()
    }

    /// What is over or not known cannot be taken on.
    mutating func acknowledge(_ fingerprint: String, _ acknowledgement: AlertRecord.Acknowledgement) {
        guard alerts[fingerprint].map({ $0.state != .resolved }) ?? false else { return }
        alerts[fingerprint]?.acknowledgement = acknowledgement
    }

    mutating func put(_ alert: AlertRecord) { alerts[alert.fingerprint] = alert }

    private mutating func wrong(
        _ labels: Labels, _ annotations: [String: String], at now: Timestamp, _ terms: AlertTerms
    ) -> Turn? {
        let fingerprint = labels.fingerprint
        let known = alerts[fingerprint]
        if let known, known.state != .resolved {
            alerts[fingerprint]?.annotations = annotations
            alerts[fingerprint]?.wellSince = nil
            return nil
        }
        let turns = (known?.turns ?? []).filter { $0 + terms.flapWindow > now }
        var alert = AlertRecord(
            labels: labels, fingerprint: fingerprint, annotations: annotations, at: now, turns: turns)
        alert.endedBefore = known?.resolvedAt
        alerts[fingerprint] = alert
        return terms.hold > .zero ? .pends(alert) : fire(fingerprint, at: now)
    }

    private mutating func well(_ fingerprint: String, at now: Timestamp, _ terms: AlertTerms) -> Turn? {
        guard let alert = alerts[fingerprint] else { return nil }
        switch alert.state {
        case .resolved: return nil
        case .pending:
            // Its last end may still have to be told to somebody.
            if let endedBefore = alert.endedBefore {
                alerts[fingerprint]?.state = .resolved
                alerts[fingerprint]?.resolvedAt = endedBefore
            } else {
                alerts[fingerprint] = nil
            }
            return .passed(alert)
        case .firing:
            guard alert.wellSince == nil else { return nil }
            let recent = alert.turns.filter { $0 + terms.flapWindow > now }.count
            guard terms.flapLimit > 0, recent + 1 >= terms.flapLimit else { return resolve(fingerprint, at: now) }
            alerts[fingerprint]?.wellSince = now
            return .flaps(alert)
        }
    }

    private mutating func fire(_ fingerprint: String, at now: Timestamp) -> Turn {
        guard var alert = alerts[fingerprint] else { preconditionFailure("an alert that is not in the book fires") }
        alert.state = .firing
        alert.firedAt = now
        alerts[fingerprint] = alert
        return .fires(alert)
    }

    private mutating func resolve(_ fingerprint: String, at now: Timestamp) -> Turn {
        guard var alert = alerts[fingerprint] else { preconditionFailure("an alert that is not in the book resolves") }
        alert.state = .resolved
        alert.resolvedAt = now
        alert.wellSince = nil
        alert.turns.append(now)
        alerts[fingerprint] = alert
        return .resolves(alert)
    }
}

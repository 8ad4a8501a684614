import Maintenance

/// Whether a channel is to be told now, given what it was told last (Alertmanager, notify/notify.go, `needsUpdate`).
struct Update {
    enum Verdict: Hashable {
        case tell(Reason)
        case withhold(Reason)
    }

    let verdict: Verdict

    /// - Parameter hidden: what of the group fires and is not to be spoken of now.
    init(
        _ entry: RouterState.Entry?, firing: [AlertRecord], resolved: [AlertRecord], hidden: Set<String>,
        _ delivery: Receiver.Delivery, _ route: Route, at now: Timestamp
    ) {
        if case .batched = route.timing {
            verdict = .tell(.batch)
            return
        }
        guard let entry else {
            verdict = firing.isEmpty ? .withhold(.neverTold) : .tell(.firstOfGroup)
            return
        }
        let new = firing.map(\.fingerprint).filter { !entry.firing.contains($0) }
        let ended = resolved.map(\.fingerprint)
        if !new.isEmpty {
            verdict = .tell(.newlyFiring(new))
        } else if firing.isEmpty {
            // What ended while it was hidden counts as open although the last notification did not name it.
            let wasTold = !entry.firing.isEmpty || !entry.open.isDisjoint(with: ended)
            // What fires in secret is not over.
            let isAll = entry.open.isDisjoint(with: hidden)
            verdict = wasTold ? .tell(isAll ? .allResolved : .newlyResolved(ended)) : .withhold(.neverTold)
        } else if delivery.sendsResolved, !entry.resolved.isSuperset(of: ended) {
            verdict = .tell(.newlyResolved(ended.filter { !entry.resolved.contains($0) }))
        } else if entry.at < now - route.repeatInterval {
            let open = firing.first { !$0.isAcknowledged(at: now) }
            if open == nil, let taken = firing.first?.acknowledgement {
                verdict = .withhold(.acknowledged(by: taken.by, comment: taken.comment))
            } else {
                verdict = .tell(.repeated(last: entry.at))
            }
        } else {
            verdict = .withhold(.nothingNew(last: entry.at, again: entry.at + route.repeatInterval))
        }
    }
}

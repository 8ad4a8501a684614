import Maintenance

/// How a life is kept: one short line, since it is written with every round that changes it.
extension CheckLife {
    /// `1 0,2,30000000 0,0,0 0,0,0 1795226400000000 -`: known, the three beliefs (held, rounds, microseconds), since,
    /// doubted since.
    package var text: String {
        let beliefs = [warning, critical, blind].map { "\($0.isHeld ? 1 : 0),\($0.rounds),\($0.time.microseconds)" }
        let instants = [since, doubtedSince].map { $0.map { String($0.microseconds) } ?? "-" }
        return ([isKnown ? "1" : "0"] + beliefs + instants).joined(separator: " ")
    }

    /// Nil for anything that `text` does not write.
    package init?(text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "0" || parts[0] == "1" else { return nil }
        let beliefs = parts[1...3].compactMap(Belief.init(text:))
        guard beliefs.count == 3, let since = Self.instant(parts[4]), let doubted = Self.instant(parts[5]) else {
            return nil
        }
        self.init(
            isKnown: parts[0] == "1", warning: beliefs[0], critical: beliefs[1], blind: beliefs[2], since: since.value,
            doubtedSince: doubted.value)
    }

    /// Nil for what is no instant; none for `-`.
    private static func instant(_ text: Substring) -> (value: Timestamp?, Void)? {
        if text == "-" { return (nil, ()) }
        return Int64(text).map { (Timestamp(microseconds: $0), ()) }
    }
}

extension Belief {
    fileprivate init?(text: Substring) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "0" || parts[0] == "1", let rounds = Int(parts[1]), rounds >= 0,
            let time = Int64(parts[2]), time >= 0
        else { return nil }
        self.init(isHeld: parts[0] == "1", rounds: rounds, time: .microseconds(time))
    }
}

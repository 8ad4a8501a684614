import Maintenance

extension PlanPacking {
    /// The windows that are open for the plan, a line each: until when, how much of it is left, and what is kept of it.
    var windowLines: [String] {
        var seen: Set<OpenWindow> = []
        let windows = entries.compactMap(\.window).filter { seen.insert($0).inserted }
        guard !windows.isEmpty else {
            let isRestricted = entries.contains { $0.startsAt == nil }
            let next = nextWindow.map { "; the next one opens \($0)" } ?? ""
            return isRestricted ? ["no window is open\(next)"] : []
        }
        let taken = starting.reduce(Duration.zero) { $0 + .seconds($1.expected.seconds) }
        return windows.map { window in
            let kind = window.kind == "anytime" ? "open with a notice" : "the \(window.kind) window is open"
            guard let closes = window.closes else { return kind }
            return "\(kind) until \(closes): \((closes - madeAt).short) left, \(taken.short) expected to be used"
        }
    }
}

extension PlanPacking.Entry {
    /// What stands under a change that is left to a later window; or that was before.
    var lines: [String] {
        let before = handedOn == 0 ? [] : ["left out of \(handedOn == 1 ? "1 window" : "\(handedOn) windows") before"]
        guard startsAt == nil else { return before }
        let next = nextWindow.map { "left to the window that opens \($0)" } ?? "left out: no window will do"
        return [next + (reason.map { ": \($0.printable)" } ?? "")] + before
    }
}

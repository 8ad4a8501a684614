import Maintenance

extension Schedule {
    /// What is open is looked at this far around an instant; a window that lasts longer, such as `anytime`, is cut there.
    private static let sight = 512 * 86_400

    /// The window that is open at an instant, whole: what touches or overlaps is one. Nil where none is, or where a
    /// calendar that is needed cannot be read (`closed`).
    package func window(containing instant: Timestamp) -> Window? {
        let time = instant.wholeSeconds
        var length = 8 * 86_400
        while true {
            guard let span = open(from: time - length, to: time + length).first(where: { $0.contains(time) })
            else { return nil }
            let isWhole = span.start > time - length && span.end < time + length
            if isWhole || length >= Self.sight { return Window(span) }
            length *= 8
        }
    }

    /// The first window that opens after an instant.
    package func window(after instant: Timestamp) -> Window? {
        opening(after: instant.wholeSeconds).flatMap { window(containing: Timestamp(wholeSeconds: $0)) }
    }

    /// When the next window opens.
    func opening(after instant: Int) -> Int? {
        guard hasWindows, closed == nil else { return nil }
        // From one second before, so that what goes on at the beginning is not taken for an opening.
        return firstSpan(from: instant, before: instant + Self.horizon, { open(from: $0, to: $1) }) {
            $0.start > instant
        }?.start
    }

    /// What is open within a stretch, cut at its ends.
    private func open(from start: Int, to end: Int) -> [Span] {
        guard closed == nil else { return [] }
        var spans: [Span] = []
        for rule in rules {
            switch rule {
            case .windows(let days, let windows):
                spans += SpanSource(zone: zone, kind: .days(days, windows), holidays: holidays)
                    .spans(from: start, to: end)
            case .period(let period):
                spans += SpanSource(zone: zone, kind: .periods([period]), holidays: holidays)
                    .spans(from: start, to: end)
            default: break
            }
        }
        let cut = spans.map { Span(start: max($0.start, start), end: min($0.end, end)) }.merged
        guard !cut.isEmpty else { return [] }
        return cut.subtracting(exceptions.flatMap { $0.spans(from: start, to: end) }.merged)
    }
}

import Maintenance

/// From an instant to just before another, in seconds since 1970.
struct Span: Hashable, Sendable {
    var start, end: Int

    func contains(_ time: Int) -> Bool { start <= time && time < end }
}

extension [Span] {
    /// Sorted, those that touch or overlap as one, without empty ones.
    var merged: [Span] {
        var result: [Span] = []
        for span in sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) where span.start < span.end {
            if let last = result.last, span.start <= last.end {
                result[result.count - 1].end = Swift.max(last.end, span.end)
            } else {
                result.append(span)
            }
        }
        return result
    }

    /// What is left of merged spans without other merged ones.
    func subtracting(_ others: [Span]) -> [Span] {
        guard !others.isEmpty else { return self }
        var result: [Span] = []
        var first = 0
        for span in self {
            var start = span.start
            while first < others.count, others[first].end <= start { first += 1 }
            var number = first
            while number < others.count, others[number].start < span.end {
                if others[number].start > start { result.append(Span(start: start, end: others[number].start)) }
                start = Swift.max(start, others[number].end)
                number += 1
            }
            if start < span.end { result.append(Span(start: start, end: span.end)) }
        }
        return result
    }
}

/// A stretch of time in which something is open.
package struct Window: Hashable, Sendable, Codable {
    package var start: Timestamp
    /// The first instant after it.
    package var end: Timestamp

    package init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    init(_ span: Span) {
        self.init(start: Timestamp(wholeSeconds: span.start), end: Timestamp(wholeSeconds: span.end))
    }

    package var length: Duration { end - start }
}

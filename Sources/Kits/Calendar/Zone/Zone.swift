import Maintenance

/// The rules of one time zone: which offset from UTC holds when. Times are whole seconds since 1970, wall times the same
/// number as if the wall clock showed UTC.
package struct Zone: Sendable, Hashable {
    /// As zoneinfo names it: `Europe/Berlin`.
    package let name: String
    /// When each of `periods` begins, ascending; the first is the beginning of time.
    let starts: [Int]
    let periods: [Period]
    /// From here on everything repeats with the Gregorian calendar; nil where the last period lasts for ever.
    let repeatsFrom: Int?

    /// A stretch of time with one offset.
    struct Period: Sendable, Hashable {
        /// Seconds east of UTC.
        var offset: Int
        /// `CET`
        var abbreviation: String
    }

    package static let utc = Zone(name: "UTC", changes: [], first: Period(offset: 0, abbreviation: "UTC"))

    /// 400 years.
    static let cycle = 146_097 * 86_400

    init(name: String, changes: [(at: Int, period: Period)], first: Period, repeatsFrom: Int? = nil) {
        self.name = name
        self.repeatsFrom = repeatsFrom
        starts = [Int.min] + changes.map(\.at)
        periods = [first] + changes.map(\.period)
    }

    /// Seconds east of UTC.
    package func offset(at time: Int) -> Int { periods[index(at: reduced(time).time)].offset }

    /// `CEST`, or an offset such as `+03` where the zone has no letters.
    package func abbreviation(at time: Timestamp) -> String {
        periods[index(at: reduced(time.wholeSeconds).time)].abbreviation
    }

    /// When a day begins, counted from 1970-01-01.
    package func midnight(ofDay day: Int) -> Timestamp { Timestamp(wholeSeconds: instant(ofWall: day * 86_400)) }

    /// The first instant at which the clock of this zone shows `wall` or a later time: for a time that is skipped the
    /// first after the gap, for one that is shown twice the first of the two.
    func instant(ofWall wall: Int) -> Int {
        let (reducedWall, shift) = reduced(wall)
        // No zone is further from UTC than 26 hours (RFC 9636, 3.2), so no earlier period reaches this wall time.
        var number = index(at: reducedWall - 26 * 3_600)
        while true {
            let offset = periods[number].offset
            guard number + 1 < starts.count, starts[number + 1] + offset <= reducedWall else {
                return max(starts[number], reducedWall - offset) + shift
            }
            number += 1
        }
    }

    /// The change of the clock right at an instant, or the next one after it within about two years.
    func change(from time: Int) -> Change? {
        let (reducedTime, shift) = reduced(time)
        var number = index(at: reducedTime - 1) + 1
        while number < starts.count, starts[number] < reducedTime + 2 * 366 * 86_400 {
            let (before, after) = (periods[number - 1].offset, periods[number].offset)
            if before != after { return Change(at: starts[number] + shift, before: before, after: after) }
            number += 1
        }
        return nil
    }

    /// Where the clock jumps.
    struct Change: Sendable, Hashable {
        var at: Int
        /// Offsets.
        var before, after: Int

        var isGap: Bool { after > before }
    }

    /// Whether the clock shows what it shows at this instant a second time later.
    func isFirstOfTwo(_ time: Int) -> Bool {
        guard let change = change(from: time + 1), !change.isGap else { return false }
        return change.at - time <= change.before - change.after
    }

    /// When the period begins that holds at an instant, and when the next one does.
    func period(at time: Int) -> (start: Int, end: Int?, offset: Int) {
        let (reducedTime, shift) = reduced(time)
        let number = index(at: reducedTime)
        let end = number + 1 < starts.count ? starts[number + 1] + shift : nil
        let start = number == 0 ? Int.min : starts[number] + shift
        return (start, end, periods[number].offset)
    }

    private func index(at time: Int) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle } else { high = middle }
        }
        return low
    }

    /// The same point of the 400 years that are known, and how far it was moved.
    private func reduced(_ time: Int) -> (time: Int, shift: Int) {
        guard let repeatsFrom, time >= repeatsFrom + Self.cycle else { return (time, 0) }
        let shift = (time - repeatsFrom) / Self.cycle * Self.cycle
        return (time - shift, shift)
    }
}

extension Timestamp {
    /// Seconds since 1970, rounded down.
    var wholeSeconds: Int { Int(microseconds.floored(by: 1_000_000)) }

    init(wholeSeconds: Int) { self.init(microseconds: Int64(wholeSeconds) * 1_000_000) }
}

extension BinaryInteger {
    /// The quotient rounded down.
    func floored(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

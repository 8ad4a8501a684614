import Guide
import Maintenance

/// What stands where in a guide, asked for thousands of lines: everything is found once, or by halves.
struct GuidePlaces {
    private let headings: [Guide.Heading]
    /// Of each heading, from the highest to itself.
    private let paths: [[Guide.Heading]]
    /// Schedules outside of blocks, by line.
    private let outside: [GuideSchedule]
    private let schedules: [GuideSchedule]
    /// Lines that say `Requires: manual review and approval`.
    private let approvals: [Int]

    /// - Parameter schedules: by line.
    init(_ guide: Guide, _ schedules: [GuideSchedule]) {
        headings = guide.headings.sorted { $0.line < $1.line }
        var paths: [[Guide.Heading]] = []
        var path: [Guide.Heading] = []
        for heading in headings {
            path.removeAll { $0.level >= heading.level }
            path.append(heading)
            paths.append(path)
        }
        self.paths = paths
        self.schedules = schedules
        let blocks = guide.blocks.map { ($0.line, $0.lastLine) }
        outside = schedules.filter { schedule in
            let index = Self.count(blocks, below: schedule.line) { $0.0 }
            return index == 0 || blocks[index - 1].1 < schedule.line
        }
        approvals = guide.paragraphs.filter { paragraph in
            let text = paragraph.text.lowercased()
            return text.hasPrefix("requires:") && text.containsBytes("approval")
        }.map(\.line).sorted()
    }

    /// How many of elements that are sorted by a line begin at it or before it.
    private static func count<Element>(_ elements: [Element], below line: Int, _ begin: (Element) -> Int) -> Int {
        var (low, high) = (0, elements.count)
        while low < high {
            let middle = (low + high) / 2
            if begin(elements[middle]) <= line { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The headings above a line, from the highest to the nearest.
    func path(of line: Int) -> [Guide.Heading] {
        let index = Self.count(headings, below: line) { $0.line }
        return index == 0 ? [] : paths[index - 1]
    }

    private func end(of heading: Guide.Heading) -> Int {
        let index = Self.count(headings, below: heading.line) { $0.line }
        return index < headings.count ? headings[index].line : Int.max
    }

    /// What stands nearest to a block: in it, then in its section, then in a section above.
    func schedule(of block: Guide.Block, _ path: [Guide.Heading]) -> GuideSchedule? {
        let first = Self.count(schedules, below: block.line - 1) { $0.line }
        if first < schedules.count, schedules[first].line <= block.lastLine { return schedules[first] }
        for heading in path.reversed() {
            let index = Self.count(outside, below: heading.line - 1) { $0.line }
            if index < outside.count, outside[index].line < end(of: heading) { return outside[index] }
        }
        return nil
    }

    /// Where a section, or one above it, asks for an approval; nil where none does.
    func approval(_ path: [Guide.Heading]) -> Int? {
        path.lazy.compactMap { heading -> Int? in
            let index = Self.count(approvals, below: heading.line) { $0 }
            guard index < approvals.count, approvals[index] < end(of: heading) else { return nil }
            return approvals[index]
        }.first
    }
}

extension Guide.Block {
    fileprivate var lastLine: Int { firstLine + text.utf8.count { $0 == UInt8(ascii: "\n") } }
}

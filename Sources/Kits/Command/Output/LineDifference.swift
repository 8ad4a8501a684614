import Maintenance

/// What turns one text into another, line by line, with two lines around each change: what a person looks at before a file
/// is replaced.
package struct LineDifference {
    private enum Line {
        case same(String), gone(String), new(String)
    }

    private static let context = 2
    private var all: [Line] = []

    package init(from old: String, to new: String) {
        let before = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let after = new.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let changes = after.difference(from: before)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var position = 0
        for (index, line) in after.enumerated() {
            while removed.contains(position) {
                all.append(.gone(before[position]))
                position += 1
            }
            if inserted.contains(index) {
                all.append(.new(line))
            } else {
                all.append(.same(line))
                position += 1
            }
        }
        all += before[position...].map { .gone($0) }
    }

    /// Only what goes and what comes, in the order of the texts.
    package var changes: [(isNew: Bool, text: String)] {
        all.compactMap { line in
            switch line {
            case .same: nil
            case .gone(let text): (false, text)
            case .new(let text): (true, text)
            }
        }
    }

    var isEmpty: Bool { !all.contains(where: Self.isChange) }

    /// `- old`, `+ new`, and what stands around them; `…` where lines are left out.
    func lines(_ style: Style) -> [String] {
        let changed = all.indices.filter { Self.isChange(all[$0]) }
        var shown: [String] = []
        var last: Int?
        for index in all.indices where changed.contains(where: { abs($0 - index) <= Self.context }) {
            if let last, last + 1 < index { shown.append(style.dim("  …")) }
            last = index
            switch all[index] {
            case .same(let text): shown.append(text.isEmpty ? "" : "  \(text.printable)")
            case .gone(let text): shown.append(style.bad("- \(text.printable)"))
            case .new(let text): shown.append(style.good("+ \(text.printable)"))
            }
        }
        return shown
    }

    private static func isChange(_ line: Line) -> Bool {
        if case .same = line { false } else { true }
    }
}

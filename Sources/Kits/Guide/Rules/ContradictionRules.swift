import Maintenance

extension GuideChecking {
    /// The same thing held against different numbers, in one guide.
    func contradictionFindings() -> [GuideFinding] {
        var found: [GuideFinding] = []
        // Of each comparison the first, and the first that is another: a hostile guide has thousands of numbers.
        var seen: [String: [Threshold]] = [:]
        for threshold in thresholds where threshold.level != .target {
            let known = seen[threshold.metric] ?? []
            if let other = known.first(where: { $0.isAbout(threshold) && $0.isOther(than: threshold) }) {
                found.append(
                    finding(
                        .contradiction, threshold.line,
                        "\(threshold.level.rawValue) for \(threshold.metric.printable) is \(threshold.quantity), and "
                            + "\(other.quantity) in line \(other.line)",
                        fix: "Decide for one of them."))
            }
            let alike = known.filter {
                $0.level == threshold.level && $0.comparison == threshold.comparison && $0.unit == threshold.unit
            }
            if alike.count < 2, !known.contains(where: { $0.isAbout(threshold) && !$0.isOther(than: threshold) }) {
                seen[threshold.metric, default: []].append(threshold)
            }
        }
        return found
    }
}

/// What guides of the same team hold against different numbers, one guide after the other: of each only its limits
/// are kept.
package struct GuideDifferences: Sendable {
    /// By what it is about.
    private var seen: [String: [(file: String, threshold: Threshold)]] = [:]

    package init() {}

    /// What differs from the guides before it.
    package mutating func findings(_ checking: GuideChecking) -> [GuideFinding] {
        let file = checking.guide.file
        let thresholds = checking.thresholds.filter { $0.level != .target }
        var found: [GuideFinding] = []
        for threshold in thresholds {
            guard let other = seen[threshold.metric]?.first(where: { $0.threshold.isAbout(threshold) }),
                other.threshold.isOther(than: threshold)
            else { continue }
            found.append(
                GuideFinding(
                    .differs, file, threshold.line,
                    "\(threshold.level.rawValue) for \(threshold.metric.printable) is \(threshold.quantity), and "
                        + "\(other.threshold.quantity) at \(other.file.printable):\(other.threshold.line)"))
        }
        for threshold in thresholds
        where !(seen[threshold.metric]?.contains { $0.threshold.isAbout(threshold) } ?? false) {
            seen[threshold.metric, default: []].append((file, threshold))
        }
        return found
    }
}

extension Threshold {
    /// Targets stand for the section they are in, and differ between sections for good reasons; what warns somebody is
    /// one number.
    fileprivate func isAbout(_ other: Threshold) -> Bool {
        metric == other.metric && level == other.level && level != .target
            && (comparison == other.comparison || comparison == .limit || other.comparison == .limit)
    }

    /// Whether the numbers can be compared, and are not the same.
    fileprivate func isOther(than other: Threshold) -> Bool { unit == other.unit && value != other.value }
}

import Maintenance

extension GuideChecking {
    /// The same thing held against different numbers, in one guide.
    func contradictionFindings() -> [GuideFinding] {
        var found: [GuideFinding] = []
        var seen: [Threshold] = []
        for threshold in guide.thresholds {
            let other = seen.first { $0.isAbout(threshold) && $0.isOther(than: threshold) }
            if let other {
                found.append(
                    finding(
                        .contradiction, threshold.line,
                        "\(threshold.level.rawValue) for \(threshold.metric.printable) is \(threshold.quantity), and "
                            + "\(other.quantity) in line \(other.line)",
                        fix: "Decide for one of them."))
            }
            if !seen.contains(where: { $0.isAbout(threshold) && !$0.isOther(than: threshold) }) {
                seen.append(threshold)
            }
        }
        return found
    }

    /// What guides of the same team hold against different numbers.
    package static func differences(between guides: [Guide]) -> [GuideFinding] {
        var found: [GuideFinding] = []
        // By what it is about: a thousand guides have tens of thousands of thresholds.
        var seen: [String: [(file: String, threshold: Threshold)]] = [:]
        for guide in guides {
            let thresholds = guide.thresholds.filter { $0.level != .target }
            for threshold in thresholds {
                guard
                    let other = seen[threshold.metric]?.first(where: { $0.threshold.isAbout(threshold) }),
                    other.threshold.isOther(than: threshold)
                else { continue }
                found.append(
                    GuideFinding(
                        .differs, guide.file, threshold.line,
                        "\(threshold.level.rawValue) for \(threshold.metric.printable) is \(threshold.quantity), and "
                            + "\(other.threshold.quantity) at \(other.file.printable):\(other.threshold.line)"))
            }
            for threshold in thresholds
            where !(seen[threshold.metric]?.contains { $0.threshold.isAbout(threshold) } ?? false) {
                seen[threshold.metric, default: []].append((guide.file, threshold))
            }
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

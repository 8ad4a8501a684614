import Engine
import Guide
import Maintenance
import Settings

/// A guide's limits as those of the checks that measure the same.
///
/// Where a guide says two numbers for one thing the stricter one is written; 'guide check' tells of both. What
/// another file of the configuration says already stays in force, and a pair whose warning would come after its
/// critical is not written.
struct CompiledThresholds {
    /// One that is written: `checks.host.cpu.warning: 80%`.
    struct Entry {
        var check: String
        var level: Threshold.Level
        /// As it is written in YAML.
        var value: String
        var line: Int
        var text: String
    }

    private(set) var entries: [Entry] = []
    private(set) var remarks: [GuideRemark] = []

    /// - Parameters:
    ///   - others: what the configuration says about checks, for all environments.
    ///   - own: the file that is compiled into; what it says now does not count.
    ///   - left: lines whose numbers a command of their own takes over.
    init(_ guide: Guide, checks: [Check], others: CheckSettings, own: String, leaving left: Set<Int>) {
        let thresholds = guide.thresholds.filter { !left.contains($0.line) }
        for threshold in thresholds where threshold.level == .target {
            remarks.append(
                GuideRemark(threshold.line, threshold.text, "a target, and no limit at which somebody is told"))
        }
        let limits = thresholds.filter { $0.level != .target }
        var known: Set<Int> = []
        for check in checks {
            let mine = limits.indices.filter { ThresholdChecks.names[limits[$0].metric] == check.name }
            guard !mine.isEmpty else { continue }
            known.formUnion(mine)
            add(mine.map { limits[$0] }, check, others[check.name] ?? CheckSetting(), own)
        }
        for index in limits.indices where !known.contains(index) {
            remarks.append(GuideRemark(limits[index].line, limits[index].text, "nothing here measures it"))
        }
        remarks.sort { ($0.line, $0.text) < ($1.line, $1.text) }
    }

    private mutating func add(_ thresholds: [Threshold], _ check: Check, _ setting: CheckSetting, _ own: String) {
        var elsewhere = setting
        if elsewhere.warning?.location.file == own { elsewhere.warning = nil }
        if elsewhere.critical?.location.file == own { elsewhere.critical = nil }
        let limits = CheckLimits(check.schema, elsewhere)
        guard let unit = limits.unit else {
            remarks += thresholds.map { GuideRemark($0.line, $0.text, "'\(check.name)' has no thresholds") }
            return
        }
        var found: [Threshold.Level: (amount: Double, threshold: Threshold)] = [:]
        for threshold in thresholds {
            guard let amount = threshold.amount(in: unit), check.schema.thresholds?.range.contains(amount) ?? true
            else {
                remarks.append(GuideRemark(threshold.line, threshold.text, "no number that '\(check.name)' could have"))
                continue
            }
            let place = threshold.level == .critical ? elsewhere.critical?.location : elsewhere.warning?.location
            if let place {
                remarks.append(GuideRemark(threshold.line, threshold.text, "another one is in force (\(place))"))
                continue
            }
            let isStricter = found[threshold.level].map {
                limits.worse == .higher ? amount < $0.amount : amount > $0.amount
            }
            if isStricter ?? true { found[threshold.level] = (amount, threshold) }
        }
        let warning = found[.warning]?.amount ?? limits.warning
        let critical = found[.critical]?.amount ?? limits.critical
        if let warning, let critical, limits.worse == .higher ? warning > critical : warning < critical {
            for (_, threshold) in found.values {
                let other =
                    threshold.level == .critical
                    ? "warning at \(unit.text(warning))" : "critical at \(unit.text(critical))"
                remarks.append(GuideRemark(threshold.line, threshold.text, "it does not go with \(other)"))
            }
            return
        }
        for level in [Threshold.Level.warning, .critical] {
            guard let (amount, threshold) = found[level], let value = unit.written(amount) else { continue }
            entries.append(
                Entry(check: check.name, level: level, value: value, line: threshold.line, text: threshold.text))
        }
    }

    func yaml(_ file: String) -> [String] {
        guard !entries.isEmpty else { return [] }
        var lines = ["checks:"]
        for (index, entry) in entries.enumerated() {
            if index == 0 || entries[index - 1].check != entry.check { lines.append("  \(entry.check):") }
            lines.append(
                "    \(entry.level.rawValue): \(entry.value)  # \(file):\(entry.line) \(entry.text.guideRemark)")
        }
        return lines
    }
}

/// Something of a guide that is not written, and why.
struct GuideRemark: Hashable {
    var line: Int
    /// As the guide has it. Hostile text.
    var text: String
    /// One clause.
    var reason: String

    init(_ line: Int, _ text: String, _ reason: String) {
        self.line = line
        self.text = text
        self.reason = reason
    }
}

extension Measurement.Unit {
    /// As thresholds are written in the configuration; nil for units that no guide has.
    fileprivate func written(_ amount: Double) -> String? {
        let number = { (value: Double) in value == value.rounded() ? "\(Int(value))" : "\(value)" }
        return switch self {
        case .percent: "\(number(amount))%"
        case .seconds: "\(number(amount * 1_000))ms"
        default: nil
        }
    }
}

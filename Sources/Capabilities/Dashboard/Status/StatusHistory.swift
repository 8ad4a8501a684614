import Engine
import Foundation
import Maintenance
import Monitor
import Page
import Settings
import Synchronization

/// How a component has been, day by day of UTC, as far as anybody has looked.
struct StatusHistory: Hashable, Sendable {
    /// Oldest first; none where nothing is asked about the component.
    var days: [Day] = []

    struct Day: Hashable, Sendable {
        var start: Timestamp
        /// Hours of it that are over or have begun.
        var hours: Int
        /// How much it was up, 0 to 1, summed over the hours in which somebody has seen it.
        var up: Double = 0
        var seen: Int = 0
        /// Hours in which it was seen only while Mainstay worked there.
        var planned: Int = 0

        /// In percent, of the hours in which it was seen.
        var uptime: Double? { seen == 0 ? nil : up / Double(seen) * 100 }
        var unknown: Int { max(0, hours - seen - planned) }

        /// That all was well is said only of a day that was looked at for half of it.
        var standing: Standing {
            guard let uptime else { return planned > 0 && unknown * 2 <= hours ? .notice : .unknown }
            if uptime < 95 { return .critical }
            if uptime < 100 { return .warning }
            return unknown * 2 > hours ? .unknown : .good
        }
    }

    var seen: Int { days.reduce(0) { $0 + $1.seen } }
    var hours: Int { days.reduce(0) { $0 + $1.hours } }
    var unknown: Int { days.reduce(0) { $0 + $1.unknown } }

    /// In percent, of all hours in which it was seen; nil where it never was.
    var uptime: Double? { seen == 0 ? nil : days.reduce(0) { $0 + $1.up } / Double(seen) * 100 }

    /// Never more than it was: 99.999 % is not shown as 100.
    static func words(_ uptime: Double) -> String {
        uptime >= 100 ? "100 %" : "\(((uptime * 100).rounded(.down) / 100).formatted(decimals: 2)) %"
    }
}

extension StatusHistory {
    private static let hour: Duration = .seconds(3_600)
    private static let day: Duration = .seconds(86_400)

    static func firstDay(of days: Int, at now: Timestamp) -> Timestamp {
        now.floored(to: day) - day * (days - 1)
    }

    /// - Parameter checks: the hours of each check.
    init(_ checks: [[Rollup]], days count: Int, at now: Timestamp) {
        guard !checks.isEmpty else { return }
        let first = Self.firstDay(of: count, at: now)
        days = (0..<count).map { place in
            let start = first + Self.day * place
            let begun = Int(((now - start).inSeconds / 3_600).rounded(.down)) + 1
            return Day(start: start, hours: min(24, begun))
        }
        for (start, answers) in Dictionary(grouping: checks.joined(), by: \.start) {
            let place = Int(((start - first).inSeconds / 86_400).rounded(.down))
            guard days.indices.contains(place) else { continue }
            // What one of its checks says was down was down, whatever the others say.
            if let least = answers.compactMap(\.answers.uptime?.value).min() {
                days[place].seen += 1
                days[place].up += least / 100
            } else if answers.contains(where: { $0.answers.planned > 0 }) {
                days[place].planned += 1
            }
        }
    }
}

/// The histories as they were read last: what is long over is not read again for everybody who looks.
final class StatusHistories: Sendable {
    private struct Kept {
        var settings: StatusPageSettings
        var subjects: [MonitorSubject]
        var at: Timestamp
        var histories: [String: StatusHistory]
    }

    static let counts: Duration = .seconds(60)

    private let kept = Mutex<Kept?>(nil)

    /// By the components' keys.
    func history(
        of settings: StatusPageSettings, _ monitored: [MonitoredCheck], _ log: RunLog, at now: Timestamp
    ) async throws -> [String: StatusHistory] {
        let subjects = monitored.map { MonitorSubject(check: $0.outcome.check, target: $0.outcome.target) }
        // What was kept begins with a minute, so that whoever looks at the same time sees the same.
        let minute = now.floored(to: Self.counts)
        let known = kept.withLock { kept -> [String: StatusHistory]? in
            guard let kept, kept.settings == settings, kept.subjects == subjects, kept.at == minute else { return nil }
            return kept.histories
        }
        if let known { return known }
        let chosen = settings.components.map { (key: $0.key, checks: $0.chosen(of: monitored)) }
        // All in one reading: what was not sorted into hours yet is looked through once.
        var hours = try await log.rollups(
            ofChecks: chosen.flatMap(\.checks).map { (name: $0.outcome.check, target: $0.outcome.target) },
            from: StatusHistory.firstDay(of: settings.days, at: now), until: now, every: .seconds(3_600))[...]
        var histories: [String: StatusHistory] = [:]
        for (key, checks) in chosen {
            histories[key] = StatusHistory(Array(hours.prefix(checks.count)), days: settings.days, at: now)
            hours = hours.dropFirst(checks.count)
        }
        let fresh = Kept(settings: settings, subjects: subjects, at: minute, histories: histories)
        kept.withLock { $0 = fresh }
        return histories
    }
}

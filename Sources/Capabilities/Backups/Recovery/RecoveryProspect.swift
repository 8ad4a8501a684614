import Engine
import Maintenance

/// When a recovery takes longer than it may, by what was measured of it: proofs that restored, and drills.
struct RecoveryProspect: Sendable {
    /// `a restore`, `the drill 'complete-failure'`.
    var what: String
    var limit: Duration
    /// Nil where it stays below for years.
    var passes: Timestamp?
    /// How much longer it takes in 30 days, in seconds.
    var growth: Double

    /// Of all that is measured the one that passes first; nil where there is too little to go by.
    init?(_ series: [SampledSeries], of target: Target, limit: Duration) {
        let found = series.filter { $0.series.target == target }.compactMap { one -> RecoveryProspect? in
            guard let what = Self.name(one.series),
                let trend = LinearTrend(one.samples.map { ($0.at, $0.value) })
            else { return nil }
            return RecoveryProspect(
                what: what, limit: limit, passes: trend.reaches(limit.inSeconds), growth: trend.slope * 30 * 86_400)
        }
        let first = found.min { left, right in
            switch (left.passes, right.passes) {
            case (let left?, let right?): left < right
            case (_?, nil): true
            default: false
            }
        }
        guard let first else { return nil }
        self = first
    }

    private init(what: String, limit: Duration, passes: Timestamp?, growth: Double) {
        self.what = what
        self.limit = limit
        self.passes = passes
        self.growth = growth
    }

    private static func name(_ series: Measurement.Series) -> String? {
        switch series.name {
        case "backup.restore.seconds": "a restore"
        case "backup.physical.restore.seconds": "a physical restore"
        case "recovery.rto.seconds": "a recovery to a point in time"
        case "dr.rto.seconds": "the drill '\(series.object ?? "")'"
        default: nil
        }
    }

    /// One clause.
    var words: String {
        guard let passes else { return "\(what) stays below it for years" }
        return "at the present growth \(what) passes \(limit.short) on \(CivilTime(passes).date)"
    }
}

import Maintenance
import Outside

/// What the adviser has to show.
extension IndexAdvice.Advice {
    /// Share of the cost of the statements that use it, 0 to 100.
    var gain: Double {
        let before = uses.map { $0.before * $0.statement.calls }.reduce(0, +)
        let after = uses.map { $0.after * $0.statement.calls }.reduce(0, +)
        return before > 0 ? 100 * (1 - after / before) : 0
    }

    /// `saves 97 % of 2 statements' cost`.
    var reason: String {
        let many = uses.count == 1 ? "a statement's cost" : "the cost of \(uses.count) statements"
        let said = "saves \(Percentage(gain.rounded())) of \(many), takes \(ByteCount(bytes))"
        guard let trial else { return said }
        return "\(said), built in \(Duration.seconds(trial.seconds).short): tried on a copy of backup \(trial.backup)"
    }

    var evidence: Facts {
        var evidence: Facts = [
            "bytes predicted": .integer(bytes), "cost saved an hour": .number(saved.rounded()),
            "cost of writing it an hour": .number(written.rounded()),
        ]
        if let trial {
            evidence["tried on a copy of backup"] = .text(trial.backup)
            evidence["seconds to build there"] = .number(trial.seconds)
        }
        for (index, use) in uses.prefix(5).enumerated() {
            evidence["statement \(index + 1)"] = .text(
                "\(use.statement.id): cost \(use.before.formatted(decimals: 0)) to "
                    + "\(use.after.formatted(decimals: 0)), \(Int64(use.statement.calls).grouped) calls: "
                    + String(use.statement.text.printable.prefix(160)))
        }
        return evidence
    }
}

extension IndexAdvice.Result {
    /// What takes the time, and what is known of it.
    func listing(_ workload: Workload) -> Listing {
        let all = workload.statements.map(\.totalMilliseconds).reduce(0, +)
        let advised = Set(advice.flatMap { $0.uses.map(\.statement.id) })
        let costs = Dictionary(uniqueKeysWithValues: planned.map { ($0.statement.id, $0.plan.cost) })
        return Listing(
            "Statements",
            [
                Listing.Column("time", .percent), Listing.Column("mean", .seconds), Listing.Column("calls", .count),
                Listing.Column("cost", .count), "index", "statement",
            ],
            workload.statements.prefix(10).map { statement in
                [
                    .number((all > 0 ? 100 * statement.totalMilliseconds / all : 0).rounded()),
                    .number(statement.mean / 1_000), .integer(Int64(statement.calls)),
                    costs[statement.id].map { .number($0.rounded()) } ?? .null,
                    .text(advised.contains(statement.id) ? "advised" : ""),
                    .text(String(statement.text.printable.prefix(60))),
                ]
            })
    }

    /// The first of those that nobody could plan, and why; nil where all were.
    var unplannedListing: Listing? {
        guard !unplanned.isEmpty else { return nil }
        return Listing(
            "Statements not planned", ["statement", "why"],
            unplanned.prefix(10).map { [.text(String($0.statement.text.printable.prefix(60))), .text($0.reason)] })
    }
}

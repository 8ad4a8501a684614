import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay alerts show ALERT`
struct ShowAlert: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "show", "Show one alert: what it says, since when, who has taken it on, and what hides it.")

    @Argument(help: "The alert: its id or the first digits of it, its code, or its place.")
    var alert: String
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let state = try await session.log.alertState()
        let record = try AlertChoice.alert(alert, in: state)
        let now = application.clock.now()
        var rows: [(String, String)] = [("alert", record.fingerprint), ("state", record.standing(at: now))]
        rows += record.labels.names.map { ($0, record.labels[$0]) }
        rows += record.annotations.sorted { $0.key < $1.key }
        rows.append(("seen first", record.since.description))
        if let firedAt = record.firedAt { rows.append(("fired", firedAt.description)) }
        if let resolvedAt = record.resolvedAt { rows.append(("over", resolvedAt.description)) }
        if let taken = record.acknowledgement {
            let until = taken.until.map { ", until \($0)" } ?? ""
            rows.append(("taken on", "by \(taken.by) at \(taken.at)\(until)"))
            if !taken.comment.isEmpty { rows.append(("comment", taken.comment)) }
        }
        if !record.turns.isEmpty { rows.append(("ends of late", "\(record.turns.count)")) }
        let silences = state.silences.values.filter { $0.isActive(at: now) && $0.covers(record.labels) }
        for silence in silences.sorted(by: { $0.id < $1.id }) {
            rows.append(("silenced", "by \(silence.author) until \(silence.ends) (\(silence.id)): \(silence.comment)"))
        }
        let listing = Listing("Alert", ["what", "value"], rows.map { [.text($0.0), .text($0.1)] })
        try session.print(listing, document: record, empty: "")
        return .success
    }
}

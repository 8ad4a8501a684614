import Alert
import Engine
import Maintenance
import Outside
import Page
import Web

/// What somebody may do about an alert: take it on, or keep it silent for a while.
enum AlertActs {
    /// Choices, so that nobody has to know how a duration is written.
    private static let lengths: [(duration: Duration, words: String)] = [
        (.seconds(3_600), "1 hour"), (.seconds(4 * 3_600), "4 hours"), (.seconds(86_400), "1 day"),
        (.seconds(7 * 86_400), "1 week"),
    ]

    static func forms(_ alert: AlertRecord, _ visit: Visit) -> HTML {
        guard visit.grants.may(.operator, in: alert.labels[Labels.Name.environment]) else { return HTML() }
        let link = "/alerts/\(alert.fingerprint.urlComponent)"
        let id = String(alert.fingerprint.prefix(12))
        let take: HTML? =
            alert.isAcknowledged(at: visit.now)
            ? nil
            : """
            <form class="inline" method="post" action="\(url: "\(link)/acknowledge")">\(visit.formToken)
            <label for="take-\(id)" class="hidden">What is being done</label>\
            <input id="take-\(id)" name="comment" type="text" placeholder="what is being done" maxlength="1000">
            <button type="submit">Take it on</button></form>

            """
        let options = lengths.enumerated().map { place, length in
            "<option value=\"\(place)\">\(length.words)</option>" as HTML
        }
        return """
            <details id="act-\(id)"><summary>Answer it</summary>\(take)\
            <form class="inline" method="post" action="\(url: "\(link)/silence")">\(visit.formToken)
            <label for="for-\(id)" class="hidden">For how long</label><select id="for-\(id)" name="for">\(options)</select>
            <label for="why-\(id)" class="hidden">Why</label>\
            <input id="why-\(id)" name="comment" type="text" placeholder="why nobody has to know" required maxlength="1000">
            <button type="submit">Silence it</button></form></details>
            """
    }

    static func acknowledge(_ visit: Visit) async throws -> WebResponse {
        let alert = try await alert(visit)
        let comment = visit.request.form["comment"]?.trimmingWhitespace() ?? ""
        try await acknowledge(alert, by: name(visit), comment, visit, visit.site.log(for: visit.visitor))
        return .see("/alerts")
    }

    /// - Parameter log: that names who it is.
    @discardableResult
    static func acknowledge(
        _ alert: AlertRecord, by name: String, _ comment: String, _ visit: Visit, _ log: RunLog
    ) async throws -> RouterState {
        let taken = AlertRecord.Acknowledgement(by: name, comment: String(comment.prefix(1_000)), at: visit.now)
        return try await log.note([.acknowledged(fingerprint: alert.fingerprint, taken)])
    }

    static func silence(_ visit: Visit) async throws -> WebResponse {
        let alert = try await alert(visit)
        let comment = visit.request.form["comment"]?.trimmingWhitespace() ?? ""
        guard !comment.isEmpty else { throw Refusal.unusable("a silence says why") }
        guard let place = visit.request.form["for"].flatMap({ Int($0) }), lengths.indices.contains(place) else {
            throw Refusal.unusable("no length is chosen")
        }
        try await silence(
            alert, for: lengths[place].duration, by: name(visit), comment, visit, visit.site.log(for: visit.visitor))
        return .see("/alerts")
    }

    /// Of this one alert alone: everything it is told apart by has to be as it is.
    @discardableResult
    static func silence(
        _ alert: AlertRecord, for length: Duration, by name: String, _ comment: String, _ visit: Visit, _ log: RunLog
    ) async throws -> Silence {
        let matchers = alert.labels.names.map { Matcher($0, is: alert.labels[$0]) }
        let silence = Silence(
            id: Identifiers(clock: visit.site.clock).next(), matchers: matchers, starts: visit.now,
            ends: visit.now + length, author: name, comment: String(comment.prefix(1_000)))
        try await log.note([.silenced(silence)])
        return silence
    }

    static func alert(_ visit: Visit) async throws -> AlertRecord {
        let state = try await visit.site.log.alertState()
        guard let alert = state.book[visit.value(0)], alert.state != .resolved, AlertsPage.sees(alert, visit) else {
            throw Refusal.notFound
        }
        try visit.hold(.operator, in: alert.labels[Labels.Name.environment])
        return alert
    }

    static func name(_ visit: Visit) -> String { visit.visitor?.account.name ?? "" }
}

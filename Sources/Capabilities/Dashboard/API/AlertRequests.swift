import Alert
import Command
import Engine
import Maintenance
import Outside
import Web

/// Alerts and silences, for programs.
enum AlertRequests {
    private static let longest: Duration = .seconds(90 * 86_400)

    static func all(_ visit: Visit) async throws -> WebResponse {
        let state = try await visit.site.log.alertState()
        let open = state.book.alerts.values.filter { $0.state != .resolved && AlertsPage.sees($0, visit) }
        let ranks = Dictionary(
            uniqueKeysWithValues: Severity.allCases.reversed().enumerated().map { ($0.element, $0.offset) })
        return try visit.page(open) {
            "\($0.labels.severity.flatMap { ranks[$0] } ?? 9)/\($0.fingerprint)"
        } _: {
            AlertDocument($0, state.silences.values, at: visit.now)
        }
    }

    static func silences(_ visit: Visit) async throws -> WebResponse {
        let state = try await visit.site.log.alertState()
        let open = state.silences.values.filter { visit.now < $0.ends && AlertsPage.sees($0, visit) }
        return try visit.page(open) {
            $0.id
        } _: {
            SilenceDocument($0)
        }
    }

    static func acknowledge(_ visit: Visit) async throws -> WebResponse {
        let alert = try await AlertActs.alert(visit)
        let members = try visit.members(["comment"])
        let state = try await AlertActs.acknowledge(
            alert, by: AlertActs.name(visit), try visit.text("comment", in: members) ?? "", visit,
            visit.site.log(for: visit.visitor))
        guard let taken = state.book[alert.fingerprint] else { throw Refusal.notFound }
        return try WebResponse(json: AlertDocument(taken, state.silences.values, at: visit.now))
    }

    static func silence(_ visit: Visit) async throws -> WebResponse {
        let alert = try await AlertActs.alert(visit)
        let members = try visit.members(["for", "comment"])
        guard let length = try visit.text("for", in: members).flatMap({ Duration($0) }), length > .zero,
            length <= longest
        else { throw visit.wrong("for", "it is a duration of at most 90 days, such as '4h'") }
        guard let comment = try visit.text("comment", in: members) else {
            throw visit.wrong("comment", "a silence says why")
        }
        let silence = try await AlertActs.silence(
            alert, for: length, by: AlertActs.name(visit), comment, visit, visit.site.log(for: visit.visitor))
        return try WebResponse(json: SilenceDocument(silence))
    }

    /// Only what another program has brought: what Mainstay has found ends when it is mended.
    static func end(_ visit: Visit) async throws -> WebResponse {
        let alert = try await AlertActs.alert(visit)
        _ = try visit.members([])
        guard try await visit.site.log(for: visit.visitor).endOutside(alert.labels, by: AlertActs.name(visit)) else {
            throw Refusal.conflict("no other program says this alert, so that it ends when what is wrong is mended")
        }
        return WebResponse(204)
    }

    static func unsilence(_ visit: Visit) async throws -> WebResponse {
        let state = try await visit.site.log.alertState()
        guard let silence = state.silences[visit.value(0)], visit.now < silence.ends, AlertsPage.sees(silence, visit)
        else { throw Refusal.notFound }
        try visit.hold(.operator, in: AlertsPage.environment(of: silence))
        _ = try visit.members([])
        try await visit.site.log(for: visit.visitor).note([.unsilenced(id: silence.id)])
        return WebResponse(204)
    }
}

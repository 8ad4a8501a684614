import Engine
import Web

extension Site {
    /// Every address there is. Whatever changes something is a POST of an operator or more, or the way in and out,
    /// or the DELETE that scripts of others send.
    static let routes: [Route] = pages + API.routes.map(\.route)

    private static let pages: [Route] = [
        Route(.get, "/healthz", .everybody, answer: Signals.live),
        Route(.get, "/readyz", .everybody, answer: Signals.ready),
        Route(.get, "/metrics", .role(.viewer), answer: Signals.metrics),
        Route(.get, "/live", .role(.viewer), answer: Signals.events),
        Route(.get, "/assets/*", .everybody) { try Assets.answer($0.value(0)) },
        Route(.get, "/sign-in", .everybody, answer: SignInPage.show),
        Route(.post, "/sign-in", .everybody, answer: SignInPage.send),
        Route(.post, "/sign-out", .role(.viewer)) { try await $0.site.gate.signOut($0.request) },
        Route(.get, "/set-up/*", .everybody, answer: SignInPage.setUp),
        Route(.post, "/set-up/*", .everybody, answer: SignInPage.setUpSend),
        Route(.get, "/answer/*", .everybody, answer: AnswerPage.show),
        Route(.post, "/answer/*", .everybody, answer: AnswerPage.send),
        Route(.get, "/ping/*", .everybody, answer: Pings.plain),
        Route(.post, "/ping/*", .everybody, answer: Pings.plain),
        Route(.get, "/ping/*/*", .everybody, answer: Pings.signal),
        Route(.post, "/ping/*/*", .everybody, answer: Pings.signal),
        Route(.post, "/api/v2/alerts", .role(.operator), scope: .alerts, answer: AlertmanagerRequests.post),
        Route(.post, "/functions/v1/*", .role(.viewer), scope: .read, answer: Functions.answer),
        Route(.delete, "/rest/v1/*", .role(.operator), scope: .run, answer: RetentionRequests.delete),
        Route(.get, "/", .role(.viewer), answer: OverviewPage.show),
        Route(.get, "/environments/*", .role(.viewer), answer: EnvironmentPage.show),
        Route(.get, "/environments/*/measurements", .role(.viewer), answer: MeasurementsPage.show),
        Route(.post, "/environments/*/dry-run", .role(.operator), answer: DryRunActs.inEnvironment),
        Route(.post, "/findings/*/dry-run", .role(.operator), answer: DryRunActs.ofFinding),
        Route(.get, "/runs", .role(.viewer), answer: RunsPage.show),
        Route(.get, "/runs/*", .role(.viewer), answer: RunPage.show),
        Route(.get, "/findings", .role(.viewer), answer: FindingsPage.show),
        Route(.get, "/alerts", .role(.viewer), answer: AlertsPage.show),
        Route(.post, "/alerts/*/acknowledge", .role(.operator), answer: AlertActs.acknowledge),
        Route(.post, "/alerts/*/silence", .role(.operator), answer: AlertActs.silence),
        Route(.get, "/approvals", .role(.viewer), answer: ApprovalsPage.show),
        Route(.get, "/approvals/*", .role(.viewer), answer: ApprovalsPage.one),
        Route(.post, "/approvals/*/approve", .role(.approver), answer: ApprovalsPage.approve),
        Route(.post, "/approvals/*/reject", .role(.approver), answer: ApprovalsPage.reject),
        Route(.get, "/checklists", .role(.viewer), answer: ChecklistsPage.show),
        Route(.get, "/checklists/*/*", .role(.viewer), answer: ChecklistsPage.one),
        Route(.post, "/checklists/*/*/*", .role(.operator), answer: ChecklistsPage.sign),
        Route(.get, "/backups", .role(.viewer), answer: BackupsPage.show),
        Route(.get, "/backups/*/*/*", .role(.viewer), answer: BackupsPage.certificate),
        Route(.get, "/calendar", .role(.viewer), answer: CalendarPage.show),
        Route(.get, "/audit", .role(.viewer), answer: AuditPage.show),
        Route(.get, "/configuration", .role(.viewer), answer: ConfigurationPage.show),
    ]
}

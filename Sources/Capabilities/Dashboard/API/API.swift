import Backup
import Command
import Engine
import Maintenance
import Web

/// Every address of the API.
enum API {
    private static let paging: [APIRoute.Parameter] = [.cursor, .limit]

    static let routes: [APIRoute] = looking + running + answering

    /// What only looks.
    private static let looking: [APIRoute] = [
        APIRoute(
            .get, "/openapi.json", "This description.", nil, answers: .json(status: 200, JSONValue.self),
            answer: OpenAPI.show),
        APIRoute(
            .get, "/environments", "How each environment stands, and why.", .viewer,
            answers: .json(status: 200, PageDocument<EnvironmentDocument>.self), answer: LookingActs.environments),
        APIRoute(
            .get, "/environments/{environment}", "How one environment stands.", .viewer,
            answers: .json(status: 200, EnvironmentDocument.self), answer: LookingActs.environment),
        APIRoute(
            .get, "/environments/{environment}/measurements", "What was measured there.", .viewer,
            parameters: [
                .init(
                    name: "hours", schema: ["type": "integer", "minimum": 1, "maximum": 744, "default": 24],
                    summary: "How far back."),
                .init(name: "series", schema: ["type": "string"], summary: "Only the series of this name."),
            ], answers: .json(status: 200, [SampledSeries].self), answer: LookingActs.measurements),
        APIRoute(
            .get, "/resources", "What is maintained.", .viewer, parameters: [.environment] + paging,
            answers: .json(status: 200, PageDocument<ResourceDocument>.self), answer: LookingActs.resources),
        APIRoute(
            .get, "/tasks", "What can be done, with the options of each as JSON Schema.", .viewer,
            answers: .json(status: 200, PageDocument<TaskDocument>.self), answer: TaskActs.all),
        APIRoute(
            .get, "/tasks/{task}", "One task.", .viewer, answers: .json(status: 200, TaskDocument.self),
            answer: TaskActs.one),
        APIRoute(
            .get, "/plans/{plan}", "What a dry run would have done, by its digest.", .viewer,
            answers: .json(status: 200, [Plan].self), answer: TaskActs.plan),
        APIRoute(
            .get, "/findings", "What is wrong or worth knowing, the worst first.", .viewer,
            parameters: [
                .environment,
                .init(name: "severity", schema: ["enum": ["info", "warning", "critical"]], summary: "At least this."),
            ] + paging, answers: .json(status: 200, PageDocument<FindingDocument>.self), answer: LookingActs.findings),
        APIRoute(
            .get, "/alerts", "What somebody is or will be told of.", .viewer, parameters: paging,
            answers: .json(status: 200, PageDocument<AlertDocument>.self), answer: AlertRequests.all),
        APIRoute(
            .get, "/silences", "What nobody is told of, and until when.", .viewer, parameters: paging,
            answers: .json(status: 200, PageDocument<SilenceDocument>.self), answer: AlertRequests.silences),
        APIRoute(
            .get, "/checklists", "The checklists.", .viewer,
            answers: .json(status: 200, PageDocument<ChecklistDocument>.self), answer: LookingActs.checklists),
        APIRoute(
            .get, "/checklists/{checklist}/{environment}", "How a checklist stands in an environment.", .viewer,
            answers: .json(status: 200, ChecklistStanding.self), answer: LookingActs.checklist),
        APIRoute(
            .get, "/calendar", "What starts by itself, and when.", .viewer,
            answers: .json(status: 200, PageDocument<StartDocument>.self), answer: LookingActs.calendar),
        APIRoute(
            .get, "/calendar.ics", "The same for calendar programs (RFC 5545); for whoever sees all environments.",
            .viewer, answers: .text(type: "text/calendar"), answer: LookingActs.iCalendar),
        APIRoute(
            .get, "/backups", "The newest backups of each database, and what is proved of them.", .viewer,
            parameters: [.environment], answers: .json(status: 200, PageDocument<BackupDocument>.self),
            answer: LookingActs.backups),
        APIRoute(
            .get, "/backups/{environment}/{resource}/{backup}/certificate", "What proves a backup, as it was signed.",
            .viewer, answers: .json(status: 200, JSONValue.self), answer: LookingActs.certificate),
        APIRoute(
            .get, "/reports", "The reports that were written; for whoever sees all environments.", .viewer,
            parameters: paging, answers: .json(status: 200, PageDocument<ReportDocumentEntry>.self),
            answer: ReportRequests.all),
        APIRoute(
            .get, "/reports/{report}", "One report, as it was written.", .viewer,
            answers: .text(type: "application/octet-stream"), answer: ReportRequests.one),
        APIRoute(
            .get, "/audit", "Who did what, newest first.", .viewer, parameters: paging,
            answers: .json(status: 200, PageDocument<AuditEntry>.self), answer: LookingActs.audit),
        APIRoute(
            .get, "/events",
            "Each entry of the audit trail as it is written, and 'change' whenever anything else was; "
                + "after 'Last-Event-ID' from there on.", .viewer, answers: .stream, answer: EventStreams.all),
    ]

    /// Runs.
    private static let running: [APIRoute] = [
        APIRoute(
            .get, "/runs", "Runs, latest first.", .viewer, parameters: [.environment] + paging,
            answers: .json(status: 200, PageDocument<RunRecord>.self), answer: RunRequests.all),
        {
            var route = APIRoute(
                .post, "/tasks/{task}/runs", "Start a task, or a dry run of it.", .operator, scope: .look,
                body: RunRequests.schema(options: ["type": "object"]),
                answers: .json(status: 202, AcceptedRun.self), answer: RunRequests.start)
            route.isPerTask = true
            return route
        }(),
        APIRoute(
            .get, "/runs/{run}", "One run with its steps and changes; one that has not begun answers with 202.",
            .viewer,
            answers: .json(status: 200, RunDetail.self), answer: RunRequests.one),
        APIRoute(
            .get, "/runs/{run}/events", "How a run goes on, until it ends; after 'Last-Event-ID' only what is new.",
            .viewer, answers: .stream, answer: EventStreams.run),
        APIRoute(
            .post, "/runs/{run}/cancel", "End a run that was started here; what has begun ends cleanly.", .operator,
            scope: .look, answers: .json(status: 202, AcceptedRun.self), answer: RunRequests.cancel),
        APIRoute(
            .post, "/runs/{run}/resume", "Go on with a run that was cancelled, killed or waits.", .operator,
            scope: .run,
            body: [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "decision": [
                        "enum": ["done", "not-done"],
                        "description": "What became of a change that nothing else could decide about.",
                    ],
                    "change": [
                        "type": "string", "pattern": "^[1-9][0-9]*\\.[1-9][0-9]*$",
                        "description":
                            "Which change, as STEP.CHANGE; needed where more than one is undecided.",
                    ],
                ],
            ], answers: .json(status: 202, AcceptedRun.self), answer: RunRequests.resume),
    ]

    private static func reason(isRequired: Bool, _ more: [String: JSONValue] = [:], required: [String] = [])
        -> JSONValue
    {
        let properties = more.merging(["reason": ["type": "string", "maxLength": 1000]]) { own, _ in own }
        let needed = required + (isRequired ? ["reason"] : [])
        return [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
            "required": .array(needed.map(JSONValue.text)),
        ]
    }

    /// What people answer.
    private static let answering: [APIRoute] = [
        APIRoute(
            .get, "/approvals", "What waits for people.", .viewer,
            answers: .json(status: 200, PageDocument<ApprovalDocument>.self), answer: ApprovalRequests.all),
        APIRoute(
            .get, "/approvals/{approval}", "One request for approval, with its plan.", .viewer,
            answers: .json(status: 200, ApprovalDocument.self), answer: ApprovalRequests.one),
        APIRoute(
            .post, "/approvals/{approval}/approve", "Approve exactly one plan.", .approver, scope: .answer,
            body: reason(
                isRequired: false,
                ["plan": ["type": "string", "description": "The digest of the plan that was looked at."]],
                required: ["plan"]),
            answers: .json(status: 200, ApprovalDocument.self), answer: ApprovalRequests.approve),
        APIRoute(
            .post, "/approvals/{approval}/reject", "Reject what waits.", .approver, scope: .answer,
            body: reason(isRequired: true), answers: .json(status: 200, ApprovalDocument.self),
            answer: ApprovalRequests.reject),
        APIRoute(
            .post, "/alerts/{alert}/acknowledge", "Take an alert on.", .operator, scope: .answer,
            body: [
                "type": "object", "additionalProperties": false,
                "properties": ["comment": ["type": "string", "maxLength": 1000]],
            ], answers: .json(status: 200, AlertDocument.self), answer: AlertRequests.acknowledge),
        APIRoute(
            .post, "/alerts/{alert}/silence", "Tell nobody of exactly this alert for a while.", .operator,
            scope: .answer,
            body: [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "for": ["type": "string", "examples": ["4h"], "description": "A duration of at most 90 days."],
                    "comment": ["type": "string", "minLength": 1, "maxLength": 1000],
                ],
                "required": ["for", "comment"],
            ], answers: .json(status: 200, SilenceDocument.self), answer: AlertRequests.silence),
        APIRoute(
            .post, "/alerts/{alert}/end", "End an alert that another program has brought.", .operator, scope: .answer,
            answers: .empty(status: 204), answer: AlertRequests.end),
        APIRoute(
            .post, "/silences/{silence}/end", "End a silence.", .operator, scope: .answer,
            answers: .empty(status: 204), answer: AlertRequests.unsilence),
        APIRoute(
            .post, "/checklists/{checklist}/{environment}/{item}", "Sign an item of a checklist.", .operator,
            scope: .answer,
            body: [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "result": ["enum": ["done", "not-done"]], "note": ["type": "string", "maxLength": 1000],
                ],
                "required": ["result"],
            ], answers: .json(status: 200, ChecklistStanding.self), answer: LookingActs.sign),
    ]
}

import Command
import Engine
import Maintenance
import Web

/// The description of the API (OpenAPI 3.1), made from the routes themselves, the tasks' own options and the types that are
/// written.
struct OpenAPI {
    let document: JSONValue
    /// Types that could not be described; a test holds it empty.
    let failures: [String]

    static func show(_ visit: Visit) throws -> WebResponse {
        try visit.site.tasks.description { try WebResponse(json: OpenAPI(tasks: TaskActs.interfaces(visit)).document) }
    }

    init(tasks: [TaskInterface]) {
        var reader = SchemaReader()
        var paths: [String: [String: JSONValue]] = [:]
        for route in API.routes {
            for (path, operation) in Self.operations(route, tasks, &reader) {
                paths[path, default: [:]][route.method.rawValue.lowercased()] = operation
            }
        }
        failures = reader.failures
        var schemas = reader.components
        schemas["Problem"] = Self.problem
        document = [
            "openapi": "3.1.0",
            "info": [
                "title": "Mainstay", "version": .text(Release.version),
                "description": "What 'mainstay' does on the command line, for programs. See docs/api.md.",
            ],
            "servers": [["url": "/"]],
            "security": [["token": []]],
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description": "A token of 'mainstay access token'.",
                    ]
                ],
                "schemas": .object(schemas),
                "responses": [
                    "Problem": [
                        "description": "What is wrong (RFC 9457).",
                        "content": [
                            "application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]
                        ],
                    ]
                ],
            ],
        ]
    }

    private static let problem: JSONValue = [
        "type": "object",
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
            "hint": ["type": "string"],
            "errors": [
                "type": "array",
                "items": [
                    "type": "object",
                    "properties": [
                        "pointer": ["type": "string"], "detail": ["type": "string"], "hint": ["type": "string"],
                    ],
                    "required": ["pointer", "detail"],
                ],
            ],
        ],
        "required": ["type", "title", "status"],
    ]

    private static func operations(
        _ route: APIRoute, _ tasks: [TaskInterface], _ reader: inout SchemaReader
    ) -> [(String, JSONValue)] {
        guard route.isPerTask else { return [(route.path, operation(route, &reader))] }
        return tasks.map { task in
            var own = route
            own.path = route.path.replacingBytes(of: "{task}", with: task.declaration.name)
            own.summary = "\(task.declaration.command): \(task.declaration.summary)."
            own.body = RunRequests.schema(options: task.schema)
            return (own.path, operation(own, &reader))
        }
    }

    private static func operation(_ route: APIRoute, _ reader: inout SchemaReader) -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .text(id(route)), "summary": .text(route.summary),
            "description": .text(
                route.role.map { "Needs the role \($0.rawValue) and a token with the scope '\(route.scope.rawValue)'." }
                    ?? "For everybody."),
        ]
        var parameters = route.variables.map { name -> JSONValue in
            ["name": .text(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
        }
        parameters += route.parameters.map { parameter in
            [
                "name": .text(parameter.name), "in": "query", "required": false,
                "schema": parameter.schema, "description": .text(parameter.summary),
            ]
        }
        if route.method == .post {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "schema": ["type": "string", "pattern": "^[!-~]{1,255}$"],
                "description": "The same request with the same key is answered again and done once.",
            ])
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = route.body {
            operation["requestBody"] = ["required": true, "content": ["application/json": ["schema": body]]]
        }
        if route.role == nil { operation["security"] = [] }
        let (status, answer) = answer(route.answers, &reader)
        var responses: [String: JSONValue] = [
            status: answer, "default": ["$ref": "#/components/responses/Problem"],
        ]
        // One that has not begun.
        if route.path == "/api/v1/runs/{run}" {
            responses["202"] = [
                "description": "It has not begun.",
                "content": ["application/json": ["schema": reader.schema(of: AcceptedRun.self)]],
            ]
        }
        operation["responses"] = .object(responses)
        return .object(operation)
    }

    private static func answer(_ answers: APIRoute.Answers, _ reader: inout SchemaReader) -> (String, JSONValue) {
        func content(_ type: String, _ schema: JSONValue) -> JSONValue {
            ["description": "All is well.", "content": [type: ["schema": schema]]]
        }
        switch answers {
        case .json(let status, let type): return (String(status), content("application/json", reader.schema(of: type)))
        case .text(let type): return ("200", content(type, ["type": "string"]))
        case .stream: return ("200", content("text/event-stream", ["type": "string"]))
        case .empty(let status): return (String(status), ["description": "All is well."])
        }
    }

    /// `post-tasks-backup.verify-runs`: unique, since method and path are.
    private static func id(_ route: APIRoute) -> String {
        let path = route.path.filter { $0 != "{" && $0 != "}" }
        return ([route.method.rawValue.lowercased()] + path.split(separator: "/").dropFirst(2).map(String.init))
            .joined(separator: "-")
    }
}

import Alert
import Maintenance

extension AuditDraft {
    /// What the trail says where a person answers an alert; nil for what nobody but a check says.
    init?(answer event: AlertEvent, in state: RouterState) {
        switch event {
        case .wrong, .well: return nil
        case .acknowledged(let fingerprint, let taken):
            let labels = state.book[fingerprint]?.labels ?? [:]
            var detail: Facts = ["by": .text(taken.by), "comment": .text(taken.comment)]
            if let until = taken.until { detail["until"] = .text(until.iso8601) }
            self.init(
                kind: .acknowledged, target: Self.place(labels),
                subject: "alert \(fingerprint) \(labels[Labels.Name.alert])", detail: detail)
        case .silenced(let silence):
            self.init(
                kind: .silenced, target: Self.place(silence.matchers),
                subject: "silence \(silence.id) \(silence.matchers.text)",
                detail: [
                    "by": .text(silence.author), "comment": .text(silence.comment),
                    "from": .text(silence.starts.iso8601), "until": .text(silence.ends.iso8601),
                ])
        case .unsilenced(let id):
            self.init(
                kind: .unsilenced, target: Self.place(state.silences[id]?.matchers ?? []), subject: "silence \(id)")
        }
    }

    private static func place(_ labels: Labels) -> Target {
        Target(environment: labels[Labels.Name.environment], resource: labels[Labels.Name.resource])
    }

    /// What it is bound to by name; the estate where it may be about others too.
    private static func place(_ matchers: [Matcher]) -> Target {
        func value(_ name: String) -> String {
            matchers.first { $0.name == name && $0.operation == .equal }?.value ?? ""
        }
        let environment = value(Labels.Name.environment)
        return Target(environment: environment, resource: environment.isEmpty ? "" : value(Labels.Name.resource))
    }
}

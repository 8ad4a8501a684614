import Alert
import Maintenance
import Outside
import Settings
import Store

/// Something that is open now and is to be an alert: what it is known by, and what is said about it.
package struct AlertTrouble: Hashable, Sendable {
    package var labels: Labels
    package var annotations: [String: String]

    package init(labels: Labels, annotations: [String: String]) {
        self.labels = labels
        self.annotations = annotations
    }

    /// A finding, with the labels of its environment for routes to choose by. Its severity is a label: what gets worse is
    /// another alert, told anew to whoever has to know.
    package init(_ finding: Finding, in inventory: Inventory) {
        var labels = inventory[environment: finding.target.environment]?.labels ?? [:]
        labels[Labels.Name.alert] = finding.code
        labels[Labels.Name.severity] = finding.severity.rawValue
        labels[Labels.Name.environment] = finding.target.environment
        labels[Labels.Name.resource] = finding.target.resource
        labels[Labels.Name.object] = finding.object ?? ""
        self.labels = Labels(labels)
        annotations = ["summary": finding.summary]
        annotations["mend"] = finding.mend
    }
}

extension AlertTrouble {
    /// How long a notice is open: whoever decides about alerts may be away for a while, and channels gather.
    static let noticeLasts: Duration = .seconds(3_600)

    /// Changes that start outside of a primary window with notice. Nothing is wrong, and whoever wants to know is told.
    init?(notice entry: AuditEntry, in inventory: Inventory) {
        guard case .text(let text)? = entry.detail["notice"] else { return nil }
        var labels = inventory[environment: entry.target.environment]?.labels ?? [:]
        labels[Labels.Name.alert] = "notice"
        labels[Labels.Name.severity] = Severity.info.rawValue
        labels[Labels.Name.environment] = entry.target.environment
        labels[Labels.Name.resource] = entry.target.resource
        labels[Labels.Name.object] = "\(entry.subject), run \(entry.runID)"
        self.labels = Labels(labels)
        annotations = ["summary": text, "mend": "mainstay show \(entry.runID)"]
    }
}

extension RunLog {
    /// What is open, as troubles; and a text that is another one whenever they may be others. A finding that is less severe
    /// than its check's `alert_threshold` is none.
    package func troubles(
        _ inventory: Inventory, _ checks: [Check]
    ) async throws -> (troubles: [AlertTrouble], version: String) {
        let now = clock.now()
        let since = now - AlertTrouble.noticeLasts
        let names = Dictionary(checks.map { ($0.code, $0.name) }) { first, _ in first }
        return try await store.read { reader in
            var troubles: [AlertTrouble] = []
            var digest = CanonicalDigest()
            let rows = try reader.rows(AlertStatement.openTroubles).map { row in
                (
                    fingerprint: try row.get("fingerprint", as: String.self),
                    content: try row.get("content", as: StoredJSON<Finding>.self)
                )
            }
            for row in rows.sorted(by: { $0.fingerprint < $1.fingerprint }) {
                let finding = row.content.value
                if let check = names[finding.code],
                    let least = inventory.check(check, in: finding.target.environment).alertThreshold,
                    finding.severity < least.value
                {
                    continue
                }
                let trouble = AlertTrouble(finding, in: inventory)
                troubles.append(trouble)
                digest.add([row.fingerprint, trouble.labels.description])
            }
            for entry in try reader.rows(AlertStatement.notices, ["since": since]).map({ try AuditRow($0).entry() }) {
                guard let trouble = AlertTrouble(notice: entry, in: inventory) else { continue }
                troubles.append(trouble)
                digest.add([entry.hash, trouble.labels.description])
            }
            for trouble in try AlertTrouble.outside(reader, at: now) {
                troubles.append(trouble)
                digest.add([trouble.labels.fingerprint] + trouble.annotations.sorted { $0.key < $1.key }.map(\.value))
            }
            return (troubles, digest.hexadecimal)
        }
    }
}

import Maintenance

/// Where reports go, to whom, and how long they stay.
package struct ReportSettings: Sendable, Equatable {
    /// Absolute; nil for `reports` under the state directory.
    package var directory: String?
    /// Older ones are removed; nil keeps all.
    package var keep: Written<Period>?
    /// The channel of kind email by which they are mailed; nil for the first there is.
    package var channel: String?
    package var recipients = Recipients()

    package init() {}

    /// Who gets a report whenever it is written to its own place.
    package struct Recipients: Sendable, Equatable {
        /// Of reports of every kind.
        package var all: [String] = []
        private var lists: [ReportKind: [String]] = [:]

        package init() {}

        /// Those of one kind alone.
        package subscript(_ kind: ReportKind) -> [String] {
            get { lists[kind] ?? [] }
            set { lists[kind] = newValue.isEmpty ? nil : newValue }
        }

        /// Everyone who gets reports of a kind, each once.
        package func everyone(_ kind: ReportKind) -> [String] {
            var seen: Set<String> = []
            return (self[kind] + all).filter { seen.insert($0).inserted }
        }
    }
}

extension Inventory {
    /// The channel that mails reports: the one `reports.channel` names, else the first that sends mail.
    package var reportChannel: (name: String, access: EmailAccess)? {
        for channel in alerts?.channels ?? [] where reports.channel == nil || channel.name == reports.channel {
            if case .email(let access) = channel.access { return (channel.name, access) }
        }
        return nil
    }
}

extension ReportSettings {
    /// Whoever is named has to be reachable: a report would fail every time else.
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        guard inventory.reportChannel == nil else { return }
        if let channel = inventory.reports.channel {
            reading.report(
                "there is no channel '\(channel)' of kind 'email'", at: reading.location(of: "reports.channel"),
                "reports.channel", allowed: "the name of one below 'alerts.channels'")
        } else if inventory.reports.recipients != Recipients() {
            reading.report(
                "reports cannot be mailed: no channel of kind 'email' is below 'alerts.channels'",
                at: reading.location(of: "reports.recipients"), "reports.recipients")
        }
    }
}

/// What reports are about: the beginning of their files' names.
package enum ReportKind: String, CaseIterable, Sendable {
    case daily, weekly, monthly, quarterly, performance, backup, database
}

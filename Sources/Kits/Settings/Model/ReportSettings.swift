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

/// What reports are about: the beginning of their files' names.
package enum ReportKind: String, CaseIterable, Sendable {
    case daily, weekly, monthly, quarterly, performance, backup, database
}

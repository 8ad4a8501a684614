import Maintenance

/// A list of what people want to know is well, or has been done, in an environment: shipped for every checklist of a
/// guide, overridden and added to by the configuration.
package struct Checklist: Sendable, Equatable {
    package var name: String
    package var summary: String
    package var cadence: Cadence
    /// How long an answer counts where its item does not say; the cadence's own where nil.
    package var countsFor: Duration?
    /// Where it is kept; nil for every environment.
    package var environments: [String]?
    package var items: [ChecklistItem]

    package init(
        _ name: String, summary: String, cadence: Cadence, countsFor: Duration? = nil, environments: [String]? = nil,
        items: [ChecklistItem]
    ) {
        self.name = name
        self.summary = summary
        self.cadence = cadence
        self.countsFor = countsFor
        self.environments = environments
        self.items = items
    }

    /// How often it is gone through.
    package enum Cadence: String, Codable, CaseIterable, Sendable {
        case daily, weekly, monthly, quarterly
        /// Whenever there is a reason, such as an update.
        case occasion

        /// How long an answer counts: a whole period, counted from when the answer was given.
        package var countsFor: Duration {
            switch self {
            case .daily, .occasion: .seconds(86_400)
            case .weekly: .seconds(7 * 86_400)
            case .monthly: .seconds(31 * 86_400)
            case .quarterly: .seconds(92 * 86_400)
            }
        }
    }

    package func countsFor(_ item: ChecklistItem) -> Duration { item.countsFor ?? countsFor ?? cadence.countsFor }
}

/// One line of a checklist, and what may answer it.
package struct ChecklistItem: Sendable, Equatable {
    /// What people type: `backups`. Stable, since signatures are kept under it.
    package var name: String
    /// What people read. Hostile text where it comes from the configuration.
    package var text: String
    package var answer: Answer
    /// A finding of this severity or above is a no.
    package var severity: Severity
    package var countsFor: Duration?
    /// The guide's file and line a shipped item stands for: `contribux.md:87`.
    package var source: String?

    package init(
        _ name: String, _ text: String, _ answer: Answer = .person, severity: Severity = .warning,
        countsFor: Duration? = nil, source: String? = nil
    ) {
        self.name = name
        self.text = text
        self.answer = answer
        self.severity = severity
        self.countsFor = countsFor
        self.source = source
    }

    /// Whose word counts. Only the first is ever somebody's; the others are answered by what runs left behind.
    package enum Answer: Sendable, Equatable {
        /// Somebody signs it.
        case person
        /// The newest run of a task with exactly these options, as typed.
        case task([String])
        /// The newest answers of these health checks, by name.
        case checks([String])
        /// A whole health check, and no finding of the item's severity or above for as long as an answer counts.
        case findings
    }
}

/// A checklist as somebody wrote it: of the shipped one of its name, if there is one, what is not written stays.
package struct ChecklistSettings: Sendable, Equatable {
    package var name: String
    package var summary: String?
    package var cadence: Checklist.Cadence?
    package var countsFor: Duration?
    package var environments: [String]?
    /// Names of shipped items that do not stay.
    package var leftOut: [String]
    package var items: [Item]
    package var location: SourceLocation

    package init(
        name: String, summary: String? = nil, cadence: Checklist.Cadence? = nil, countsFor: Duration? = nil,
        environments: [String]? = nil, leftOut: [String] = [], items: [Item] = [], location: SourceLocation
    ) {
        self.name = name
        self.summary = summary
        self.cadence = cadence
        self.countsFor = countsFor
        self.environments = environments
        self.leftOut = leftOut
        self.items = items
        self.location = location
    }

    package struct Item: Sendable, Equatable {
        package var name: String
        package var text: String?
        package var answer: ChecklistItem.Answer?
        package var severity: Severity?
        package var countsFor: Duration?
        package var location: SourceLocation

        package init(
            name: String, text: String? = nil, answer: ChecklistItem.Answer? = nil, severity: Severity? = nil,
            countsFor: Duration? = nil, location: SourceLocation
        ) {
            self.name = name
            self.text = text
            self.answer = answer
            self.severity = severity
            self.countsFor = countsFor
            self.location = location
        }
    }
}

extension Checklist {
    /// What is written over what is shipped, item by item; items of new names come behind.
    package init(_ own: ChecklistSettings, over shipped: Checklist?) {
        self.init(
            own.name, summary: own.summary ?? shipped?.summary ?? "",
            cadence: own.cadence ?? shipped?.cadence ?? .occasion, countsFor: own.countsFor ?? shipped?.countsFor,
            environments: own.environments ?? shipped?.environments,
            items: (shipped?.items ?? []).filter { !own.leftOut.contains($0.name) })
        for written in own.items {
            if let place = items.firstIndex(where: { $0.name == written.name }) {
                items[place] = ChecklistItem(written, over: items[place])
            } else {
                items.append(ChecklistItem(written, over: nil))
            }
        }
    }
}

extension ChecklistItem {
    fileprivate init(_ own: ChecklistSettings.Item, over shipped: ChecklistItem?) {
        self.init(
            own.name, own.text ?? shipped?.text ?? own.name, own.answer ?? shipped?.answer ?? .person,
            severity: own.severity ?? (own.answer == nil ? shipped?.severity : nil) ?? .warning,
            countsFor: own.countsFor ?? shipped?.countsFor, source: shipped?.source)
    }
}

import Alert
import Maintenance

/// One thing a team expects of what a probe sees: `status == 200`, `body.state == "ok"`, `response-time < 300ms`.
///
/// Read when the configuration is, so that a check never meets one that makes no sense; judged against `ConditionFacts`.
package struct CheckCondition: Sendable, Hashable {
    package var subject: Subject
    package var comparison: Comparison
    /// As it was written, for people.
    package var text: String

    /// What is looked at: a value the probe gives, and the way into it where it is a document.
    package struct Subject: Sendable, Hashable {
        package var name: String
        package var path: [Step]
        package var kind: ConditionSubject.Kind

        package enum Step: Sendable, Hashable {
            case key(String)
            case index(Int)
        }
    }

    package enum Comparison: Sendable, Hashable {
        case order(Order, Literal)
        case contains(String, isWanted: Bool)
        /// Somewhere in the text; in time proportional to it, since it is somebody else's.
        case matches(Pattern, isWanted: Bool)
        case isOneOf([Literal], isWanted: Bool)
        case exists(isWanted: Bool)
    }

    package enum Order: String, Sendable, Hashable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"
    }

    /// A duration in seconds, a size in bytes.
    package enum Literal: Sendable, Hashable {
        case number(Double)
        case text(String)
        case boolean(Bool)
        case null
    }
}

/// What is expected of one probe: what is not met of the first is critical, of the second a warning.
package struct ConditionSet: Sendable, Hashable {
    package var conditions: [CheckCondition] = []
    package var warnings: [CheckCondition] = []

    package init() {}

    package var all: [CheckCondition] { conditions + warnings }

    package func mentions(_ subject: String) -> Bool { all.contains { $0.subject.name == subject } }
}

/// What a kind of probe gives to conditions, and how it is written.
package struct ConditionSubject: Sendable {
    package var name: String
    package var kind: Kind
    /// One clause, for the reference.
    package var summary: String

    package init(_ name: String, _ kind: Kind, _ summary: String) {
        self.name = name
        self.kind = kind
        self.summary = summary
    }

    package enum Kind: Sendable, Hashable {
        case number
        /// Written with its unit: `300ms`, `14d`.
        case duration
        /// `10M`.
        case size
        case percent
        case text
        case boolean
        /// Texts, one of which is meant: `answers contains 192.0.2.1`.
        case list
        /// Text that may be JSON: behind a point begins the way into it, `body.items[0].id`, `body.items.length`.
        case document
        /// Named values, of which one has to be named: `header.content-type`.
        case fields
        /// Whatever it turns out to be.
        case any
    }
}

extension [ConditionSubject] {
    /// The subjects as a list of words.
    var names: String {
        map { subject in
            switch subject.kind {
            case .fields: "\(subject.name).NAME"
            case .document: "\(subject.name), \(subject.name).PATH"
            default: subject.name
            }
        }.joined(separator: ", ")
    }
}

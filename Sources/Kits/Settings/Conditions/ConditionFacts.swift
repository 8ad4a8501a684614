import Alert
import Maintenance

/// What a probe saw, as conditions ask for it.
package struct ConditionFacts: Sendable {
    package var values: [String: Value] = [:]

    package init(_ values: [String: Value] = [:]) { self.values = values }

    package enum Value: Sendable, Hashable {
        /// A duration in seconds, a size in bytes.
        case number(Double)
        case text(String)
        case boolean(Bool)
        case null
        case list([String])
        /// Bytes that may be JSON, and how much of them there was: behind the cut nobody has looked.
        case document([UInt8], isCut: Bool)
        /// By name in lower case.
        case fields([String: Value])
        /// There is none, with the reason as a clause: `plain HTTP has no certificate`.
        case missing(String)
    }

    /// Judges each condition, in their order. What is not there meets nothing but `absent`.
    package func verdicts(on conditions: [CheckCondition]) -> [Verdict] {
        // A document is read once however many conditions look into it.
        var documents: [String: JSONDocument?] = [:]
        for name in Set(conditions.filter { !$0.subject.path.isEmpty }.map(\.subject.name)) {
            if case .document(let bytes, false)? = values[name] { documents[name] = JSONDocument(bytes) }
        }
        return conditions.map { condition in
            let found = value(of: condition.subject, documents)
            return Verdict(
                condition: condition, isMet: condition.comparison.isMet(by: found),
                found: condition.subject.kind.text(found))
        }
    }

    package struct Verdict: Sendable, Hashable {
        package var condition: CheckCondition
        package var isMet: Bool
        /// What was there, in words; printable and short.
        package var found: String

        /// `response-time < 300ms: it is 1.2 s`.
        package var clause: String { "\(condition.text.printable): \(found)" }
    }

    /// What stands at a subject.
    package func value(of subject: CheckCondition.Subject) -> Value {
        guard case .document(let bytes, false)? = values[subject.name], !subject.path.isEmpty else {
            return value(of: subject, [:])
        }
        return value(of: subject, [subject.name: JSONDocument(bytes)])
    }

    private func value(of subject: CheckCondition.Subject, _ documents: [String: JSONDocument?]) -> Value {
        guard let value = values[subject.name] else { return .missing("there is no '\(subject.name.printable)'") }
        guard let first = subject.path.first else { return value }
        switch value {
        case .missing, .null: return value
        case .fields(let fields):
            guard case .key(let name) = first else { return .missing("it has no elements") }
            return fields[name.lowercased()] ?? .missing("there is none")
        case .list(let texts): return .number(Double(texts.count))
        case .text(let text): return .number(Double(text.unicodeScalars.count))
        case .document(_, isCut: true): return .missing("the body is too long to be read as JSON")
        case .document:
            guard let document = documents[subject.name] ?? nil else { return .missing("the body is no JSON") }
            return document.value(at: subject.path[...])
        case .number, .boolean: return .missing("it has no parts")
        }
    }
}

extension CheckCondition.Comparison {
    fileprivate func isMet(by value: ConditionFacts.Value) -> Bool {
        if case .missing = value { return self == .exists(isWanted: false) }
        switch self {
        case .exists(let isWanted): return isWanted
        case .order(let order, let literal):
            switch order {
            case .equal: return literal.equals(value)
            case .notEqual: return !literal.equals(value)
            case .less, .atMost, .greater, .atLeast:
                guard case .number(let limit) = literal, let number = value.number else { return false }
                return switch order {
                case .less: number < limit
                case .atMost: number <= limit
                case .greater: number > limit
                default: number >= limit
                }
            }
        case .contains(let text, let isWanted): return value.contains(text) == isWanted
        case .matches(let pattern, let isWanted): return value.texts.contains { pattern.matches($0) } == isWanted
        case .isOneOf(let literals, let isWanted): return literals.contains { $0.equals(value) } == isWanted
        }
    }
}

extension CheckCondition.Literal {
    fileprivate func equals(_ value: ConditionFacts.Value) -> Bool {
        switch (self, value) {
        case (.null, .null): true
        case (.boolean(let own), .boolean(let other)): own == other
        case (.number(let own), _): value.number == own
        case (.text(let own), .list(let others)): others == [own]
        case (.text(let own), _): value.texts.contains(own)
        case (.null, _), (.boolean, _): false
        }
    }
}

extension ConditionFacts.Value {
    /// A number, also one that came as text, as servers often send them.
    fileprivate var number: Double? {
        switch self {
        case .number(let number): number
        case .text(let text): Double(text)
        default: nil
        }
    }

    fileprivate var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let texts): texts
        case .document(let bytes, _): [String(decoding: bytes, as: UTF8.self)]
        case .number(let number): [Scalar.number(number).description]
        case .boolean(let value): [value ? "true" : "false"]
        case .null, .fields, .missing: []
        }
    }

    /// By bytes: a body need not be text.
    fileprivate func contains(_ text: String) -> Bool {
        switch self {
        case .document(let bytes, _): text.isEmpty || bytes.firstRange(of: Array(text.utf8)) != nil
        case .list(let texts): texts.contains(text)
        default: texts.contains { $0.containsBytes(text) }
        }
    }
}

extension ConditionSubject.Kind {
    /// What was found, in words.
    fileprivate func text(_ value: ConditionFacts.Value) -> String {
        switch value {
        case .missing(let reason): reason.printable
        case .null: "it is null"
        case .boolean(let flag): "it is \(flag)"
        case .text(let text): "it is \"\(Self.short(text))\""
        case .list(let texts):
            texts.isEmpty ? "it is empty" : "it is \(Self.short(texts.joined(separator: ", ")))"
        // Nothing of a body as a whole is shown: nobody knows what stands there.
        case .document(let bytes, let isCut):
            "it is \(ByteCount(Int64(bytes.count)))\(isCut ? " and more" : "") of text"
        case .fields: "it has parts"
        case .number(let number):
            switch self {
            case .duration:
                number.magnitude >= 86_400
                    ? "it is \((number / 86_400).formatted(decimals: 1)) days"
                    : "it is \(Duration.seconds(number).short)"
            case .size: "it is \(ByteCount(Int64(number)))"
            case .percent: "it is \(Percentage(number))"
            default: "it is \(Scalar.number(number))"
            }
        }
    }

    private static func short(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > 60 else { return text.printable }
        var cut = String.UnicodeScalarView()
        cut.append(contentsOf: scalars.prefix(60))
        return "\(String(cut).printable)…"
    }
}

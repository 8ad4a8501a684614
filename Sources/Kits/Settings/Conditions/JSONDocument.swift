import Foundation
import Maintenance

/// A JSON text from outside, as values conditions can look into. Foundation's parser bounds its depth itself.
indirect enum JSONDocument: Sendable, Hashable {
    case object([String: JSONDocument])
    case array([JSONDocument])
    case leaf(ConditionFacts.Value)

    /// Nil where it is no JSON.
    init?(_ bytes: [UInt8]) {
        do {
            self = try JSONDecoder().decode(JSONDocument.self, from: Data(bytes))
        } catch {
            return nil
        }
    }

    /// `length` of an array, and of an object without a member of that name, counts.
    func value(at path: ArraySlice<CheckCondition.Subject.Step>) -> ConditionFacts.Value {
        guard let step = path.first else {
            switch self {
            case .leaf(let value): return value
            case .array(let elements):
                let texts = elements.compactMap(\.shownText)
                return texts.count == elements.count ? .list(texts) : .fields([:])
            case .object: return .fields([:])
            }
        }
        switch (self, step) {
        case (.object(let members), .key(let key)):
            if let member = members[key] { return member.value(at: path.dropFirst()) }
            if key == "length", path.count == 1 { return .number(Double(members.count)) }
            return .missing("it has no '\(key.printable)'")
        case (.array(let elements), .key("length")) where path.count == 1: return .number(Double(elements.count))
        case (.array(let elements), .index(let index)):
            guard elements.indices.contains(index) else { return .missing("it has only \(elements.count) elements") }
            return elements[index].value(at: path.dropFirst())
        case (.leaf(.text(let text)), .key("length")) where path.count == 1:
            return .number(Double(text.unicodeScalars.count))
        case (.leaf(.null), _): return .missing("it is null")
        default: return .missing("it has no such part")
        }
    }

    private var shownText: String? {
        guard case .leaf(let value) = self else { return nil }
        return switch value {
        case .text(let text): text
        case .number(let number): Scalar.number(number).description
        case .boolean(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}

extension JSONDocument: Decodable {
    init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: AnyKey.self) {
            var members: [String: JSONDocument] = [:]
            for key in keyed.allKeys { members[key.stringValue] = try keyed.decode(JSONDocument.self, forKey: key) }
            self = .object(members)
        } else if var list = try? decoder.unkeyedContainer() {
            var elements: [JSONDocument] = []
            while !list.isAtEnd { elements.append(try list.decode(JSONDocument.self)) }
            self = .array(elements)
        } else {
            let single = try decoder.singleValueContainer()
            if single.decodeNil() {
                self = .leaf(.null)
            } else if let flag = try? single.decode(Bool.self) {
                self = .leaf(.boolean(flag))
            } else if let number = try? single.decode(Double.self) {
                self = .leaf(.number(number))
            } else {
                self = .leaf(.text(try single.decode(String.self)))
            }
        }
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

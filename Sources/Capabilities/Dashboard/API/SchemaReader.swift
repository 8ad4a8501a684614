import Alert
import Backup
import Command
import Maintenance

/// The JSON schema of what a type is written as, found by letting the type read itself from a source that has everything
/// and writes down what is asked for: so a document and its description cannot differ.
///
/// A type that reads itself by hand says what it looks like (`Described`).
struct SchemaReader {
    /// Structures by their names, for `components.schemas`.
    private(set) var components: [String: JSONValue] = [:]
    /// Types that could not be described; a test holds it empty.
    private(set) var failures: [String] = []

    /// A type whose own words are not enough.
    protocol Described {
        static var schema: JSONValue { get }
        static var example: Self { get }
    }

    mutating func schema(of type: any Decodable.Type) -> JSONValue { read(type).schema }

    fileprivate mutating func read<Value: Decodable>(_ type: Value.Type) -> (schema: JSONValue, value: Value?) {
        if let described = type as? any Described.Type { return (described.schema, described.example as? Value) }
        if let list = type as? any ListType.Type { return (list.schema(&self), list.none as? Value) }
        if let primitive = Self.primitive(type) { return (primitive.0, primitive.1 as? Value) }
        if let enumeration = type as? any CaseIterable.Type, let (schema, first) = Self.cases(enumeration) {
            return (schema, first as? Value)
        }
        let name = Self.name(type)
        let reference: JSONValue = ["$ref": "#/components/schemas/\(name)"]
        let source = Source(self)
        // One that contains itself is described once.
        if components[name] == nil { source.reader.components[name] = ["type": "object"] }
        let value: Value?
        do { value = try Value(from: source) } catch {
            value = nil
            source.reader.failures.append("\(name): \(error)")
        }
        let isKnown = components[name] != nil
        self = source.reader
        if !isKnown {
            components[name] = [
                "type": "object", "properties": .object(source.properties),
                "required": .array(source.required.sorted().map(JSONValue.text)),
            ]
        }
        return (reference, value)
    }

    private static func primitive(_ type: Any.Type) -> (JSONValue, Any)? {
        switch type {
        case is String.Type: (["type": "string"], "")
        case is Bool.Type: (["type": "boolean"], false)
        case is Int.Type: (["type": "integer"], 0)
        case is Int64.Type: (["type": "integer"], Int64(0))
        case is Int32.Type: (["type": "integer"], Int32(0))
        case is UInt64.Type: (["type": "integer"], UInt64(0))
        case is Double.Type: (["type": "number"], 0.0)
        default: nil
        }
    }

    private static func cases(_ type: (some CaseIterable).Type) -> (JSONValue, Any)? {
        guard let first = type.allCases.first else { return nil }
        let values = type.allCases.compactMap { value -> JSONValue? in
            if let text = value as? any RawRepresentable<String> { return .text(text.rawValue) }
            return (value as? any RawRepresentable<Int32>).map { .integer(Int64($0.rawValue)) }
        }
        return values.isEmpty ? nil : (["enum": .array(values)], first)
    }

    /// `Plan.Refusal` for `Maintenance.Plan.Refusal`.
    private static func name(_ type: Any.Type) -> String {
        let words = String(reflecting: type).split(separator: ".").dropFirst().joined(separator: ".")
        return String(words.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "_" })
    }
}

/// What is asked for, written down.
private final class Source: Decoder {
    var reader: SchemaReader
    var properties: [String: JSONValue] = [:]
    var required: Set<String> = []
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(_ reader: SchemaReader) { self.reader = reader }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Members<Key>(source: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Undescribed() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Undescribed() }

    func note<Value: Decodable>(_ name: String, _ type: Value.Type, isRequired: Bool) -> Value? {
        let (schema, value) = reader.read(type)
        properties[name] = schema
        if isRequired { required.insert(name) }
        return value
    }
}

private struct Undescribed: Error {}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: Source
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        guard let value = source.note(key.stringValue, type, isRequired: true) else { throw Undescribed() }
        return value
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) -> Value? {
        _ = source.note(key.stringValue, type, isRequired: false)
        return nil
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) -> Bool? { optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) -> String? { optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) -> Double? { optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) -> Int? { optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) -> Int64? { optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) -> Int32? { optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) -> UInt64? { optional(type, key) }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        _ = source.note(key.stringValue, type, isRequired: false)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw Undescribed() }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Undescribed() }
    func superDecoder() throws -> any Decoder { throw Undescribed() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw Undescribed() }
}

/// What holds others.
private protocol ListType {
    static func schema(_ reader: inout SchemaReader) -> JSONValue
    static var none: Any { get }
}

extension Array: ListType where Element: Decodable {
    fileprivate static func schema(_ reader: inout SchemaReader) -> JSONValue {
        ["type": "array", "items": reader.schema(of: Element.self)]
    }
    fileprivate static var none: Any { [Element]() }
}

extension Dictionary: ListType where Key == String, Value: Decodable {
    fileprivate static func schema(_ reader: inout SchemaReader) -> JSONValue {
        ["type": "object", "additionalProperties": reader.schema(of: Value.self)]
    }
    fileprivate static var none: Any { [String: Value]() }
}

extension Timestamp: SchemaReader.Described {
    static let schema: JSONValue = ["type": "string", "format": "date-time"]
    static var example: Timestamp { Timestamp(seconds: 0) }
}

extension Scalar: SchemaReader.Described {
    static let schema: JSONValue = ["type": ["string", "integer", "number", "boolean", "null"]]
    static var example: Scalar { .null }
}

extension JSONValue: SchemaReader.Described {
    static let schema: JSONValue = [:]
    static var example: JSONValue { .null }
}

extension Labels: SchemaReader.Described {
    static let schema: JSONValue = ["type": "object", "additionalProperties": ["type": "string"]]
    static var example: Labels { [:] }
}

extension Change.Action: SchemaReader.Described {
    static let schema: JSONValue = [
        "type": "object",
        "description":
            "One member says what is done: 'sql' with its statements, 'program' with its words, 'files' or 'pause'.",
    ]
    static var example: Change.Action { .pause("") }
}

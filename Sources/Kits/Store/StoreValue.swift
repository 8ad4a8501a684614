/// What a column of the store holds: the types SQLite and PostgreSQL share (TEXT, BIGINT, DOUBLE PRECISION), and bytes,
/// which are `blob` on one and `bytea` on the other (`{blob}` in a migration).
package enum StoreValue: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case null
    case text(String)
    case integer(Int64)
    case real(Double)
    case bytes([UInt8])

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

/// A Swift type a column can hold and give back.
package protocol StoreConvertible: Sendable {
    var storeValue: StoreValue { get }
    /// Nil where the value is of another type; a caller that did not expect that gets `StoreError.unexpectedValue`.
    init?(storeValue: StoreValue)
}

extension StoreConvertible where Self: RawRepresentable, RawValue == String {
    package var storeValue: StoreValue { .text(rawValue) }
    package init?(storeValue: StoreValue) {
        guard case .text(let text) = storeValue else { return nil }
        self.init(rawValue: text)
    }
}

extension String: StoreConvertible {
    package var storeValue: StoreValue { .text(self) }
    package init?(storeValue: StoreValue) {
        guard case .text(let text) = storeValue else { return nil }
        self = text
    }
}

extension [UInt8]: StoreConvertible {
    package var storeValue: StoreValue { .bytes(self) }
    package init?(storeValue: StoreValue) {
        guard case .bytes(let bytes) = storeValue else { return nil }
        self = bytes
    }
}

extension Int64: StoreConvertible {
    package var storeValue: StoreValue { .integer(self) }
    package init?(storeValue: StoreValue) {
        guard case .integer(let number) = storeValue else { return nil }
        self = number
    }
}

extension Int: StoreConvertible {
    package var storeValue: StoreValue { .integer(Int64(self)) }
    package init?(storeValue: StoreValue) {
        guard case .integer(let number) = storeValue else { return nil }
        self.init(exactly: number)
    }
}

extension Bool: StoreConvertible {
    package var storeValue: StoreValue { .integer(self ? 1 : 0) }
    package init?(storeValue: StoreValue) {
        guard case .integer(let number) = storeValue else { return nil }
        self = number != 0
    }
}

extension Double: StoreConvertible {
    package var storeValue: StoreValue { .real(self) }
    package init?(storeValue: StoreValue) {
        switch storeValue {
        case .real(let number): self = number
        case .integer(let number): self = Double(number)
        default: return nil
        }
    }
}

extension Optional: StoreConvertible where Wrapped: StoreConvertible {
    package var storeValue: StoreValue { self?.storeValue ?? .null }
    package init?(storeValue: StoreValue) {
        if case .null = storeValue {
            self = Optional<Wrapped>.none
        } else {
            guard let value = Wrapped(storeValue: storeValue) else { return nil }
            self = .some(value)
        }
    }
}

/// One row as named values.
package struct StoreRow: Sendable {
    /// Where each column stands in `values`.
    let columns: [String: Int]
    let values: [StoreValue]

    /// The value of a column; throws `StoreError.unexpectedValue` where it is missing or of another type.
    package func get<Value: StoreConvertible>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        guard let index = columns[column], let value = Value(storeValue: values[index]) else {
            throw StoreError.unexpectedValue(column: column, type: String(describing: type))
        }
        return value
    }
}

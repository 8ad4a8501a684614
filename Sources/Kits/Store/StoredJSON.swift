import Foundation

/// A value kept as JSON text, keys sorted, so that equal values are equal text.
package struct StoredJSON<Value: Codable & Sendable>: StoreConvertible, Sendable {
    package var value: Value

    package init(_ value: Value) { self.value = value }

    package var storeValue: StoreValue { .text(text) }

    /// As it is stored.
    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            preconditionFailure("a \(Value.self) cannot be written as JSON: \(error)")
        }
    }

    package init?(storeValue: StoreValue) {
        guard case .text(let text) = storeValue,
            let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
        else { return nil }
        self.value = value
    }
}

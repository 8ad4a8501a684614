/// A value that must not be seen: it prints `•••` wherever values print themselves, and only `reveal()` gives it out.
///
/// It encodes as `•••` too and cannot be decoded, so that it neither reaches a file nor comes back from one unnoticed.
package struct Secret: Sendable, Hashable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// The value itself, for the one call that needs it. Search for this name to see them all.
    package func reveal() -> String { value }

    package var isEmpty: Bool { value.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable, Encodable {
    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("•••")
    }
}

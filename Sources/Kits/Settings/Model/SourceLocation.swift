import Maintenance

/// Where something stands in a configuration file; what an error points at and what a deletion records as its approval.
package struct SourceLocation: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// As the file was named to the reader. Hostile text.
    package var file: String
    /// From 1.
    package var line: Int
    /// From 1, in characters.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package static func < (left: SourceLocation, right: SourceLocation) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }

    /// `mainstay.yaml:12:5`.
    package var description: String { "\(file.printable):\(line):\(column)" }
}

/// A value somebody wrote down, with the place: what decides about deletion carries it, so that the step that deletes
/// can name the line that allowed it.
package struct Written<Value: Sendable>: Sendable {
    package var value: Value
    package var location: SourceLocation

    package init(_ value: Value, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

extension Written: Equatable where Value: Equatable {}
extension Written: Hashable where Value: Hashable {}

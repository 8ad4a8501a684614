import Maintenance

/// A bound value in PostgreSQL's text form.
package struct SQLParameter: Hashable, Sendable {
    /// Nil is NULL.
    package let text: String?
    /// How it is written where it cannot be bound.
    package let literal: String

    package static let null = SQLParameter(text: nil, literal: "NULL")

    /// A value whose literal is its quoted text.
    package init(quoting text: String) {
        self.text = text
        literal = text.quotedLiteral
    }

    /// A value that reads the same unquoted: a number without a sign, `true`.
    init(plain text: String) {
        self.text = text
        literal = text
    }

    private init(text: String?, literal: String) {
        self.text = text
        self.literal = literal
    }
}

/// A Swift type whose values can be bound: it knows PostgreSQL's text form of itself.
package protocol SQLValue: Sendable {
    var parameter: SQLParameter { get }
}

extension SQLValue where Self: FixedWidthInteger {
    /// A negative number is quoted in a literal, lest `a -` before it make a comment.
    package var parameter: SQLParameter {
        self < 0 ? SQLParameter(quoting: String(self)) : SQLParameter(plain: String(self))
    }
}

extension Int: SQLValue {}
extension Int32: SQLValue {}
extension Int64: SQLValue {}
extension UInt32: SQLValue {}

extension Double: SQLValue {
    package var parameter: SQLParameter {
        if isNaN { return SQLParameter(quoting: "NaN") }
        if isInfinite { return SQLParameter(quoting: self < 0 ? "-Infinity" : "Infinity") }
        return sign == .minus ? SQLParameter(quoting: String(self)) : SQLParameter(plain: String(self))
    }
}

extension Bool: SQLValue {
    package var parameter: SQLParameter { SQLParameter(plain: self ? "true" : "false") }
}

extension String: SQLValue {
    package var parameter: SQLParameter { SQLParameter(quoting: self) }
}

extension Timestamp: SQLValue {
    package var parameter: SQLParameter { SQLParameter(quoting: iso8601) }
}

/// As an interval in microseconds.
extension Duration: SQLValue {
    package var parameter: SQLParameter { SQLParameter(quoting: "\(microseconds) microseconds") }
}

extension QualifiedName: SQLValue {
    /// Quoted, so that `\(name)::regclass` finds exactly this relation.
    package var parameter: SQLParameter { SQLParameter(quoting: quoted) }
}

/// Bytes, for `bytea`.
package struct Bytes: Hashable, Sendable, SQLValue {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var parameter: SQLParameter { SQLParameter(quoting: "\\x\(bytes.hexadecimal)") }
}

/// As an array of one dimension; for `= any(\(names))`.
extension Array: SQLValue where Element: SQLValue {
    package var parameter: SQLParameter {
        let elements = map { element in
            guard let text = element.parameter.text else { return "NULL" }
            return "\"\(text.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\""))\""
        }
        return SQLParameter(quoting: "{\(elements.joined(separator: ","))}")
    }
}

import Foundation

/// One value of evidence, of a precondition or of a listing: what JSON has as a leaf.
package enum Scalar: Hashable, Sendable, Codable, CustomStringConvertible, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    case text(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case null

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(_ value: Int) { self = .integer(Int64(value)) }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): value.isFinite ? try container.encode(value) : try container.encode(String(value))
        case .boolean(let value): try container.encode(value)
        case .null: try container.encodeNil()
        }
    }

    package var description: String {
        switch self {
        case .text(let value): value
        case .integer(let value): String(value)
        case .number(let value):
            value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }
}

extension Scalar {
    /// As a number: one that is whole is read back from JSON as an integer. Nil where it is none.
    package var amount: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text, .boolean, .null: nil
        }
    }
}

/// Named values: evidence, what was seen before a change, what will differ after it.
package typealias Facts = [String: Scalar]

extension Scalar {
    /// A value of evidence as people read it.
    package var spoken: String {
        switch self {
        case .null: "none"
        case .integer(let value): value.grouped
        case .boolean(let value): value ? "yes" : "no"
        case .text(let value): Timestamp(iso8601: value).map(\.description) ?? value
        case .number(let value) where value.magnitude < 1e15 && value != value.rounded():
            Scalar.number(value.rounded(digits: 4)).description
        default: description
        }
    }
}

extension Double {
    /// With so many digits as say something, and never fewer than stand before the point: 99.7487 is 99.75, 0.012345 is
    /// 0.01234, and 12345.67 is 12346.
    fileprivate func rounded(digits: Int) -> Double {
        guard isFinite, self != 0 else { return self }
        let unit = pow(10, max(0, Double(digits - 1) - log10(magnitude).rounded(.down)))
        let rounded = (self * unit).rounded() / unit
        return rounded.isFinite ? rounded : self
    }
}

/// Markup built by interpolation that escapes, the sister of the SQL type: text becomes text, another `HTML` is put in
/// as it is, and there is no way from a plain string into markup but `HTML(trusted:)`, so a search for that name lists
/// every place where text is believed.
///
///     let row: HTML = "<tr><th scope=\"row\">\(table.name)</th><td>\(table.rows)</td></tr>"
///
/// The bytes are written as the page is put together, straight into the buffer a response sends: nothing is walked by
/// reflection and nothing is encoded again. What is interpolated is safe between tags and inside a quoted attribute; for
/// addresses there is `\(url:)`. Nothing is ever interpolated into a script or a style sheet: pages have none of their
/// own.
package struct HTML: Hashable, Sendable {
    /// UTF-8.
    package private(set) var bytes: [UInt8]

    package init() { bytes = [] }

    /// Text that is believed: markup another program wrote for us and that was checked. Never a name or a value.
    package init(trusted text: String) { bytes = Array(text.utf8) }

    package var isEmpty: Bool { bytes.isEmpty }

    /// The markup as a string, for those who do not write bytes.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package static func + (left: HTML, right: HTML) -> HTML {
        var result = left
        result += right
        return result
    }

    package static func += (left: inout HTML, right: HTML) { left.bytes += right.bytes }
}

extension HTML: ExpressibleByStringInterpolation {
    package init(stringLiteral value: StaticString) {
        bytes = value.withUTF8Buffer(Array.init)
    }

    package init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

    package struct StringInterpolation: StringInterpolationProtocol {
        var bytes: [UInt8] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + 24 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }

        /// Escaped, in one line: controls, and the characters that reorder text or cannot be seen, are written out.
        package mutating func appendInterpolation(_ text: some StringProtocol) {
            holdToContext()
            bytes.append(escaping: text)
        }

        /// Escaped, with its line breaks and tabs as they are: for `<pre>`.
        package mutating func appendInterpolation(lines text: some StringProtocol) {
            holdToContext()
            bytes.append(escapingLinesOf: text)
        }

        package mutating func appendInterpolation(_ number: some BinaryInteger) {
            bytes.append(contentsOf: String(number).utf8)
        }

        /// Put in as it is.
        package mutating func appendInterpolation(_ html: HTML) { bytes += html.bytes }

        /// Put in as it is, or nothing.
        package mutating func appendInterpolation(_ html: HTML?) {
            if let html { bytes += html.bytes }
        }

        /// One after the other.
        package mutating func appendInterpolation(_ parts: some Sequence<HTML>) {
            for part in parts { bytes += part.bytes }
        }
    }
}

extension Sequence<HTML> {
    /// All parts with the separator between them.
    package func joined(separator: HTML) -> HTML {
        var result = HTML()
        for (index, part) in enumerated() {
            if index > 0 { result += separator }
            result += part
        }
        return result
    }
}

import Maintenance

extension HTML.StringInterpolation {
    /// An address inside a quoted attribute. Only `http`, `https`, `mailto` and what is relative to this page stay; for
    /// everything else (`javascript:`, `data:`, another host without a scheme) the browser gets `about:invalid`.
    package mutating func appendInterpolation(url text: some StringProtocol) {
        bytes.append(escaping: safeAddress(text))
    }

    /// ` name="value"` with the space before it, or nothing where there is no value.
    package mutating func appendInterpolation(attribute name: StaticString, _ value: String?) {
        guard let value else { return }
        appendLiteral(" ")
        appendLiteral(name)
        appendLiteral("=\"")
        holdToContext()
        bytes.append(escaping: value)
        appendLiteral("\"")
    }

    /// An attribute without a value, such as `open`, with the space before it, or nothing.
    package mutating func appendInterpolation(attribute name: StaticString, when isSet: Bool) {
        guard isSet else { return }
        appendLiteral(" ")
        appendLiteral(name)
    }

    /// `<time>` with the instant for programs and `2026-11-21 02:00 UTC` for people; between tags only.
    package mutating func appendInterpolation(time: Timestamp) {
        appendLiteral("<time datetime=\"")
        bytes.append(contentsOf: time.iso8601.utf8)
        appendLiteral("\">")
        bytes.append(contentsOf: time.description.utf8)
        appendLiteral("</time>")
    }
}

/// Percent-encodes first, so that neither white space nor a control a browser would skip can hide a scheme (URL
/// Standard, 4.4 "basic URL parser"), and then looks at the scheme.
private func safeAddress(_ text: some StringProtocol) -> String {
    let address = text.percentEncoded(keeping: "-._~:/?#[]@!$&()*+,;=%")
    let unusable = "about:invalid"
    guard !address.hasPrefix("//") else { return unusable }
    let head = address.prefix { !":/?#".contains($0) }
    guard address.dropFirst(head.count).first == ":" else { return address }
    return ["http", "https", "mailto"].contains(head.lowercased()) ? address : unusable
}

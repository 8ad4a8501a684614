/// How something stands, as every page shows it: a shape, a colour and a word, so that none of the three is needed.
package enum Standing: String, Codable, CaseIterable, Sendable, Comparable {
    case good
    /// Worth knowing; no trouble.
    case notice
    case warning
    /// It could not be seen, or the evidence is too old.
    case unknown
    case critical

    package static func < (left: Standing, right: Standing) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The shape alone, for a line that says the word itself. Drawn and not a character: fonts disagree about those.
    package var mark: HTML {
        let path: HTML =
            switch self {
            case .good: "<circle cx=\"8\" cy=\"8\" r=\"6.7\"/><path d=\"M5 8.3l2.1 2.1L11.2 6\"/>"
            case .notice: "<circle cx=\"8\" cy=\"8\" r=\"6.7\"/><path d=\"M8 7.3v4M8 4.6v.4\"/>"
            case .warning: "<path d=\"M8 1.8l6.7 12H1.3zM8 6.2v3.6M8 11.6v.4\"/>"
            case .unknown:
                """
                <circle cx="8" cy="8" r="6.7" stroke-dasharray="2.6 1.6"/>\
                <path d="M6 6.4a2 2 0 1 1 2.9 1.8c-.6.4-.9.7-.9 1.4M8 11.4v.4"/>
                """
            case .critical:
                "<path d=\"M5.2 1.3h5.6l3.9 3.9v5.6l-3.9 3.9H5.2l-3.9-3.9V5.2zM5.7 5.7l4.6 4.6m0-4.6l-4.6 4.6\"/>"
            }
        return """
            <svg class="mark" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" \
            stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">\(path)</svg>
            """
    }

    /// Shape, colour and word.
    package func badge(_ word: String) -> HTML {
        "<span class=\"standing \(rawValue)\">\(mark)\(word)</span>"
    }
}

extension Standing {
    /// The word beside mark and colour.
    package var word: String {
        switch self {
        case .good: "well"
        case .notice: "info"
        case .warning: "warning"
        case .unknown: "unknown"
        case .critical: "critical"
        }
    }
}

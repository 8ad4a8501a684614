import Maintenance

/// Nothing is sent about what its matchers match, from when until when, by whom and why.
package struct Silence: Codable, Hashable, Sendable {
    /// Who opened it, which decides what closes it.
    package enum Origin: Codable, Hashable, Sendable {
        case person
        /// The runner, for what a step touches; a probe closes it, and its end is only the last resort.
        case step(run: String, number: Int)
    }

    package let id: String
    package var matchers: [Matcher]
    package var starts: Timestamp
    package var ends: Timestamp
    package var author: String
    package var comment: String
    package var origin: Origin

    package init(
        id: String, matchers: [Matcher], starts: Timestamp, ends: Timestamp, author: String, comment: String,
        origin: Origin = .person
    ) {
        self.id = id
        self.matchers = matchers
        self.starts = starts
        self.ends = ends
        self.author = author
        self.comment = comment
        self.origin = origin
    }

    /// From its start until, but not at, its end.
    package func isActive(at now: Timestamp) -> Bool { starts <= now && now < ends }

    /// One without matchers matches nothing: silencing everything has to be written, as `alert=~".+"`.
    package func covers(_ labels: Labels) -> Bool { !matchers.isEmpty && matchers.match(labels) }
}

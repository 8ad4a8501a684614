/// What the guides that people work by say of a threshold, and why what is in force is what it is.
///
/// They contradict each other, and some contradict themselves; this is the one place where that is settled. `explain` and the
/// reference show it.
package struct ThresholdOrigin: Hashable, Sendable {
    /// In the order of `rules`: what decides where guides differ.
    package static let rules = [
        "Where most of them begin to complain is the warning.",
        "Critical is what at least one of them calls so and no other one still calls good.",
        "A guide's stricter or milder value is one line of that team's configuration, and the values of its own "
            + "files (health-check-config.json, alert-config.json) win as soon as they are read.",
    ]

    /// A line of a guide.
    package struct Saying: Hashable, Sendable {
        /// `next-portal`
        package var guide: String
        /// As it stands there.
        package var text: String
    }

    package var sayings: [Saying]
    /// A sentence: why it is this one, or where it comes from.
    package var reason: String

    package init(_ sayings: [(guide: String, text: String)], _ reason: String) {
        self.sayings = sayings.map { Saying(guide: $0.guide, text: $0.text) }
        self.reason = reason
    }

    /// Of what no guide bounds.
    package init(_ reason: String) { self.init([], reason) }

    /// The guides in their order, each with what it says.
    package var guides: [(name: String, texts: [String])] {
        var names: [String] = []
        for saying in sayings where !names.contains(saying.guide) { names.append(saying.guide) }
        return names.map { name in (name, sayings.filter { $0.guide == name }.map(\.text)) }
    }

    /// `No guide bounds it. …`, or what each says and what follows.
    package var text: String {
        guard !sayings.isEmpty else { return "No guide bounds it. \(reason)" }
        let said = guides.map { "\($0.name): \($0.texts.map { "'\($0)'" }.joined(separator: ", "))" }
        return "The guides say: \(said.joined(separator: "; ")). \(reason)"
    }
}

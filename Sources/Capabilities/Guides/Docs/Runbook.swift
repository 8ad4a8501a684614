import Maintenance

/// How one routine is done, from what it is and from what happened when it was done: one value, shown as Markdown and
/// as a page. The same configuration, state and instant make the same bytes.
struct Runbook: Sendable {
    /// The routine's.
    var name: String
    var summary: String
    /// Who starts it, when, who says yes, who is told: each with its name. Hostile text.
    var facts: [Fact]
    /// What is typed, in order.
    var commands: [String]
    var steps: [Step]
    /// What is done where a step fails, one sentence each.
    var failure: [String]
    /// The newest first.
    var runs: [Run]

    struct Fact: Sendable, Hashable {
        var name: String
        var value: String
    }

    struct Step: Sendable, Hashable {
        /// From 1.
        var number: Int
        /// What is typed, or done by people.
        var what: String
        /// What it may do at most.
        var effect: String
        /// Whether somebody has to say yes first, and who.
        var approval: String
        /// The middle of what it has taken, over how many; `never done`.
        var took: String
        /// How it ended last, and what proved it.
        var last: String
        /// How what it last did is undone; empty where it did nothing, or only looks.
        var reversal: String
    }

    struct Run: Sendable, Hashable {
        var id: String
        var started: Timestamp
        var state: String
        /// Empty while it goes on.
        var took: String
        /// `3 of 3 changes proved`
        var proof: String
        var requester: String
    }

    /// What is done where something goes wrong, one sentence each.
    var remedies: [String] {
        failure + steps.filter { !$0.reversal.isEmpty }.map { "To undo step \($0.number): \($0.reversal)." }
            + ["How a step would be undone that has not been done yet, its dry run says."]
    }

    /// Its name as a file's, without an ending.
    var fileName: String { name }
}

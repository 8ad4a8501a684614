import Engine
import Maintenance
import Page

/// A plan to the letter, as whoever approves it has to see it.
enum PlanPiece {
    static func changes(_ plan: Plan) -> HTML {
        let items = plan.changes.prefix(200).map { change in
            Pieces.item(change.effect == .destroys ? .warning : .notice, "\(action(change))\(terms(change))")
        }
        let refusals = plan.refusals.prefix(50).map { refusal in
            Pieces.item(.critical, "\(action(refusal.change))\(Pieces.error(refusal.reason))")
        }
        let more: HTML? =
            plan.changes.count > 200
            ? "<p class=\"muted small\">\((plan.changes.count - 200).grouped) more: <code>mainstay approvals show</code></p>"
            : nil
        let refused: HTML? = refusals.isEmpty ? nil : "<h4>Refused</h4>\n<ul class=\"plain\">\n\(refusals)</ul>\n"
        return """
            <h4>Planned: \("change".counted(plan.changes.count))</h4>
            <ul class="plain">
            \(items)</ul>\(more)
            \(refused)<p class="muted small">plan <code>\(plan.digest)</code></p>

            """
    }

    /// The very statements or words.
    static func action(_ change: Change) -> HTML {
        let lines = change.action.lines.prefix(50).map { line in
            "<pre><code>\(lines: Pieces.clipped(line))</code></pre>" as HTML
        }
        let more: HTML? =
            change.action.lines.count > 50
            ? "<p class=\"muted small\">\((change.action.lines.count - 50).grouped) more statements</p>" : nil
        return "\(lines)\(more)"
    }

    /// What it means for those who work there meanwhile, and how it is undone.
    static func terms(_ change: Change) -> HTML {
        let destroys: HTML? = change.effect == .destroys ? "<span><b>removes data</b></span>" : nil
        let kind: HTML? = change.changeClass.map { "<span>class: \($0.rawValue)</span>" }
        let reason: HTML? = change.reason.isEmpty ? nil : "<span>\(Pieces.clipped(change.reason, to: 600))</span>"
        let lock: HTML? = change.lock.map { "<span>\($0.rawValue) lock: \($0.consequence)</span>" }
        let estimate: HTML? = change.estimate.map {
            "<span>about \(Duration.seconds($0.seconds).short) (\($0.source))</span>"
        }
        let authority: HTML? = change.authority.map { "<span>allowed by \($0)</span>" }
        return """
            <div class="facts">\(destroys)\(kind)\(reason)\(lock)\(estimate)\(authority)<span>undo: \
            \(Pieces.clipped(change.reversal, to: 400))</span></div>
            """
    }
}

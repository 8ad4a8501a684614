import Engine
import Maintenance
import Page
import Report
import Web

/// One run: its steps, what they found, and every change with its statements and its proof.
enum RunPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let log = visit.site.log
        let run: RunRecord
        do { run = try await log.run(visit.value(0)) } catch is EngineError { return try await accepted(visit) }
        guard RunsPage.sees(run, visit) else { throw Refusal.notFound }
        let steps = try await log.steps(of: run.id).filter { visit.sees($0.target.environment) }
        let changes = try await log.changes(of: run.id)
        let dry = run.isDryRun ? " (dry run)" : ""
        let end: HTML? = run.endedAt.map { ", ended \(time: $0) after \(($0 - run.startedAt).short)" }
        return visit.page(
            "Run \(run.id)",
            """
            <p class="path"><a href="/runs">Runs</a></p>
            <h1>\(Pieces.command(run.name))\(dry)</h1>
            <p>\(run.state.standing.badge(run.state.rawValue)) <span class="muted">run <code>\(run.id)</code>, asked for by \
            \(run.requester.name) on \(run.requester.host), began \(time: run.startedAt)\(end)</span></p>
            \(next(run, changes))<h2>Steps</h2>
            \(steps.map { step in section(step, changes.filter { $0.step == step.number }, isDryRun: run.isDryRun) })
            """)
    }

    /// What was asked for and has not begun.
    private static func accepted(_ visit: Visit) async throws -> WebResponse {
        let (id, standing) = try await RunRequests.known(visit)
        let body: HTML
        switch standing {
        case .waits(let before):
            let turn = before == 0 ? "It is the next." : "\(before) before it."
            body = "<p>It waits for its turn. \(turn) This page shows it as soon as it has begun.</p>\n"
        case .runs: body = "<p>It begins now.</p>\n"
        case .refused(let report): body = "<p>It has not begun:</p>\n\(Pieces.error(report))"
        }
        return visit.page(
            "Run \(id)",
            "<h1>Run \(id)</h1>\n\(body)<p><a href=\"\(url: "/runs/\(id.urlComponent)")\">Look again</a></p>\n")
    }

    private static func next(_ run: RunRecord, _ changes: [ChangeRecord]) -> HTML {
        switch run.state {
        case .waiting: "<p>It waits: <a href=\"/approvals\">Approvals</a>.</p>\n"
        case .uncertain:
            undecided(run, changes.filter { $0.state == .undecided })
        case .succeeded, .failed:
            run.isDryRun
                ? "<p class=\"muted\">Nothing was changed. <code>mainstay show</code> prints the command that does exactly this.</p>\n"
                : HTML()
        case .cancelled: "<p>To go on: \(Pieces.code("mainstay resume \(run.id)"))</p>\n"
        default: HTML()
        }
    }

    private static func undecided(_ run: RunRecord, _ changes: [ChangeRecord]) -> HTML {
        guard !changes.isEmpty else {
            let command = Pieces.code("mainstay resume \(run.id)")
            return "<p>Not known yet: whether a change was made. \(command) looks.</p>\n"
        }
        let items = changes.map { record -> HTML in
            let command = "mainstay resume \(record.runID) --change \(record.place) --decide done"
            return """
                <li>\(Pieces.clipped(record.change.id, to: 300)): look at the target, then \
                \(Pieces.code(command)) or <code>not-done</code></li>

                """
        }
        return "<p>Nobody can tell whether these changes were made:</p>\n<ul>\(items)</ul>\n"
    }

    private static func section(_ step: StepRecord, _ changes: [ChangeRecord], isDryRun: Bool) -> HTML {
        let took: HTML? = step.duration.map { " <span class=\"muted\">in \($0.short)</span>" }
        let words = step.arguments.isEmpty ? "" : " " + step.arguments.map(\.shellQuoted).joined(separator: " ")
        let began: HTML? = step.startedAt.map { "<span>began \(time: $0)</span>" }
        return """
            <section class="card"><div class="row"><h3>\(step.number). \(Pieces.clipped(step.title, to: 300))\
            \(Pieces.clipped(words, to: 600)) <span class="muted">\(step.target.description)</span></h3>\
            <span>\(step.state.standing.badge(step.state.rawValue))\(took)</span></div>
            \(Pieces.error(step.error))<div class="facts">\(began)</div>
            \(seen(step))\(isDryRun || changes.isEmpty ? planned(step) : made(changes))</section>

            """
    }

    /// What it saw: checks, findings, what it could not see, and what people came for.
    private static func seen(_ step: StepRecord) -> HTML {
        guard let observation = step.observation else { return HTML() }
        let checks = observation.checks.map { check -> HTML in
            Pieces.item(
                check.state.standing,
                "<strong>\(check.title)</strong> <span class=\"muted\">\(check.target.description)</span><br>\(Pieces.clipped(check.summary, to: 1_000))"
            )
        }
        let findings = observation.findings.map { finding -> HTML in
            Pieces.item(
                finding.severity.standing,
                """
                <strong>\(finding.target.description)</strong> <span class="muted">\(finding.code)</span><br>\
                \(Pieces.clipped(finding.summary, to: 1_000))\(Pieces.mend(finding.mend))\(Pieces.facts(finding.evidence))
                """)
        }
        let gaps = observation.gaps.map { gap -> HTML in
            Pieces.item(.unknown, "<strong>\(gap.subject)</strong> could not be looked at\(Pieces.error(gap.reason))")
        }
        let well = observation.checks.count { $0.state == .passed }
        let folded: HTML? =
            checks.isEmpty
            ? nil
            : """
            <details id="checks-\(step.number)"><summary>\("check".counted(checks.count)), \(well) passed</summary>\
            <ul class="plain">\(checks)</ul></details>

            """
        let lists: HTML? = findings.isEmpty && gaps.isEmpty ? nil : "<ul class=\"plain\">\(findings)\(gaps)</ul>\n"
        return "\(lists)\(folded)\(observation.listings.enumerated().map { listing($1, step.number, $0) })"
    }

    private static func listing(_ listing: Listing, _ step: Int, _ place: Int) -> HTML {
        guard !listing.rows.isEmpty else { return HTML() }
        let heads = listing.columns.map { "<th scope=\"col\">\($0.name)</th>" as HTML }
        let rows = listing.rows.prefix(200).map { row -> HTML in
            let cells = zip(row, listing.columns).map { value, column -> HTML in
                if let unit = column.unit, case .number(let number) = value {
                    return "<td class=\"number\">\(unit.text(number))</td>"
                }
                return "<td>\(value == .null ? "" : Pieces.clipped(value.description, to: 500))</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        let more: HTML? =
            listing.rows.count > 200
            ? "<p class=\"muted small\">\((listing.rows.count - 200).grouped) more: <code>mainstay show</code></p>"
            : nil
        return """
            <details id="list-\(step)-\(place)"><summary>\(listing.title), \("row".counted(listing.rows.count))</summary>\
            <div class="scroll"><table><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div>\(more)</details>

            """
    }

    /// What would be done, where nothing was.
    private static func planned(_ step: StepRecord) -> HTML {
        guard let plan = step.plan, !plan.changes.isEmpty || !plan.refusals.isEmpty else { return HTML() }
        return PlanPiece.changes(plan)
    }

    private static func made(_ changes: [ChangeRecord]) -> HTML {
        let items = changes.prefix(200).map { record -> HTML in
            let took: HTML? = record.duration.map { " <span class=\"muted\">in \($0.short)</span>" }
            return Pieces.item(
                record.state.standing,
                """
                <div class="row done"><div class="grow">\(PlanPiece.action(record.change))</div><span class="small">\
                <strong class="\(record.state.standing.rawValue)">\(record.state.rawValue)</strong>\(took)</span></div>\
                \(Pieces.error(record.error))\(PlanPiece.terms(record.change))\(proof(record))
                """)
        }
        let more: HTML? =
            changes.count > 200
            ? "<p class=\"muted small\">\((changes.count - 200).grouped) more: <code>mainstay show</code></p>" : nil
        return """
            <h4>Changes</h4>
            <ul class="plain">
            \(items)</ul>\(more)

            """
    }

    /// What was so before, and what shows that it is done.
    private static func proof(_ record: ChangeRecord) -> HTML {
        let before: HTML? = record.witness.flatMap(Pieces.facts).map {
            "<span class=\"muted small\">before</span>\($0)"
        }
        let after: HTML? = record.evidence.flatMap(Pieces.facts).map { "<span class=\"muted small\">proof</span>\($0)" }
        guard before != nil || after != nil else { return HTML() }
        return """
            <details id="proof-\(record.step)-\(record.number)"\(attribute: "open", when: record.state != .proved)>\
            <summary>Proof</summary>\(before)\(after)</details>
            """
    }
}

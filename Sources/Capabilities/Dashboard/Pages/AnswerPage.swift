import Alert
import Command
import Engine
import Glibc
import Maintenance
import Outside
import Page
import Settings
import Web

/// Where the links in notifications lead: a page with one button. Mail programs follow links by themselves, so that looking at
/// the page does nothing; the button does, once more where it is pressed again.
enum AnswerPage {
    /// How long a silence lasts that is made so.
    private static let silence: Duration = .seconds(4 * 3_600)

    static func show(_ visit: Visit) async throws -> WebResponse {
        let (answer, alert) = try await found(visit)
        guard let alert else { return over(visit) }
        let words = answer.purpose == .acknowledge ? "Take it on" : "Silence it for \(silence.short)"
        return visit.outside(
            words,
            """
            <h1>\(words)</h1>
            \(describe(alert))<form class="sheet" method="post" action="\(url: visit.request.location)">
            <label for="comment">\(answer.purpose == .acknowledge ? "What is being done" : "Why nobody has to know")</label>
            <input id="comment" name="comment" type="text" maxlength="1000">
            <button class="primary" type="submit">\(words) as \(answer.recipient)</button>
            <p class="hint">The link counts until \(time: answer.ends), for this alert and for nothing else. What is done is \
            written into the audit trail.</p></form>

            """)
    }

    static func send(_ visit: Visit) async throws -> WebResponse {
        let (answer, alert) = try await found(visit)
        guard let alert else { return over(visit) }
        let name = "\(answer.recipient) by a link"
        let log = visit.site.log.acting(
            for: Requester(user: answer.recipient, host: visit.request.peer, processID: getpid(), service: "alert link")
        )
        let comment = visit.request.form["comment"]?.trimmingWhitespace() ?? ""
        let said: String
        switch answer.purpose {
        case .acknowledge:
            try await AlertActs.acknowledge(alert, by: name, comment, visit, log)
            said = "You have taken it on: it is not repeated and not escalated."
        case .silence:
            // The same link pressed twice is one silence.
            let state = try await visit.site.log.alertState()
            let isSilent = state.silences.values.contains {
                $0.author == name && $0.isActive(at: visit.now) && $0.covers(alert.labels)
            }
            if !isSilent {
                try await AlertActs.silence(
                    alert, for: silence, by: name, comment.isEmpty ? "by the link in a notification" : comment, visit,
                    log)
            }
            said = "Nobody is told of it for \(silence.short)."
        }
        return visit.outside(
            "Done",
            """
            <h1>Done</h1>
            <div class="verdict good">\(Standing.good.mark)<div><p>\(said)</p></div></div>
            \(describe(alert))
            """)
    }

    /// Throws where the link is none of ours, was altered or is over; the alert is nil where it is over, though it may have
    /// come back since.
    private static func found(_ visit: Visit) async throws -> (AlertLinks.Answer, AlertRecord?) {
        guard visit.site.settings.answerLinks != nil else { throw Refusal.notFound }
        // Whoever sends notifications makes the key; whoever looks at a link makes nothing.
        guard let answer = try visit.site.links.read()?.open(visit.value(0), at: visit.now) else {
            try visit.site.noteGuess(visit.request)
            throw Refusal.notFound
        }
        let alert = try await visit.site.log.alertState().book[answer.fingerprint]
        return (
            answer,
            alert.flatMap { $0.state == .resolved || $0.since.microseconds != answer.since ? nil : $0 }
        )
    }

    private static func over(_ visit: Visit) -> WebResponse {
        visit.outside(
            "Over", "<h1>It is over</h1>\n<p>The alert has ended meanwhile, and there is nothing left to answer.</p>\n")
    }

    private static func describe(_ alert: AlertRecord) -> HTML {
        let labels = alert.labels
        let place = [labels[Labels.Name.environment], labels[Labels.Name.resource]].filter { !$0.isEmpty }
            .joined(separator: "/")
        return """
            <p><strong>\(place)</strong> <span class="muted">\(labels[Labels.Name.alert])</span> \
            \(Pieces.clipped(labels[Labels.Name.object], to: 300))<br>\
            \(Pieces.clipped(alert.annotations["summary"] ?? "", to: 2_000))</p>

            """
    }
}

extension Visit {
    /// A page for somebody who has not signed in and does not have to.
    fileprivate func outside(_ title: String, _ body: HTML) -> WebResponse {
        WebResponse(200, html: Frame(title: title, visit: nil, isLive: false, body: body).html)
    }
}

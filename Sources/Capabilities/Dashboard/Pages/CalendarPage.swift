import Engine
import Maintenance
import Page
import Web

/// What starts by itself, and when.
enum CalendarPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let outlook = try await Outlook(visit, most: 5)
        let isRunning = outlook.scheduler.isRunning
        let standing: Standing = isRunning ? .good : .critical
        let state = isRunning ? "a scheduler runs" : "no scheduler runs, so that nothing starts by itself"
        return visit.page(
            "Calendar",
            """
            <h1>Calendar</h1>
            <p>\(standing.badge(state))</p>
            \(outlook.starts.isEmpty ? Pieces.empty("Nothing starts by itself. Write a <code>schedule</code> under a routine of the configuration: <code>daily: {schedule: \"daily 02:00\"}</code>") : table(outlook.starts))
            """)
    }

    static func table(_ starts: [Outlook.Start]) -> HTML {
        let rows = starts.map { start -> HTML in
            let note: HTML? = start.silence.map { " <span class=\"muted\">(\($0))</span>" }
            return """
                <tr><th scope="row">\(start.routine)</th><td data-name="at">\(time: start.at)\(note)</td>\
                <td data-name="by its zone">\(start.local)</td><td data-name="schedule"><code>\(start.schedule)</code></td></tr>

                """
        }
        return Pieces.table("Starts", ["routine", "at", "by its zone", "schedule"], rows)
    }
}

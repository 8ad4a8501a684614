import Calendar
import Command
import Engine
import Maintenance
import Outside
import Settings

/// What needs a person now and what comes next, read as `mainstay status` reads it, and as much of it as a visitor may
/// see.
struct Outlook: Sendable {
    var scheduler: ScheduleStanding.SchedulerState
    var attentions: [ScheduleStanding.Attention]
    var starts: [Start]

    struct Start: Sendable {
        var routine: String
        var at: Timestamp
        /// As the clock of its zone shows it.
        var local: String
        var schedule: String
        /// Why nothing starts; nil where something does.
        var silence: String?
    }

    /// - Parameter most: starts of each routine.
    init(_ visit: Visit, most: Int = 1) async throws {
        let application = visit.site.session.application
        let inventory = visit.site.inventory
        let scheduled = try application.book(inventory).scheduled(application.zones)
        let standing = try await ScheduleStanding(visit.site.log, inventory, scheduled, application.zones)
        scheduler = standing.scheduler
        // What is about routines and runs names no environment: it is for those who see all of them.
        let seesAll = visit.sees("")
        var found = standing.attentions.filter { seesAll || visit.sees($0.subject) }
        let answers = ChecklistAnswers(application.checklistBook(inventory), log: visit.site.log)
        if seesAll { found += try await answers.unsigned() }
        attentions = found
        let now = visit.now
        starts = scheduled.flatMap { routine in
            routine.schedule.next(most, after: now).map { at in
                Start(
                    routine: routine.name, at: at, local: routine.schedule.local(at),
                    schedule: routine.schedule.expression.text, silence: routine.schedule.note(at: at))
            }
        }.sorted { ($0.at, $0.routine) < ($1.at, $1.routine) }
    }
}

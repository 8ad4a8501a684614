/// Checklists that nobody can ever answer, and words nobody knows.
extension Broken {
    static let checklists: [Broken] = [
        list(
            "mornin: { items: { a: A } }",
            "3:3: checklists.mornin: a checklist of one's own needs 'cadence' "
                + "(did you mean 'morning'? allowed: daily, weekly, monthly, quarterly, occasion)"),
        list("own: { cadence: daily }", "3:3: checklists.own: the checklist has no items"),
        list(
            "morning: { leave-out: [services, alerts, logs] }", "3:3: checklists.morning: the checklist has no items"),
        list(
            "morning: { leave-out: [servces] }",
            "3:14: checklists.morning.leave-out: there is no shipped item 'servces' "
                + "(did you mean 'services'? allowed: services, alerts, logs)"),
        list(
            "morning: { environments: [tset] }",
            "3:14: checklists.morning.environments: there is no environment 'tset' "
                + "(did you mean 'test'? allowed: test)"),
        list(
            "morning: { leave-out: [logs], items: { logs: Logs } }",
            "3:42: checklists.morning.items.logs: 'logs' is left out and written at once"),
        list(
            "morning: { items: { service: { checks: connectivity } } }",
            "3:23: checklists.morning.items.service: the key 'text' is missing: there is no shipped item 'service' "
                + "(did you mean 'services'?)"),
        list(
            "morning: { items: { services: { checks: [conectivity] } } }",
            "3:44: checklists.morning.items.services.checks[1]: there is no check 'conectivity' "
                + "(did you mean 'connectivity'?)"),
        list(
            "morning: { items: { services: { task: db update-stat } } }",
            "3:41: checklists.morning.items.services.task: there is no task 'db update-stat' "
                + "(did you mean 'db update-stats'?)"),
        list(
            "morning: { items: { services: { checks: [connectivity], manual: true } } }",
            "3:33: checklists.morning.items.services: only one of 'checks', 'manual' may answer an item"),
        list(
            "morning: { items: { services: { manual: true, severity: info } } }",
            "3:33: checklists.morning.items.services.severity: 'severity' belongs to an item with 'task' or 'checks'"),
        list(
            "morning: { items: { services: { manual: false } } }",
            "3:43: checklists.morning.items.services.manual: 'false' is not allowed here (allowed: true)",
            isBeyondSchema: false),
        list(
            "morning: { items: { services: { owner: ann } } }",
            "3:35: checklists.morning.items.services.owner: 'owner' is not supported yet", isBeyondSchema: false),
        list(
            "morning: { schedule: daily }", "3:14: checklists.morning.schedule: 'schedule' is not supported yet",
            isBeyondSchema: false),
        list(
            "morning: { counts-for: 1s }",
            "3:26: checklists.morning.counts-for: '1s' is out of range "
                + "(allowed: a duration from 1m to 366d, such as 30s or 1h30m)"),
    ]

    static let checklistSteps: [Broken] = [
        Broken(
            "environments: { test: {} }\nroutines: { own: { steps: [{ checklist: mornig }] } }\n",
            "mainstay.yaml:2:30: routines.own.steps[1].checklist: there is no checklist 'mornig' "
                + "(did you mean 'morning'?)"
        ).beyondSchema,
        Broken(
            "environments: { test: {} }\nroutines: { own: { steps: [{ checklist: morning, retries: 2 }] } }\n",
            "mainstay.yaml:2:50: routines.own.steps[1].retries: 'retries' belongs to a step with 'task', 'command' or "
                + "'shell'"
        ).beyondSchema,
    ]

    private static func list(_ text: String, _ line: String, isBeyondSchema: Bool = true) -> Broken {
        let broken = Broken("environments: { test: {} }\nchecklists:\n  \(text)\n", "mainstay.yaml:\(line)")
        return isBeyondSchema ? broken.beyondSchema : broken
    }
}

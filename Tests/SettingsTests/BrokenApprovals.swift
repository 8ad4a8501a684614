/// Rules that can never be kept, and words nobody knows.
extension Broken {
    static let approvals: [Broken] = [
        rules(
            "{ tasks: [db update-stat] }",
            "5:15: approvals.rules[1].tasks[1]: there is no task 'db update-stat' (did you mean 'db update-stats'?)"),
        rules(
            "{ tasks: [health check] }",
            "5:15: approvals.rules[1].tasks[1]: 'health check' only looks, so there is nothing to approve"),
        rules(
            "{ effects: [destroy] }",
            "5:17: approvals.rules[1].effects[1]: 'destroy' is not allowed here "
                + "(did you mean 'destroys'? allowed: observes, maintains, destroys)", isBeyondSchema: false),
        rules(
            "{ effects: [observes] }",
            "5:17: approvals.rules[1].effects[1]: 'observes' changes nothing, so there is nothing to approve "
                + "(allowed: maintains, destroys)"),
        rules(
            "{ environments: [tset] }",
            "5:7: approvals.rules[1].environments: there is no environment 'tset' "
                + "(did you mean 'test'? allowed: test)"),
        rules(
            "{ routines: [weakly] }",
            "5:7: approvals.rules[1].routines: there is no routine 'weakly' (did you mean 'weekly'? allowed: weekly)"),
        rules(
            "{ classes: [mayor] }",
            "5:17: approvals.rules[1].classes[1]: 'mayor' is not allowed here "
                + "(did you mean 'major'? allowed: patch, minor, major, security, kernel)", isBeyondSchema: false),
        rules(
            "{ tasks: [db update-stats], classes: [kernel] }",
            "5:33: approvals.rules[1].classes: none of its tasks tells how far a change reaches, so this catches nothing "
                + "(allowed: 'tasks: [command]', or no 'tasks' beside it)"),
        Broken(
            "environments: { test: {} }\nroutines:\n  own:\n    steps:\n    - { shell: ls, class: kernal }\n"
                + "    - { task: db update-stats, class: major }\n    - { shell: ls, effect: observes, class: major }",
            "mainstay.yaml:5:27: routines.own.steps[1].class: 'kernal' is not allowed here "
                + "(did you mean 'kernel'? allowed: patch, minor, major, security, kernel)",
            "mainstay.yaml:6:32: routines.own.steps[2].class: 'class' belongs to a step with 'command' or 'shell'",
            "mainstay.yaml:7:38: routines.own.steps[3].class: a command that only looks updates nothing, so it has no class"
        ),
        rules(
            "{ effects: [destroys], count: 3, approvers: [ann, bob, ann] }",
            "5:28: approvals.rules[1].count: nobody can ever satisfy this: 3 of 2 (ann, bob)"),
        rules(
            "{ effects: [destroys], count: all }",
            "5:28: approvals.rules[1].count: 'count: all' needs 'approvers' beside it"),
        rules(
            "{ effects: [destroys], count: 0 }",
            "5:35: approvals.rules[1].count: '0' is not allowed here (allowed: a whole number from 1 to 100, or all)",
            isBeyondSchema: false),
        rules(
            "{ count: 2 }",
            "5:5: approvals.rules[1]: at least one of the keys 'effects', 'tasks', 'routines', 'classes', "
                + "'environments' is needed", isBeyondSchema: false),
        Broken(
            "environments: { test: {} }\napprovals: { teams: { a: [ann], b: [a] } }",
            "mainstay.yaml:2:33: approvals.teams.b: 'a' is a team itself, and teams hold people"
        ).beyondSchema,
    ]

    private static func rules(_ rule: String, _ line: String, isBeyondSchema: Bool = true) -> Broken {
        let broken = Broken(
            "environments:\n  test: {}\napprovals:\n  rules:\n  - \(rule)", "mainstay.yaml:\(line)")
        return isBeyondSchema ? broken.beyondSchema : broken
    }
}

/// Steps that wait for what can never come, and keys that mean nothing for them.
extension Broken {
    static let waiting: [Broken] = [
        Broken(
            """
            environments: { a: {} }
            routines:
              r:
                steps:
                - { wait: 0s }
                - { approval: yes please, timeout: 5m }
                - { task: health check, every: 5s, approvers: [ann] }
                - { wait: 5m, retries: 2 }
                - { wait-for: helth check }
                - { task: health check, concurrency: 0 }
                - { routine: weekly, concurrency: 2 }
            """,
            "mainstay.yaml:5:15: routines.r.steps[1].wait: '0s' is out of range (allowed: a duration from 1s to 7d, such as "
                + "30s or 1h30m)",
            "mainstay.yaml:6:31: routines.r.steps[2].timeout: 'timeout' is called 'expires' for an approval",
            "mainstay.yaml:7:40: routines.r.steps[3].approvers: 'approvers' belongs to a step with 'approval'",
            "mainstay.yaml:8:19: routines.r.steps[4].retries: 'retries' belongs to a step with 'task', 'command' or 'shell'",
            "mainstay.yaml:9:19: routines.r.steps[5].wait-for: there is no task 'helth check' (did you mean 'health check'?)",
            "mainstay.yaml:10:42: routines.r.steps[6].concurrency: '0' is not allowed here (allowed: a whole number from 1 to "
                + "64)",
            "mainstay.yaml:11:26: routines.r.steps[7].concurrency: 'concurrency' belongs to the steps of the nested routine"
        ),
        Broken(
            """
            environments: { a: { resources: { main: { kind: http, url: "https://a" } } } }
            routines:
              r:
                steps:
                - { wait-for: db update-stats }
                - { approval: both of them, count: 2, approvers: [ann] }
                - { approval: all of them, count: all }
                - { task: db update-stats, resources: [main] }
                - { task: report daily, resources: [main] }
            """,
            "mainstay.yaml:5:9: routines.r.steps[1].wait-for: only a task that looks can be waited for, and "
                + "'db update-stats' changes something",
            "mainstay.yaml:6:33: routines.r.steps[2].count: nobody can ever satisfy this: 2 of 1 (ann)",
            "mainstay.yaml:7:32: routines.r.steps[3].count: 'count: all' needs 'approvers' beside it",
            "mainstay.yaml:8:32: routines.r.steps[4].resources: 'db update-stats' has nothing to do with 'main'",
            "mainstay.yaml:9:29: routines.r.steps[5].resources: 'report daily' is not about single resources"
        ).beyondSchema,
    ]
}

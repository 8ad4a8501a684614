/// One file for each way to be wrong.
extension Broken {
    private static let path = "environments.test.resources.main"

    static let all =
        structure + values + services + files + checks + routines + approvals + waiting + windows + checklists
        + checklistSteps + backups + retention + server

    private static let structure: [Broken] = [
        Broken("", "mainstay.yaml:1:1: the key 'environments' is missing (allowed: environments by name)"),
        Broken(
            "[]",
            "mainstay.yaml:1:1: a list stands where a mapping is needed (allowed: environments, checks, routines, reports, state)"
        ),
        Broken(
            "environments:",
            "mainstay.yaml:1:14: environments: nothing stands where a mapping from environments is needed"),
        Broken(
            "environments: [a]",
            "mainstay.yaml:1:15: environments: a list stands where a mapping from environments is needed"),
        Broken(
            "environments: { test: yes }",
            "mainstay.yaml:1:23: environments.test: 'yes' stands where a mapping is needed "
                + "(allowed: protected, labels, resources, checks, approvals, windows, backups)"),
        Broken(
            "environments: { test: { x-y-z: 1 } }",
            "mainstay.yaml:1:25: environments.test.x-y-z: unknown key 'x-y-z' "
                + "(allowed: protected, labels, resources, checks, approvals, windows, backups)"),
        Broken(
            "environments: { test: { retention: 1 } }",
            "mainstay.yaml:1:25: environments.test.retention: 'retention' is not supported yet"),
        Broken(
            "environments: { test: { protected: yes } }",
            "mainstay.yaml:1:36: environments.test.protected: 'yes' is not allowed here (allowed: true or false)"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\nenvironments: { b: {} }",
            "mainstay.yaml:1:1: environments: the key 'environments' stands twice in one mapping"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\n---\nchecks: {}",
            "mainstay.yaml:2:1: a second document begins here (allowed: one document)"),
        Broken(
            "environments: &e { a: {} }\nchecks: *e",
            "mainstay.yaml:2:9: anchors, aliases and merge keys are not supported: write the value again"),
        Broken(
            "environments: { a: { <<: { protected: true } } }",
            "mainstay.yaml:1:22: anchors, aliases and merge keys are not supported: write the value again"
        ).beyondSchema,
        Broken("environments: !!map { a: {} }"),
        Broken(
            "environments: { a: { labels: { b: !python/object:os.system x } } }",
            "mainstay.yaml:1:35: the tag '!python/object:os.system' is not supported (allowed: values without tags)"),
        Broken(#"environments: { "a\0b": {} }"#, "mainstay.yaml:1:17: a NUL character stands here"),
        Broken(#"state: "/srv\0/x""#, "mainstay.yaml:1:8: a NUL character stands here").beyondSchema,
        Broken("environments: { [a]: b }", "mainstay.yaml:1:17: a key has to be text"),
    ]

    private static let values: [Broken] = [
        Broken(
            resource("kind: http\nurl: http://x/\ntimeout: 30"),
            "mainstay.yaml:7:18: \(path).timeout: '30' has no unit "
                + "(did you mean '30s'? allowed: a duration from 100ms to 10m, such as 30s or 1h30m)"),
        Broken(
            resource("kind: http\nurl: http://x/\ntimeout: 2h"),
            "mainstay.yaml:7:18: \(path).timeout: '2h' is out of range "
                + "(allowed: a duration from 100ms to 10m, such as 30s or 1h30m)"
        ).beyondSchema,
        Broken(
            resource("kind: http\nurl: http://x/\ntimeout: 1mo"),
            "mainstay.yaml:7:18: \(path).timeout: '1mo' counts months, whose length depends on the date "
                + "(allowed: a duration from 100ms to 10m, such as 30s or 1h30m)"),
        Broken(
            resource("kind: http\nurl: http://x/\ntimeout: soon"),
            "mainstay.yaml:7:18: \(path).timeout: 'soon' is no duration "
                + "(allowed: a duration from 100ms to 10m, such as 30s or 1h30m)"),
        Broken(
            resource("kind: http\nurl: http://x/\ntimeout:"),
            "mainstay.yaml:7:17: \(path).timeout: nothing is no duration "
                + "(allowed: a duration from 100ms to 10m, such as 30s or 1h30m)"),
        Broken(
            resource("kind: files\npath: /srv/x\nolder-than: 7"),
            "mainstay.yaml:7:21: \(path).older-than: '7' has no unit "
                + "(did you mean '7d'? allowed: an age of at least 1m, such as 7d, 12mo or 7y)"),
        Broken(
            resource("kind: files\npath: /srv/x\nolder-than: 0s"),
            "mainstay.yaml:7:21: \(path).older-than: '0s' is out of range "
                + "(allowed: an age of at least 1m, such as 7d, 12mo or 7y)"
        ).beyondSchema,
        Broken(
            resource("kind: files\npath: /srv/x\nolder_than: 7d"),
            "mainstay.yaml:5:9: \(path): the key 'older-than' is missing "
                + "(allowed: an age of at least 1m, such as 7d, 12mo or 7y)",
            "mainstay.yaml:7:9: \(path).older_than: unknown key 'older_than' (did you mean 'older-than'?)"),
        Broken(
            resource("kind: files\npath: /srv/x\nolderThan: 7d\nolder-than: 7d"),
            "mainstay.yaml:7:9: \(path).olderThan: unknown key 'olderThan' (did you mean 'older-than'?)"),
        Broken(
            resource("kind: logs\npaths: [/var/log/a]\nmax-size: big"),
            "mainstay.yaml:7:19: \(path).max-size: 'big' is not allowed here (allowed: a size from 1 to 1048576T, such as 100M or 2G)"
        ),
    ]

    private static let services: [Broken] = [
        Broken(
            resource("url: a"),
            "mainstay.yaml:5:9: \(path): the key 'kind' is missing (allowed: postgresql, http, host, logs, files, storage, tcp, tls, command, query, dns, "
                + "ping, redis, process, service, suite, pgbouncer, log-pattern, heartbeat)"
        ),
        Broken(resource("kind: container"), "mainstay.yaml:5:15: \(path).kind: 'container' is not supported yet"),
        Broken(
            resource("kind: HTTP\nurl: http://x/"),
            "mainstay.yaml:5:15: \(path).kind: 'HTTP' is not allowed here "
                + "(did you mean 'http'? allowed: postgresql, http, host, logs, files, storage, tcp, tls, command, query, dns, "
                + "ping, redis, process, service, suite, pgbouncer, log-pattern, heartbeat)"),
        Broken(
            resource("kind: postgresql"),
            "mainstay.yaml:5:9: \(path): one of the keys 'url', 'service', 'connection' is missing"),
        Broken(
            resource("kind: postgresql\nservice: a\nurl: postgresql:///a"),
            "mainstay.yaml:5:9: \(path): only one of the keys 'url', 'service', 'connection' may stand here"),
        Broken(
            resource("kind: postgresql\nurl: shop"),
            "mainstay.yaml:6:14: \(path).url: this does not begin with postgresql:// or postgres:// "
                + "(allowed: a URL such as postgresql://user@host:5432/database)"),
        Broken(
            resource("kind: postgresql\nurl: ${DATABASE URL}"),
            "mainstay.yaml:6:14: \(path).url: a variable is written ${NAME} or ${NAME:-otherwise}, "
                + "NAME of letters, digits and '_'"
        ).beyondSchema,
        Broken(
            resource("kind: postgresql\nurl: postgresql://a:•••@b/c"),
            "mainstay.yaml:6:14: \(path).url: '•••' stands for a secret that was hidden; write where it comes from instead"
        ).beyondSchema,
        Broken(
            resource("kind: http\nurl: http://x/\nexpect: { status: [200, 700] }\nmethod: get"),
            "mainstay.yaml:7:33: \(path).expect.status[2]: '700' is not allowed here (allowed: a status code, 2xx, or 200-299)",
            "mainstay.yaml:8:17: \(path).method: 'get' is not allowed here (did you mean 'GET'? allowed: GET, HEAD, POST, "
                + "PUT, PATCH, DELETE, OPTIONS)"
        ),
        Broken(
            resource("kind: http\nurl: http://x/\nexpect: { body-matches: '(' }"),
            "mainstay.yaml:7:33: \(path).expect.body-matches: '(' is no regular expression "
                + "(allowed: Swift's syntax, such as ok|up)"
        ).beyondSchema,
        Broken(
            resource("kind: http\nurl: http://x/\ncertificate-days: { warning: 3 }"),
            "mainstay.yaml:7:27: \(path).certificate-days: 'critical' (7) comes before 'warning' (3) "
                + "(allowed: as many days as 'warning', or fewer)"
        ).beyondSchema,
        Broken(
            resource("kind: host\nhost: db.example\ndisks: []"),
            "mainstay.yaml:6:15: \(path).host: 'db.example' is not supported yet",
            "mainstay.yaml:7:16: \(path).disks: the list is empty (allowed: at least 1)"),
    ]

    private static let files: [Broken] = [
        Broken(
            resource("kind: storage\npath: backups"),
            "mainstay.yaml:6:15: \(path).path: 'backups' is not an absolute path (allowed: a path that begins with '/')"
        ),
        Broken(
            resource("kind: storage\npath: /srv/../etc"),
            "mainstay.yaml:6:15: \(path).path: '/srv/../etc' holds '..' (allowed: an absolute path without '..')"),
        Broken(
            resource("kind: storage\npath: ${HOME}/x"),
            "mainstay.yaml:6:15: \(path).path: '${HOME}/x' holds a variable, and variables are not filled in in paths"),
        Broken(
            resource("kind: storage\npath: ~/x"),
            "mainstay.yaml:6:15: \(path).path: '~/x' begins with '~', which only a shell understands "
                + "(allowed: an absolute path)"),
        Broken(
            resource("kind: files\npath: /var\nolder-than: 1d"),
            "mainstay.yaml:6:15: \(path).path: '/var' is too near to the root for files to be deleted under it "
                + "(allowed: a path of at least two parts, such as /srv/uploads, or /tmp)"),
        Broken(
            resource("kind: files\npath: //./\nolder-than: 1d"),
            "mainstay.yaml:6:15: \(path).path: '//./' is too near to the root for files to be deleted under it "
                + "(allowed: a path of at least two parts, such as /srv/uploads, or /tmp)"),
        Broken(
            resource("kind: files\npath: /srv/x\nolder-than: 1d\ninclude: [a/b]\nlimit: {}"),
            "mainstay.yaml:8:19: \(path).include[1]: 'a/b' is not allowed here "
                + "(allowed: a pattern for file names such as *.log)",
            "mainstay.yaml:9:16: \(path).limit: at least one of the keys 'files', 'bytes' is needed"),
        Broken(
            resource("kind: logs\npaths: [/var/log/a]\ninclude: ['*.log']\nrotate: { compress: xz, keep: {} }"),
            "mainstay.yaml:5:9: \(path): 'include' needs 'directory' beside it",
            "mainstay.yaml:8:17: \(path).rotate: at least one of the keys 'size', 'age' is needed",
            "mainstay.yaml:8:29: \(path).rotate.compress: 'xz' is not supported yet",
            "mainstay.yaml:8:39: \(path).rotate.keep: at least one of the keys 'count', 'age' is needed"),
        Broken(
            resource("kind: logs\npaths: [/var/log/a]\nrotate: { size: 1M, after: { signal: HUP } }"),
            "mainstay.yaml:7:36: \(path).rotate.after: 'signal' needs 'pid-file' beside it"),
        Broken(
            resource("kind: logs\npaths: [/var/log/a]\nrotate: { size: 1M, after: { command: [bin/reload] } }"),
            "mainstay.yaml:7:36: \(path).rotate.after.command: 'bin/reload' is not an absolute path "
                + "(allowed: a program's name, or its absolute path)"
        ).beyondSchema,
    ]

    private static let checks: [Broken] = [
        Broken(
            "environments: { a: {} }\nchecks: { conections: {} }",
            "mainstay.yaml:2:11: checks.conections: unknown key 'conections' (did you mean 'connections'?)"),
        Broken(
            "environments: { a: {} }\nchecks: { connections: { warning: 120%, critical: 5s, check-interval: 5m } }",
            "mainstay.yaml:2:35: checks.connections.warning: '120%' is not allowed here "
                + "(allowed: a percentage from 0% to 100%, such as 80%, or none)",
            "mainstay.yaml:2:51: checks.connections.critical: '5s' is not allowed here "
                + "(allowed: a percentage from 0% to 100%, such as 80%, or none)",
            "mainstay.yaml:2:55: checks.connections.check-interval: 'check-interval' is not supported yet"),
        Broken(
            "environments: { a: {} }\nchecks: { response-time: { warning: 500 }, foreign-keys: { warning: -1 } }",
            "mainstay.yaml:2:37: checks.response-time.warning: '500' is not allowed here "
                + "(allowed: a duration from 0s, such as 5s, or none)",
            "mainstay.yaml:2:69: checks.foreign-keys.warning: '-1' is not allowed here "
                + "(allowed: a number from 0, such as 10, or none)"),
        Broken(
            "environments: { a: {} }\nchecks: { connectivity: { warning: 1 } }",
            "mainstay.yaml:2:27: checks.connectivity.warning: unknown key 'warning' "
                + "(allowed: enabled, timeout, retries, every, failures, successes, for, hysteresis, objective)"
        ),
        Broken(
            "environments: { a: {} }\nchecks: { connections: { warning: 96% } }",
            "mainstay.yaml:2:35: checks.connections: 'warning' (96%) is reached after 'critical' (95%) "
                + "(allowed: both in the order they are reached, or 'critical: none')"
        ).beyondSchema,
        Broken(
            "environments: { a: { checks: { disk: { critical: 30G } } } }\nchecks: { disk: { warning: 20G } }",
            "mainstay.yaml:1:50: environments.a.checks.disk: 'warning' (20G) is reached after 'critical' (30G) "
                + "(allowed: both in the order they are reached, or 'critical: none')"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\nchecks: { foreign-keys: { sample-size: 0, order: oldest, deep: 1, share: 101% } }",
            "mainstay.yaml:2:40: checks.foreign-keys.sample-size: '0' is not allowed here "
                + "(allowed: a whole number from 1 to 1000000)",
            "mainstay.yaml:2:50: checks.foreign-keys.order: 'oldest' is not allowed here (allowed: random, newest)",
            "mainstay.yaml:2:64: checks.foreign-keys.deep: '1' is not allowed here (allowed: true or false)",
            "mainstay.yaml:2:74: checks.foreign-keys.share: '101%' is not allowed here "
                + "(allowed: a percentage from 0% to 100%, such as 80%, or none)"),
    ]

    private static let routines: [Broken] = [
        Broken(
            "environments: { a: {} }\nroutines: { daily: {} }",
            "mainstay.yaml:2:13: routines.daily: a routine of one's own needs 'steps'"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\nroutines: { weekly: { leave-out: [db update-stat], change: [report daily] } }",
            "mainstay.yaml:2:23: routines.weekly.leave-out: the shipped routine 'weekly' has no step 'db update-stat' "
                + "(did you mean 'db update-stats'? allowed: health check, db update-stats)",
            "mainstay.yaml:2:61: routines.weekly.change: the shipped routine 'weekly' has no step 'report daily' "
                + "(allowed: health check, db update-stats)"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\nroutines: { weekly: { steps: [health check], also: [report daily] } }",
            "mainstay.yaml:2:13: routines.weekly: 'steps' are all of its steps: 'leave-out', 'change', 'first' and "
                + "'also' are for what is shipped"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\nroutines: { daily: { windows: daily, steps: [] } }",
            "mainstay.yaml:2:22: routines.daily.windows: 'windows' is not supported yet",
            "mainstay.yaml:2:45: routines.daily.steps: the list is empty (allowed: at least 1)"),
        Broken(
            "environments: { a: {} }\nroutines:\n  daily:\n    steps:\n    - health check 'x\n"
                + "    - { command: ls }\n    - { task: report daily, environments: [aa, b] }\n    - [a]\n    -",
            "mainstay.yaml:5:7: routines.daily.steps[1]: 'health check 'x' has a quote or a backslash without its end",
            "mainstay.yaml:6:18: routines.daily.steps[2].command: 'ls' stands where a list of words is needed "
                + "(did you mean '[ls]'? allowed: a list; 'shell' takes a line)",
            "mainstay.yaml:8:7: routines.daily.steps[4]: a list stands where a mapping is needed "
                + "(allowed: task, command, shell, routine, checklist, approval, wait, wait-for, environments, resources, "
                + "name, needs, when, on-failure, retries, timeout, concurrency, priority, directory, variables, effect, exit-status, idempotent, "
                + "prove, interrupts, class, output, approvers, count, expires, every, for)",
            "mainstay.yaml:9:6: routines.daily.steps[5]: nothing is no step "
                + "(allowed: a task with its options, such as 'db update-stats --older-than 7d')"),
        Broken(
            "environments: { a: {} }\nroutines:\n  daily:\n    steps:\n    - { task: report daily, command: [ls] }\n"
                + "    - { environments: [a] }\n    - { task: report daily, effect: observes, prove: [ls] }\n"
                + "    - { command: [./build] }\n    - { shell: ls, effect: destroy, timeout: 90 }\n"
                + "    - { command: [psql, 'postgresql://u:secret@h/d'] }\n    - { command: [ls], exit-status: 256 }\n"
                + "    - { shell: ls, variables: { DATABASE_URL: 'postgresql://u:secret@h/d' } }",
            "mainstay.yaml:5:7: routines.daily.steps[1]: only one of the keys 'task', 'command', 'shell', 'routine', "
                + "'checklist', 'approval', 'wait', 'wait-for' may stand here",
            "mainstay.yaml:6:7: routines.daily.steps[2]: one of the keys 'task', 'command', 'shell', 'routine', "
                + "'checklist', 'approval', 'wait', 'wait-for' is missing",
            "mainstay.yaml:7:29: routines.daily.steps[3].effect: 'effect' belongs to a step with 'command' or 'shell'",
            "mainstay.yaml:7:47: routines.daily.steps[3].prove: 'prove' belongs to a step with 'command' or 'shell'",
            "mainstay.yaml:8:9: routines.daily.steps[4].command: './build' is a path from a directory, and there is no "
                + "'directory' (allowed: an absolute path, or 'directory' beside it)",
            "mainstay.yaml:9:28: routines.daily.steps[5].effect: 'destroy' is not allowed here "
                + "(did you mean 'destroys'? allowed: observes, maintains, destroys)",
            "mainstay.yaml:9:46: routines.daily.steps[5].timeout: '90' has no unit "
                + "(did you mean '90s'? allowed: a duration from 1s to 7d, such as 30s or 1h30m)",
            "mainstay.yaml:10:25: routines.daily.steps[6].command[2]: a secret may not stand in an argument, where every "
                + "user of the machine sees it (allowed: a variable under 'variables')",
            "mainstay.yaml:11:37: routines.daily.steps[7].exit-status: '256' is not allowed here "
                + "(allowed: a whole number from 0 to 255)",
            "mainstay.yaml:12:47: routines.daily.steps[8].variables.DATABASE_URL: a secret stands here in plain text; "
                + "write where it comes from (allowed: the variable's value)"),
        Broken(
            """
            environments: { a: { labels: { tier: gold } } }
            routines:
              r:
                steps:
                - { shell: ls, when: { during: daily 02:00 } }
                - { routine: weekly, timeout: 5m, retries: 2 }
                - { shell: ls, on-failure: halt }
                - { shell: ls, retries: 0, needs: [] }
                - { shell: ls, when: {} }
                - { shell: ls, on-failure: { then: stop } }
            """,
            "mainstay.yaml:5:36: routines.r.steps[1].when.during: 'daily 02:00' is a moment, and a "
                + "window is needed (allowed: a window such as 'weekdays 00:00-24:00')",
            "mainstay.yaml:6:26: routines.r.steps[2].timeout: 'timeout' belongs to the steps of the "
                + "nested routine",
            "mainstay.yaml:6:39: routines.r.steps[2].retries: 'retries' belongs to the steps of the "
                + "nested routine",
            "mainstay.yaml:7:32: routines.r.steps[3].on-failure: 'halt' is not allowed here (allowed: "
                + "go-on, stop)",
            "mainstay.yaml:8:29: routines.r.steps[4].retries: '0' is not allowed here (allowed: a "
                + "whole number from 1 to 20)",
            "mainstay.yaml:8:39: routines.r.steps[4].needs: the list is empty (allowed: at least 1)",
            "mainstay.yaml:9:26: routines.r.steps[5].when: at least one of the keys 'labels', "
                + "'during', 'steps' is needed",
            "mainstay.yaml:10:32: routines.r.steps[6].on-failure: the key 'run' is missing (allowed: a "
                + "name: letters a-z, digits, '-', '_', '.', at most 63, beginning with a letter or digit)"),
        Broken(
            """
            environments: { a: { labels: { tier: gold } } }
            routines:
              r:
                steps:
                - { shell: ls, name: one, retries: 2 }
                - { shell: ls, name: one, needs: [onee, two] }
                - { task: db update-stats, name: two, retries: 2 }
                - { shell: ls, when: { labels: { tier: golf } }, needs: [two] }
                - { shell: ls, when: { steps: { three: failed } } }
                - { shell: ls, on-failure: { run: weekyl } }
                - { shell: ls, on-failure: { run: r } }
                - { shell: ls, when: { during: weekdays 08:00-16:00 except holidays } }
            """,
            "mainstay.yaml:5:31: routines.r.steps[1].retries: only a command with 'effect: observes' "
                + "or 'idempotent: true' is tried again",
            "mainstay.yaml:6:20: routines.r.steps[2].name: another step of the routine is called 'one' "
                + "already",
            "mainstay.yaml:6:31: routines.r.steps[2].needs: no earlier step is called 'onee' (did you "
                + "mean 'one'? allowed: one)",
            "mainstay.yaml:6:31: routines.r.steps[2].needs: the step 'two' is not done before this one "
                + "(allowed: one)",
            "mainstay.yaml:7:43: routines.r.steps[3].retries: the changes of this task are tried again "
                + "one by one, where that may help",
            "mainstay.yaml:8:38: routines.r.steps[4].when.labels.tier: none of its environments has "
                + "the label 'tier' with 'golf' (did you mean 'gold'? allowed: gold)",
            "mainstay.yaml:9:28: routines.r.steps[5].when.steps: no earlier step is called 'three' "
                + "(allowed: one, one, two)",
            "mainstay.yaml:10:34: routines.r.steps[6].on-failure.run: there is no routine 'weekyl' "
                + "(did you mean 'weekly'? allowed: r, weekly)",
            "mainstay.yaml:11:34: routines.r.steps[7].on-failure.run: the routine runs itself: r → r",
            "mainstay.yaml:12:36: routines.r.steps[8].when.during: there is no calendar 'holidays' "
                + "(allowed: a calendar of the configuration, which has none)"
        ).beyondSchema,
        Broken(
            "environments: { a: {} }\nroutines:\n  night: { steps: [{ routine: mend }] }\n"
                + "  mend: { steps: [{ routine: check }] }\n  check: { steps: [{ routine: night }] }\n"
                + "  self: { steps: [{ routine: self }] }\n  far: { steps: [{ routine: weekyl }] }",
            "mainstay.yaml:3:22: routines.night.steps[1].routine: the routine runs itself: night → mend → check → night",
            "mainstay.yaml:6:21: routines.self.steps[1].routine: the routine runs itself: self → self",
            "mainstay.yaml:7:20: routines.far.steps[1].routine: there is no routine 'weekyl' "
                + "(did you mean 'weekly'? allowed: check, far, mend, night, self, weekly)"
        ).beyondSchema,
        Broken(
            "environments: { stage: {} }\nroutines: { daily: { steps: [{ task: report daily, environments: [stge] }] } }",
            "mainstay.yaml:2:30: routines.daily.steps[1].environments: there is no environment 'stge' "
                + "(did you mean 'stage'? allowed: stage)"
        ).beyondSchema,
    ]
}

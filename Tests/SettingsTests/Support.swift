import Maintenance
import Settings

/// Checks of every unit and option kind, as capabilities would declare them.
let vocabulary = SettingsVocabulary(
    checks: [
        CheckSchema(
            name: "connectivity", summary: "Whether it answers", retries: 3, guideKeys: ["database_connectivity"]),
        CheckSchema(
            name: "connections", summary: "Used connections",
            thresholds: .init(.percent, warning: 80, critical: 95), options: []),
        CheckSchema(
            name: "response-time", summary: "How long an answer takes",
            thresholds: .init(.seconds, warning: 1, critical: 5), guideKeys: ["performance_metrics.response_time"]),
        CheckSchema(
            name: "processor", summary: "Processor use", thresholds: .init(.percent, warning: 85, critical: 95),
            guideKeys: ["performance_metrics.cpu_usage"]),
        CheckSchema(
            name: "memory", summary: "Memory use", thresholds: .init(.percent, warning: 80, critical: 95),
            guideKeys: ["performance_metrics.memory_usage"]),
        CheckSchema(
            name: "disk", summary: "Free space",
            thresholds: .init(.bytes, worse: .lower, warning: 10_737_418_240, critical: 1_073_741_824)),
        CheckSchema(
            name: "file-systems", summary: "Full disks", thresholds: .init(.percent, warning: 80, critical: 90),
            guideKeys: ["performance_metrics.disk_usage"]),
        CheckSchema(
            name: "errors", summary: "Bad answers", thresholds: .init(.percent, warning: 1, critical: 2),
            guideKeys: ["performance_metrics.error_rate"], isAsked: false),
        CheckSchema(name: "schema", summary: "The accepted schema", guideKeys: ["schema_integrity"]),
        CheckSchema(
            name: "foreign-keys", summary: "Rows without their parents",
            thresholds: .init(.count, warning: 1, critical: nil),
            options: [
                .init("sample-size", .count(1...1_000_000), standard: 1_000, summary: "Rows of each table"),
                .init("budget", .duration(.seconds(1)...(.seconds(600))), summary: "Time for one table"),
                .init("largest", .size(ByteCount(1)...ByteCount(1 << 50)), summary: "Tables up to this size"),
                .init("share", .percentage, summary: "Share of the rows"),
                .init("deep", .boolean, standard: false, summary: "Whether all rows are read"),
                .init("order", .choice(["random", "newest"]), standard: "random", summary: "Which rows"),
                .init("schema", .text, summary: "One schema only"),
            ], guideKeys: ["data_consistency"]),
    ],
    tasks: [
        "health check": .observes, "db update-stats": .maintains, "logs rotate": .destroys, "report daily": .maintains,
        "command": .destroys,
    ],
    subjects: [
        "health check": .environments, "db update-stats": .resources([.postgresql]),
        "logs rotate": .resources([.logs]), "report daily": .estate,
    ],
    shippedRoutines: ["weekly": [["health", "check"], ["db", "update-stats", "--older-than", "7d"]]],
    checklists: [
        Checklist(
            "morning", summary: "the morning", cadence: .daily,
            items: [
                .init("services", "All services operational", .checks(["connectivity"]), source: "a.md:1"),
                .init("alerts", "No critical alerts", .findings, severity: .critical, source: "a.md:2"),
                .init("logs", "Read the logs", source: "a.md:3"),
            ])
    ],
    judgeStep: { arguments in
        let tasks = ["health check", "db update-stats", "report daily"]
        let command = arguments.prefix(2).joined(separator: " ")
        guard !tasks.contains(command) else { return nil }
        return .init("there is no task '\(command)'", nearest: nearest(to: command, among: tasks))
    })

let reader = ConfigurationReader(vocabulary: vocabulary)

/// The problems of one text, each as the line people see; empty where there is none.
func problems(_ text: String, file: String = "mainstay.yaml") -> [String] { problems([(file, text)]) }

func problems(_ texts: [(file: String, text: String)]) -> [String] {
    do throws(ConfigurationError) {
        _ = try reader.read(texts, directory: "/etc/mainstay")
        return []
    } catch {
        return error.problems.map(\.line)
    }
}

func inventory(_ text: String, file: String = "mainstay.yaml") throws -> Inventory {
    try reader.read([(file, text)], directory: "/etc/mainstay").inventory
}

/// One environment with one resource that has these keys.
func resource(_ keys: String) -> String {
    let lines = keys.split(separator: "\n", omittingEmptySubsequences: false).map { "        \($0)" }
    return "environments:\n  test:\n    resources:\n      main:\n\(lines.joined(separator: "\n"))\n"
}

/// Uses every key there is.
let completeFile = #"""
    environments:
      production:
        protected: true
        labels: { region: eu, tier: "1" }
        resources:
          main:
            kind: postgresql
            url: postgresql://app@db.example:5432/shop?sslmode=verify-full
            password: ${SHOP_PASSWORD}
            role: maintenance
            connect-timeout: 5s
            backups:
              retention: 12mo
              frequency: hourly
              physical:
                stanza: shop
                configuration: /etc/pgbackrest/shop.conf
                superuser: admin
                standby: replica
              recovery: { rpo: 5m, rto: 1h }
              assertions:
                recent: { holds: "select max(n) > 5 from orders" }
                orphans: { finds-nothing: select 1 from items where "order" is null }
              smoke-test:
                command: [./smoke, --quick]
                directory: /srv/shop
                variables: { API_KEY: "file:/run/secrets/api" }
                exit-status: [0, 3]
                timeout: 5m
            retention:
              error_logs: { column: timestamp, keep: 90d }
              audit.events: { column: at, keep: 7y, archive: false, with: [audit.notes, marks] }
          replica: { kind: postgresql, service: shop-replica, password: "file:/run/secrets/shop" }
          archive:
            kind: postgresql
            connection: host=${ARCHIVE_HOST:-db.example} dbname=archive password=${ARCHIVE_PASSWORD}
          site:
            kind: http
            url: https://shop.example/health
            method: HEAD
            headers: { Authorization: "${API_TOKEN}", X-Key: "command:pass show key" }
            expect: { status: [200, 2xx, 301-302], body: "all: fine", body-matches: "ok|up" }
            timeout: 1m30s
            follow-redirects: true
            ca-file: certificates/ca.pem
            certificate-days: { warning: 21, critical: 3 }
          machine: { kind: host, host: local, disks: [/, /var/lib/postgresql] }
          app-logs:
            kind: logs
            directory: /var/log/app
            include: ["*.log", "worker-?.out"]
            max-size: 1G
            rotate:
              size: 100M
              age: 1d
              compress: zstd
              keep: { count: 30, age: 12mo }
              mode: rename
              names: numbered
              after: { signal: USR1, pid-file: /run/app.pid }
          web-logs:
            kind: logs
            paths: [/var/log/web/access.log, "/var/log/web/odd \"name\"\n.log"]
            rotate: { age: 7d, mode: copytruncate, after: { command: [systemctl, reload, web] } }
          uploads:
            kind: files
            path: /srv/shop/tmp
            older-than: 7d
            include: ["upload-*"]
            remove-empty-directories: true
            limit: { files: 10000, bytes: 5G }
          backups: { kind: storage, path: /var/backups/shop }
        checks:
          connections: { warning: 70%, critical: none }
          foreign-keys:
            sample-size: 500
            budget: 30s
            largest: 10G
            share: 12.5%
            deep: true
            order: newest
            schema: public
        approvals:
          - { effects: [maintains, destroys] }
        backups: { retention: 90d, keep: { last: 3, yearly: 3 }, verification: true, encryption: false }
        windows:
          - { during: Sundays 02:00-04:00 UTC, effects: [maintains, destroys], tasks: [logs rotate] }
          - { kind: emergency }
      test:
        resources:
          main: { kind: postgresql, url: "postgresql:///test" }
    checks:
      connectivity: { timeout: 10s, retries: 5 }
      memory: { enabled: false }
      disk: { warning: 20G, critical: 5G }
      response-time: { warning: 500ms }
    windows:
      - { during: daily 22:00-23:00 Europe/Berlin except holidays, kind: anytime }
    approvals:
      rules:
        - { effects: [destroys], environments: [production], count: 2, approvers: [database, dan], expires: 2h }
        - { tasks: [db update-stats, logs rotate] }
        - { tasks: [command], classes: [major, kernel] }
        - { routines: [weekly, daily], count: all, approvers: [ann, bob] }
      expires: 12h
      standing: 60d
      teams: { database: [ann, bob, carl] }
      shared-accounts: [deploy]
    routines:
      daily:
        description: "Every day: look, mend, report"
        schedule: weekdays 02:00 and Sundays 03:00 Europe/Berlin except holidays and December 24
        late-within: 2h
        done-within: 4h
        overlap: queue
        concurrency: 2
        steps:
          - health check
          - task: db update-stats --older-than '7 d'
            environments: [production]
            priority: warning
          - command: [npm, run, build, '']
            directory: /srv/app
            environments: [production]
            variables: { NODE_ENV: production, TOKEN: "${TOKEN}" }
            effect: maintains
            exit-status: [0, 3]
            idempotent: true
            prove: [test, -s, dist/index.html]
            interrupts: [main]
            class: minor
            timeout: 10m
            output: 16K
            name: build
            retries: { count: 3, back-off: 10s }
            on-failure: { run: weekly, then: stop }
            when: { labels: { region: eu }, during: weekdays 08:00-16:00 }
          - shell: df -h | tail -1
            effect: observes
            resources: [main]
            needs: [build]
            retries: 2
            on-failure: stop
            when: { steps: { build: changes } }
          - routine: weekly
            name: week
          - { task: health check, timeout: 90s, needs: [build, week] }
          - { checklist: handover, environments: [production], needs: [build], on-failure: stop }
          - { approval: the build was looked at, approvers: [database, dan], count: 2, expires: 2d, name: looked }
          - { wait: 90s, needs: [looked] }
          - { wait-for: health check, every: 5s, for: 1m, timeout: 20m }
          - { task: db update-stats, resources: [main, replica], concurrency: 2, environments: [production] }
          - report daily
    time-zone: Europe/Berlin
    calendars:
      holidays: { days: [January 1, 2026-04-03, December 25] }
      freeze: { blackout: true, days: [2026-12-18 18:00 to 2027-01-04 06:00], time-zone: UTC }
      moving: { blackout: true, days: [Fridays], environments: [production], remind-before: 10d }
    checklists:
      morning:
        counts-for: 20h
        environments: [production]
        leave-out: [logs]
        items:
          services: { checks: [connectivity, response-time], severity: critical }
          alerts: { text: Quiet, manual: true, counts-for: 12h }
          statistics: { text: Statistics are new, task: db update-stats --older-than 7d, severity: info }
          nothing: { text: Nothing was found, findings: warning }
          coffee: "Somebody made coffee: black"
      handover: { description: Before somebody leaves, cadence: occasion, items: { keys: The keys are back } }
    backups:
      jobs: 4
      keep: { daily: 7, weekly: 5, monthly: 12 }
      minimum: 2
      frequency: daily
      type: full
      compression: true
    server:
      listen: "0.0.0.0:8443"
      url: https://mainstay.example
      certificate: /etc/mainstay/tls/fullchain.pem
      key: /etc/mainstay/tls/key.pem
      behind-proxy: true
      requests-per-minute: 1200
      answer-links: 12h
      functions:
        environment: production
        endpoints:
          trust-scorer: { url: "https://shop.example/trust", token: "${TRUST_TOKEN}", private: true, timeout: 5s }
      openid:
        issuer: https://login.example/realms/ops
        client-id: mainstay
        client-secret: "${OPENID_SECRET}"
        name: Example
        scopes: [profile, email]
        account-claim: nickname
        groups-claim: roles
        roles:
          - { group: /operators, role: operator, environments: [production] }
          - { group: admins, role: admin }
        create: true
        mails: { ann: ann@example.org }
        ca-file: /etc/mainstay/provider.pem
      status-page:
        title: Shop
        days: 30
        components:
          website:
            name: The shop
            description: "Where people buy: day and night"
            environment: production
            resources: [site]
            checks: [connectivity, response-time]
          warehouse: { name: The warehouse, environment: test }
        maintenance:
          upkeep: { name: Weekly upkeep, during: "Sundays 02:00-04:00 UTC", components: [website] }
          releases: { name: Releases, windows: production }
          cleaning: { name: Cleaning, routine: weekly, takes: 45m }
    reports: { directory: reports, keep: 2y }
    state: /var/lib/mainstay
    monitoring:
      every: 2m
      kinds: { http: 20s, postgresql: 30s }
      environments: [production]
      failures: 3
      successes: 1
      for: 1m
      hysteresis: 7.5%
      concurrency: 8
      samples: { raw: 1d, fine: 7d, hourly: 30d }
    """#

extension Inventory {
    /// Everything in it except where it was written.
    var content: String {
        var lines: [String] = []
        func describe(_ value: Any, _ path: String) {
            switch value {
            case is SourceLocation: return
            case let text as ConfiguredText: lines.append("\(path) = \(text.source) \(text.secrecy)")
            case let table as any Collection where Mirror(reflecting: value).displayStyle == .dictionary:
                let pairs = table.compactMap { Mirror(reflecting: $0).children.map(\.value) }
                for pair in pairs.sorted(by: { "\($0[0])" < "\($1[0])" }) { describe(pair[1], "\(path)[\(pair[0])]") }
            default:
                let children = Mirror(reflecting: value).children
                if children.isEmpty { lines.append("\(path) = \(value)") }
                for (index, child) in children.enumerated() {
                    describe(child.value, "\(path).\(child.label ?? "\(index)")")
                }
            }
        }
        var copy = self
        copy.locations = [:]
        copy.sourceFiles = []
        copy.sourceDigest = nil
        describe(copy, "")
        return lines.joined(separator: "\n")
    }
}

/// Policies that mean nothing, or something that is not built.
extension Broken {
    static let backups: [Broken] = [
        policy(
            "{ type: incremental }",
            "2:18: backups.type: needs a repository under 'backups.storage': every backup is whole, 'full'",
            isBeyondSchema: true),
        policy(
            "{ type: differential }",
            "2:18: backups.type: 'differential' is not supported yet: every backup is whole, 'full'",
            isBeyondSchema: false),
        policy(
            "{ compression: false }",
            "2:25: backups.compression: 'false' is not supported yet: every backup is compressed; "
                + "'compression-level' says how much", isBeyondSchema: false),
        policy(
            "{ encryption: true }",
            "2:24: backups.encryption: needs a repository under 'backups.storage': backups are as secret as the "
                + "directory they lie in", isBeyondSchema: true),
        policy(
            "{ storage: { secondary: x } }",
            "2:34: backups.storage.secondary: 'x' stands where a mapping is needed (allowed: repository, password, "
                + "environment, called, region, price, upload-limit, sftp-command, give-up-after, append-only)",
            isBeyondSchema: false),
        policy(
            "{ storage: { offsite: { repository: 'ftp://x', password: y } } }",
            "2:46: backups.storage.offsite.repository: this is no restic repository (allowed: a restic repository: an "
                + "absolute path, or sftp:…, s3:…, azure:…, gs:…, rest:…, b2:…, swift:…, rclone:…)",
            isBeyondSchema: false),
        policy(
            "{ storage: { offsite: { repository: /srv/x, password: y, price: 3 } } }",
            "2:74: backups.storage.offsite.price: '3' is no price (allowed: an amount and its currency, such as 0.023 EUR)",
            isBeyondSchema: false),
        policy(
            "{ storage: { offsite: { repository: /srv/x } } }",
            "2:32: backups.storage.offsite: the key 'password' is missing (allowed: a password; ${VARIABLE}, file:/path "
                + "or command:shell line may stand for it)", isBeyondSchema: false),
        policy(
            "{ storage: { primary: { called: x, repository: /srv/x } } }",
            "2:45: backups.storage.primary.repository: 'repository' is not supported yet", isBeyondSchema: false),
        policy(
            "{ frequency: dayly }",
            "2:23: backups.frequency: 'dayly' is not allowed here (did you mean 'daily'? "
                + "allowed: hourly, daily, weekly, monthly)", isBeyondSchema: false),
        policy(
            "{ verification: rotating 1/1 }",
            "2:26: backups.verification: 'rotating 1/1' is not allowed here (allowed: true, false, or a part by turns, "
                + "from 'rotating 1/2' to 'rotating 1/366')"),
        policy(
            "{ verification: rotating 1/7, prove-within: 6d }",
            "2:26: backups.verification: with one of 7 parts a night, proofs have to count for 8d, and "
                + "'backups.prove-within' is 6d"),
        policy(
            "{ physical: { configuration: /etc/pgbackrest.conf } }",
            "2:22: backups.physical: the key 'stanza' is missing (allowed: the name of a stanza: letters, digits, '.', "
                + "'_', '-')"),
        policy(
            "{ physical: { engine: basebackup, stanza: shop } }",
            "2:22: backups.physical.stanza: base backups are of no stanza"),
        policy(
            "{ physical: { stanza: --delta } }",
            "2:32: backups.physical.stanza: '--delta' is not allowed here (allowed: the name of a stanza: letters, "
                + "digits, '.', '_', '-')", isBeyondSchema: false),
        policy(
            "{ physical: { stanza: shop, engine: barman } }",
            "2:46: backups.physical.engine: 'barman' is not supported yet", isBeyondSchema: false),
        Broken(
            """
            environments:
              test:
                resources:
                  main: { kind: postgresql, url: "postgresql://db/shop" }
            backups: { physical: { stanza: shop, standby: replica } }
            """,
            "mainstay.yaml:5:47: environments.test.resources.main.backups.physical.standby: there is no database "
                + "'replica' in the environment 'test'"
        ).beyondSchema,
        policy(
            "{ recovery: {} }",
            "2:22: backups.recovery: at least one of the keys 'rpo', 'rto', 'drill-within' is needed",
            isBeyondSchema: false),
        policy(
            "{ keep: {} }",
            "2:18: backups.keep: at least one of the keys 'last', 'daily', 'weekly', 'monthly', 'yearly' is needed",
            isBeyondSchema: false),
        policy(
            "{ keep: { daily: 0 } }",
            "2:27: backups.keep.daily: '0' is not allowed here (allowed: a whole number from 1 to 10000)",
            isBeyondSchema: false),
        policy(
            "{ retention: 30s }",
            "2:23: backups.retention: '30s' is out of range (allowed: an age of at least 1m, such as 7d, 12mo or 7y)"),
        policy(
            "{ assertions: { orders: {} } }",
            "2:34: backups.assertions.orders: one of the keys 'holds', 'finds-nothing' is missing",
            isBeyondSchema: false),
        policy(
            "{ assertions: { orders: { holds: select true, finds-nothing: select 1 } } }",
            "2:34: backups.assertions.orders: only one of the keys 'holds', 'finds-nothing' may stand here",
            isBeyondSchema: false),
        policy(
            "{ smoke-test: { command: ./smoke } }",
            "2:35: backups.smoke-test.command: './smoke' stands where a list of words is needed "
                + "(did you mean '[./smoke]'? allowed: a list; 'shell' takes a line)", isBeyondSchema: false),
        policy(
            "{ smoke-test: { shell: ./smoke, effect: observes } }",
            "2:42: backups.smoke-test.effect: unknown key 'effect' "
                + "(allowed: command, shell, directory, variables, exit-status, timeout)", isBeyondSchema: false),
        policy(
            "{ minimum: 3 }",
            "2:21: backups.minimum: 'minimum' without 'retention' or 'keep' means nothing: all backups stay"),
    ]

    private static func policy(_ policy: String, _ line: String, isBeyondSchema: Bool = true) -> Broken {
        let broken = Broken("environments: { test: {} }\nbackups: \(policy)", "mainstay.yaml:\(line)")
        return isBeyondSchema ? broken.beyondSchema : broken
    }
}

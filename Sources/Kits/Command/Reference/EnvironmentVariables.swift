/// What Mainstay reads from its environment, for the manual page and the reference.
///
/// `DocumentsTests` compares it with what the sources really ask for.
struct EnvironmentVariable: Sendable {
    var name: String
    var meaning: String

    static let all = [
        EnvironmentVariable(
            name: "MAINSTAY_CONFIG", meaning: "The configuration file, where '--config' does not name one."),
        EnvironmentVariable(
            name: "MAINSTAY_STATE", meaning: "The directory of the durable state, where '--state' does not name one."),
        EnvironmentVariable(
            name: "DATABASE_URL", meaning: "The connection that 'mainstay init' makes a configuration from."),
        EnvironmentVariable(
            name: "XDG_STATE_HOME",
            meaning: "Where the state of an unprivileged user lies, in 'mainstay' under it; '~/.local/state' if unset."),
        EnvironmentVariable(
            name: "XDG_CONFIG_HOME",
            meaning: "Where 'service install --user' writes, in 'systemd/user' under it; '~/.config' if unset."),
        EnvironmentVariable(name: "HOME", meaning: "Where '~' is, if XDG_STATE_HOME or XDG_CONFIG_HOME is unset."),
        EnvironmentVariable(name: "NO_COLOR", meaning: "No colours, if it is set to anything (https://no-color.org)."),
        EnvironmentVariable(name: "TERM", meaning: "No colours, if it is 'dumb'."),
        EnvironmentVariable(
            name: "SUDO_USER", meaning: "Who asked for a run, beside the user it runs as; written down with the run."),
        EnvironmentVariable(
            name: "NOTIFY_SOCKET",
            meaning: "Where the service manager that started 'serve' wants to be told how it is (sd_notify)."),
        EnvironmentVariable(
            name: "WATCHDOG_USEC", meaning: "How often that manager has to hear that 'serve' is well, in microseconds."),
        EnvironmentVariable(name: "WATCHDOG_PID", meaning: "The process for which WATCHDOG_USEC is meant."),
        EnvironmentVariable(
            name: "TZDIR", meaning: "Where the time zones lie, if not in /usr/share/zoneinfo, as for every program."),
        EnvironmentVariable(
            name: "RCLONE_CONFIG",
            meaning: "rclone's configuration, for where the remotes of repositories lie, as for rclone itself."),
        EnvironmentVariable(name: "PATH", meaning: "Where client programs such as pg_dump and psql are looked for."),
    ]

    /// What is read by libpq and by the configuration instead of by Mainstay itself.
    static let others = """
        Every variable libpq knows works for connections that do not say otherwise: PGPASSFILE, PGSERVICEFILE, \
        PGSSLROOTCERT and the rest (https://www.postgresql.org/docs/current/libpq-envars.html). A configuration takes \
        further variables wherever it says '${NAME}'.
        """
}

/// The places on the disk that Mainstay knows, for the manual page and the reference.
struct KnownFile: Sendable {
    var path: String
    var meaning: String

    static let all = [
        KnownFile(
            path: "mainstay.yaml",
            meaning: "The configuration in the directory Mainstay is started in, where nothing names another."),
        KnownFile(
            path: "/etc/mainstay/mainstay.yaml", meaning: "The configuration, where none of the others is there."),
        KnownFile(
            path: "mainstay.d/",
            meaning: "Beside the configuration file: further files (.yaml, .json), read in the order of their names."),
        KnownFile(path: "/var/lib/mainstay/", meaning: "The state, if Mainstay runs as root."),
        KnownFile(path: "~/.local/state/mainstay/", meaning: "The state, if it runs as anybody else."),
    ]
}

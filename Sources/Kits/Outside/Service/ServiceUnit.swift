import Maintenance

/// A systemd unit that keeps one program running as a service (systemd.service(5)).
package struct ServiceUnit: Sendable, Hashable {
    package enum Scope: String, Sendable, CaseIterable {
        /// Started with the machine.
        case system
        /// Started with the user's own service manager.
        case user
    }

    package var scope: Scope
    package var description: String
    /// Program and arguments; the program's path is absolute.
    package var program: [String]
    /// Nil runs as the manager does: root, or the user.
    package var account: String?
    /// A file of `NAME=value` lines for its environment, absolute; it may be missing.
    package var environmentFile: String
    /// How long what runs may take to end once it is told to.
    package var stopsWithin: Duration
    /// When a service that says nothing is ended and started again.
    package var watchdog: Duration

    package init(
        scope: Scope, description: String, program: [String], account: String? = nil, environmentFile: String,
        stopsWithin: Duration = .seconds(3_600), watchdog: Duration = .seconds(180)
    ) {
        self.scope = scope
        self.description = description
        self.program = program
        self.account = account
        self.environmentFile = environmentFile
        self.stopsWithin = stopsWithin
        self.watchdog = watchdog
    }

    /// The first line of every unit of ours.
    package static let mark =
        "# Written by 'mainstay service install'; a change by hand is shown before it is replaced."

    /// The unit file.
    package var text: String {
        // Without network a service that names remote hosts would fail at once; a server of this machine may start later.
        let order =
            scope == .system ? "Wants=network-online.target\nAfter=network-online.target postgresql.service\n" : ""
        // A page that is open holds a connection, and databases, programs and files need theirs as well. A user's own
        // manager may not be allowed to raise it, and would not start the service then.
        let files = scope == .system ? "LimitNOFILE=65536\n" : ""
        let user = account.map { "User=\(Self.escaped($0))\n" } ?? ""
        return """
            \(Self.mark)
            [Unit]
            Description=\(Self.escaped(description))
            \(order)
            [Service]
            Type=notify
            ExecStart=\(program.map(Self.quoted).joined(separator: " "))
            ExecReload=/bin/kill -HUP $MAINPID
            EnvironmentFile=-\(Self.escaped(environmentFile))
            \(user)Restart=on-failure
            RestartSec=10
            WatchdogSec=\(seconds(watchdog))
            # SIGTERM lets the present change end and be proved; only then is anything killed.
            KillMode=mixed
            TimeoutStopSec=\(seconds(stopsWithin))
            SuccessExitStatus=130 143
            # A child program that runs out of memory is a failed step, and not the end of the service.
            OOMPolicy=continue
            \(files)UMask=0077

            [Install]
            WantedBy=\(scope == .system ? "multi-user.target" : "default.target")

            """
    }

    private func seconds(_ duration: Duration) -> String { "\(duration.microseconds / 1_000_000)" }

    /// A word of a command line, where `%`, `$`, quotes and backslashes mean something (systemd.syntax(7), "Quoting").
    static func quoted(_ word: String) -> String {
        var text = ""
        for scalar in escaped(word).unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "$": text += "$$"
            default: text.unicodeScalars.append(scalar)
            }
        }
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { plain.contains($0) }
        return isPlain ? word : "\"\(text)\""
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+".utf8)

    /// A value in which `%` is no specifier.
    static func escaped(_ text: String) -> String { text.printable.replacingBytes(of: "%", with: "%%") }

    /// Where the manager looks for units of this scope, for those who administer the machine.
    package static func directory(_ scope: Scope, _ environment: [String: String]) -> String {
        guard scope == .user else { return "/etc/systemd/system" }
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return "\(base)/systemd/user" }
        return "\(environment["HOME"] ?? SystemUser.current.home)/.config/systemd/user"
    }
}

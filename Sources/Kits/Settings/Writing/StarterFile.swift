import Glibc
import Maintenance
import Outside

/// The commented `mainstay.yaml` that `mainstay init` writes for one database: a configuration that is complete as it
/// stands, with what else there is as comments. A password never gets into it.
package struct StarterFile: Sendable, Equatable {
    package var text: String
    /// Whether the connection held a password, which now has to be set as `MAINSTAY_PASSWORD`.
    package var heldPassword: Bool

    /// The variable the file takes the password from.
    package static let passwordVariable = "MAINSTAY_PASSWORD"

    /// `connection` is a `postgresql://` URL or a libpq keyword string. `steps` are the daily routine's.
    /// Throws a `StarterFileError` that does not show the connection.
    package init(connection: String, environment: String, isProtected: Bool, steps: [String])
        throws(StarterFileError)
    {
        guard Name.isValid(environment) else { throw .name(environment) }
        let trimmed = connection.trimmingWhitespace()
        let isURL = ["postgresql://", "postgres://"].contains { trimmed.lowercased().hasPrefix($0) }
        guard isURL || trimmed.contains("=") && !trimmed.contains("://") else { throw .connection }
        guard !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .connection
        }
        // What is literal in a URL stays literal in the file.
        let escaped = trimmed.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
        let (kept, held) = isURL ? Self.withoutPassword(url: escaped) : Self.withoutPassword(keywords: escaped)
        heldPassword = held
        text = Self.template(
            key: isURL ? "url" : "connection", value: YAMLWriter.scalar(.text(kept)), hasPassword: held,
            environment: environment, isProtected: isProtected, steps: steps)
    }

    private static func withoutPassword(url: String) -> (String, Bool) {
        let shown = Redaction.url(url)
        guard shown.contains(Redaction.mark) else { return (url, false) }
        var parts = shown.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        parts[0] = parts[0].split(separator: ":\(Redaction.mark)@", omittingEmptySubsequences: false).joined(
            separator: "@")
        if parts.count == 2 {
            parts[1] = parts[1].split(separator: "&").filter { !$0.contains(Redaction.mark) }.joined(separator: "&")
            if parts[1].isEmpty { parts.removeLast() }
        }
        return (parts.joined(separator: "?"), true)
    }

    private static func withoutPassword(keywords: String) -> (String, Bool) {
        let parts = Redaction.keywordParts(keywords)
        let kept = parts.filter { !$0.isHidden }
        return (kept.map(\.shown).joined().trimmingWhitespace(), kept.count < parts.count)
    }

    private static func template(
        key: String, value: String, hasPassword: Bool, environment: String, isProtected: Bool, steps: [String]
    ) -> String {
        let password =
            hasPassword
            ? """
                    # Set MAINSTAY_PASSWORD where Mainstay runs, or take it from a file or a command:
                    #   password: file:/etc/mainstay/main.password
                    #   password: command:pass show main
                    password: ${\(passwordVariable)}

            """
            : """
                    # Without a password here libpq looks into ~/.pgpass and PGPASSWORD; other sources:
                    #   password: ${\(passwordVariable)}
                    #   password: file:/etc/mainstay/main.password
                    #   password: command:pass show main

            """
        return """
            # Mainstay's configuration. 'mainstay config check' reads it, 'mainstay config show' shows what is in effect.
            # Further files in mainstay.d/ beside this one are read after it, in the order of their names.

            # Schedules that name no zone are in UTC, or in this one.
            # time-zone: Europe/Berlin

            environments:
              \(environment):
                # In a protected environment nothing is destroyed without an approval.
                protected: \(isProtected)
                # labels: { region: eu }
                resources:
                  main:
                    kind: postgresql
                    \(key): \(value)
            \(password)\
                  # site:
                  #   kind: http
                  #   url: https://shop.example/health
                  #   expect: { status: 2xx, body: ok }
                  # machine:
                  #   kind: host
                  #   disks: [/]
                  # app-logs:
                  #   kind: logs
                  #   directory: /var/log/app
                  #   rotate: { size: 100M, age: 1d, keep: { count: 30, age: 90d } }
                  # uploads:
                  #   kind: files
                  #   path: /srv/app/tmp
                  #   older-than: 7d

            # What differs from the checks' defaults ('mainstay checks' lists them):
            # checks:
            #   connections: { warning: 80%, critical: 95% }

            routines:
              daily:
                description: Daily maintenance
                # 'mainstay calendar explain' says what a schedule means.
                schedule: daily 02:00
                steps:
            \(steps.map { "      - \(YAMLWriter.scalar(.text($0)))" }.joined(separator: "\n"))

            # Days on which nothing starts by a schedule with 'except holidays'; nowhere at all with a blackout.
            # calendars:
            #   holidays:
            #     days: [January 1, December 25, December 26]
            #   freeze:
            #     blackout: true
            #     days: [2026-12-18 18:00 to 2027-01-04 06:00]

            # Which backups stay; 'backup prune', a step of the daily routine, removes the others behind a proved one.
            # Without it all stay.
            # backups:
            #   retention: 90d
            #   keep: { weekly: 5, monthly: 12 }

            # What ended longer ago is forgotten by 'history prune', a step of the daily routine; the audit trail stays.
            history:
              keep: 400d

            # reports:
            #   directory: reports
            #   keep: 12mo

            """
    }

    /// Writes it where there is nothing yet: whole or not at all, and never over another file.
    package func create(at path: String) throws(StarterFileError) {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .write(path: path, reason: systemReason(errno)) }
        defer { unlink(temporary) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let (count, number) = bytes.withUnsafeBytes { (Glibc.write(descriptor, $0.baseAddress, $0.count), errno) }
            if count < 0, number == EINTR { continue }
            guard count > 0 else {
                close(descriptor)
                throw .write(path: path, reason: systemReason(number))
            }
            bytes = bytes.dropFirst(count)
        }
        let synced = fsync(descriptor) == 0
        let number = errno
        guard close(descriptor) == 0, synced else { throw .write(path: path, reason: systemReason(number)) }
        // link(2) refuses where something stands already; rename(2) would replace it.
        guard link(temporary, path) == 0 else {
            throw errno == EEXIST ? .exists(path) : .write(path: path, reason: systemReason(errno))
        }
    }
}

/// A starter file that cannot be made.
package enum StarterFileError: MaintenanceError, Equatable {
    case name(String)
    case connection
    case exists(String)
    case write(path: String, reason: String)

    package var code: String {
        switch self {
        case .name: "starter.name"
        case .connection: "starter.connection"
        case .exists: "starter.exists"
        case .write: "starter.unwritable"
        }
    }

    package var problem: String {
        switch self {
        case .name(let name): "\(Tree.quoted(name).printable) cannot be the name of an environment (\(Name.rule))"
        case .connection: "this is neither a postgresql:// URL nor a libpq keyword string"
        case .exists(let path): "\(Tree.quoted(path).printable) is there already"
        case .write(let path, let reason): "\(Tree.quoted(path).printable) cannot be written: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .name: nil
        case .connection: "Such as postgresql://app@db.example:5432/shop or 'host=db.example dbname=shop user=app'."
        case .exists: "Nothing was changed. Move it away, or write the file elsewhere."
        case .write: "Check that the directory exists and that you may write there."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .name, .connection: .usage
        case .exists, .write: .failure
        }
    }
}

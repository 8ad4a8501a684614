import Maintenance

/// The resources a team watches through checks of its own.
extension MappedSection where Value == ResourceAccess {
    private static var timeout: Format<Duration> { .duration(.milliseconds(100)...(.seconds(600))) }

    static var tcp: MappedSection {
        let standard = TCPAccess(address: .unwritten)
        return needing(
            \.address, in: standard,
            keys: [
                Key("address", \.needed, .hostPort, isRequired: true, "Where it listens."),
                Key(
                    "send", \.access.content, .configured("text to send", .url),
                    "What is sent as soon as the connection stands."),
                Key(
                    "timeout", \.access.timeout, timeout, standard: standard.timeout,
                    "How long connecting, sending and receiving may take together."),
                Key(
                    "receive-limit", \.access.receiveLimit, .size(ByteCount(1)...ByteCount(16_777_216)),
                    standard: standard.receiveLimit, "How much of what comes back is read at most."),
            ] + Key.expectations(\.access.expected, about: .tcp),
            later: ["tls", "expect", "udp", "proxy"]
        ) {
            .tcp($0)
        } taking: { access in
            if case .tcp(let access) = access { access } else { nil }
        }
    }

    static var tls: MappedSection {
        let standard = TLSAccess(address: .unwritten)
        return needing(
            \.address, in: standard,
            keys: [
                Key("address", \.needed, .hostPort, isRequired: true, "Where it listens."),
                Key(
                    "starttls", \.access.opening, .choice(later: ["pop3", "ldap", "mysql", "ftp", "xmpp"]),
                    standard: standard.opening, "The protocol in which TLS is asked for; none begins with TLS."),
                Key(
                    "server-name", \.access.serverName, .host,
                    "The name the certificate has to be for, where it is not the address's."),
                Key(
                    "ca-file", \.access.certificateAuthorityFile, .path,
                    "Certificates (PEM) to trust instead of the system's."),
                Key(
                    "certificate-days", \.access.certificateDays, certificateDays,
                    "Days before the certificate ends from which that is a finding."),
                Key(
                    "timeout", \.access.timeout, timeout, standard: standard.timeout,
                    "How long connection and handshake may take together."),
            ] + Key.expectations(\.access.expected, about: .tls),
            later: ["client-certificate", "client-key", "protocols"]
        ) {
            .tls($0)
        } taking: { access in
            if case .tls(let access) = access { access } else { nil }
        }
    }

    static var command: MappedSection {
        let standard = ProgramAccess(program: [])
        return needing(
            \.program, in: standard,
            keys: [
                Key(
                    "run", \.needed, StepSections.program, isRequired: true,
                    "A program and its arguments, each one a word of its own; no shell reads them."),
                Key(
                    "variables", \.access.variables, .dictionary("variable", .configured("a value", .whole)),
                    "Environment variables it gets beside PATH, HOME and the like."),
                Key(
                    "timeout", \.access.timeout, timeout, standard: standard.timeout,
                    "After this it is ended, with all that it started."),
            ] + Key.expectations(\.access.expected, about: .command),
            later: ["shell", "user", "ssh", "host"]
        ) {
            .command($0)
        } taking: { access in
            if case .command(let access) = access { access } else { nil }
        }
    }

    static var query: MappedSection {
        let standard = QueryDraft()
        return MappedSection(
            Section<QueryDraft>(
                prototype: { _ in standard },
                keys: [
                    Key(
                        "database", \.database, Format.name.written, isRequired: true,
                        "The database of the same environment, by its name here."),
                    Key(
                        "sql", \.sql, .text, isRequired: true,
                        "One statement that only reads; conditions are about its first row."),
                    Key(
                        "timeout", \.timeout, timeout, standard: standard.timeout,
                        "How long the statement may take."),
                ] + Key.expectations(\.expected, about: .query, isOpen: true),
                later: ["every-row", "parameters", "file"], rules: [.atLeastOne(["conditions", "warnings"])])
        ) { draft, _, _, _ in
            guard let database = draft.database, let sql = draft.sql else { return nil }
            var access = QueryAccess(database: database, sql: sql)
            access.timeout = draft.timeout
            access.expected = draft.expected
            return .query(access)
        } writing: { access in
            guard case .query(let access) = access else { return standard }
            return QueryDraft(
                database: access.database, sql: access.sql, timeout: access.timeout, expected: access.expected)
        }
    }
}

/// A resource of which one value is nil until it is read.
struct NeedyDraft<Access: Sendable, Needed: Sendable>: Sendable {
    var needed: Needed?
    var access: Access
}

extension MappedSection where Value == ResourceAccess {
    /// A kind of resource that cannot be without one value, which only the file has.
    ///
    /// - Parameters:
    ///   - path: where the value stands in the access.
    ///   - standard: with something in its place that nobody sees.
    ///   - take: nil for another kind.
    static func needing<Access: Sendable, Needed: Sendable>(
        _ path: any WritableKeyPath<Access, Needed> & Sendable, in standard: Access,
        keys: [Key<NeedyDraft<Access, Needed>>], later: Set<String>,
        _ make: @escaping @Sendable (Access) -> ResourceAccess,
        taking take: @escaping @Sendable (ResourceAccess) -> Access?
    ) -> MappedSection {
        let section = Section<NeedyDraft<Access, Needed>>(
            prototype: { _ in NeedyDraft(access: standard) }, keys: keys, later: later)
        return MappedSection(section) { draft, _, _, _ in
            draft.needed.map { needed in
                var access = draft.access
                access[keyPath: path] = needed
                return make(access)
            }
        } writing: { access in
            guard let access = take(access) else { return NeedyDraft(access: standard) }
            return NeedyDraft(needed: access[keyPath: path], access: access)
        }
    }
}

private struct QueryDraft: Sendable {
    var database: Written<String>?
    var sql: String?
    var timeout: Duration = .seconds(30)
    var expected = ConditionSet()
}

extension HostPort {
    /// Stands in a draft until the real one is read.
    fileprivate static let unwritten = HostPort(host: "", port: 0)
}

/// What can only be judged when all resources are known.
enum ProbeSections {
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        for environment in inventory.environments {
            let databases = environment.resources.filter { $0.kind == .postgresql }.map(\.name)
            for resource in environment.resources {
                guard case .query(let access) = resource.access, !databases.contains(access.database.value) else {
                    continue
                }
                reading.report(
                    "there is no database '\(access.database.value)' in the environment '\(environment.name)'",
                    at: access.database.location,
                    "environments.\(environment.name).resources.\(resource.name).database",
                    allowed: databases.isEmpty ? nil : databases.joined(separator: ", "),
                    nearest: nearest(to: access.database.value, among: databases))
            }
        }
    }
}

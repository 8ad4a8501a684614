import Maintenance

extension MappedSection where Value == ResourceAccess {
    static var postgresql: MappedSection {
        let section = Section<PostgreSQLDraft>(
            prototype: { _ in PostgreSQLDraft() },
            keys: [
                Key(
                    "url", \.url,
                    .url("a URL such as postgresql://user@host:5432/database", ["postgresql", "postgres"]),
                    "The connection as a URL, with everything libpq reads in one."),
                Key("service", \.service, .word, "The connection as a section of pg_service.conf."),
                Key(
                    "connection", \.keywords,
                    .configured("libpq keywords such as host=db.example dbname=shop", .keywords) {
                        guard $0.literalPrefix.contains("://") || $0.literal?.contains("=") == false else { return nil }
                        return "this is no libpq keyword string"
                    }, "The connection as libpq keywords and values."),
                Key(
                    "password", \.password, .configured("a password", .whole),
                    "The password, instead of one in the connection; without it libpq looks into its own sources."),
                Key("role", \.role, .word, "The role to work as after connecting (SET ROLE)."),
                Key(
                    "connect-timeout", \.connectTimeout, .duration(.seconds(1)...(.seconds(600))),
                    standard: .seconds(10), "How long one attempt to connect may take."),
                Key(
                    "backups", \.backups, BackupPolicySection.format,
                    "What differs for it from the policy of its environment."),
                Key(
                    "retention", \.retention, RetentionSections.format,
                    "Which of its tables lose their old rows, by table; 'data retain' removes nothing else."),
            ],
            later: ["schemas", "tables", "backup", "pool", "replicas", "standby", "cluster", "tls"],
            rules: [.exactlyOne(["url", "service", "connection"])])
        return MappedSection(section) { draft, _, _, _ in
            draft.connection.map { connection in
                var access = PostgreSQLAccess(connection, password: draft.password)
                access.role = draft.role
                access.connectTimeout = draft.connectTimeout
                access.backups = draft.backups
                access.retention = draft.retention
                return .postgresql(access)
            }
        } writing: { access in
            guard case .postgresql(let access) = access else { return PostgreSQLDraft() }
            return PostgreSQLDraft(access)
        }
    }

    static var http: MappedSection {
        let section = Section<HTTPDraft>(
            prototype: { _ in HTTPDraft() },
            keys: [
                Key(
                    "url", \.url,
                    .url("a URL such as https://host/health", ["http", "https"]), isRequired: true, "What is asked for."
                ),
                Key("method", \.method, .choice(), standard: .get, "How it is asked for."),
                Key(
                    "headers", \.headers, .dictionary("header", .configured("a header's value", .whole)),
                    "Headers to send."),
                Key("expect", \.expectation, expectation.format, "What the answer has to be."),
                Key(
                    "timeout", \.timeout, .duration(.milliseconds(100)...(.seconds(600))),
                    standard: .seconds(30), "How long the whole exchange may take."),
                Key(
                    "follow-redirects", \.followsRedirects, .boolean, standard: false,
                    "Whether a redirect is followed instead of being the answer."),
                Key(
                    "http2", \.offersHTTP2, .boolean, standard: false,
                    "Whether HTTP/2 is offered over TLS; the server chooses, and 'http-version' says what."),
                Key(
                    "ca-file", \.certificateAuthorityFile, .path,
                    "Certificates (PEM) to trust instead of the system's."),
                Key(
                    "certificate-days", \.certificateDays, certificateDays,
                    "Days before the certificate ends from which that is a finding."),
                Key(
                    "content", \.content, .configured("the request's content", .whole),
                    "What is sent with the request; say what it is in a header 'Content-Type'."),
                Key(
                    "body-limit", \.bodyLimit, .size(ByteCount(1)...ByteCount(67_108_864)),
                    standard: ByteCount(1_048_576), "How much of the body is read at most."),
            ] + Key.expectations(\.expected, about: .http),
            later: ["client-certificate", "client-key", "proxy"])
        return MappedSection(section) { draft, _, _, _ in
            draft.url.map { url in
                .http(draft.access(url))
            }
        } writing: { access in
            guard case .http(let access) = access else { return HTTPDraft() }
            return HTTPDraft(access)
        }
    }

    static var host: MappedSection {
        let section = Section<HostDraft>(
            prototype: { _ in HostDraft() },
            keys: [
                Key(
                    "host", \.place, .choice(isOpen: true), standard: .local,
                    "The machine; only the one Mainstay runs on."),
                Key(
                    "disks", \.access.disks, .list(of: .absolutePath), standard: ["/"],
                    "Mount points or directories whose file systems are watched."),
            ],
            later: ["ssh", "address", "user", "processes", "services", "network"])
        return MappedSection(section) { draft, _, _, _ in
            .host(draft.access)
        } writing: { access in
            guard case .host(let access) = access else { return HostDraft() }
            return HostDraft(access: access)
        }
    }

    private static var expectation: Section<HTTPAccess.Expectation> {
        let status = Format<StatusRange>.scalar(
            "a status code, 2xx, or 200-299",
            schema: [
                "anyOf": [
                    ["type": "integer", "minimum": 100, "maximum": 599],
                    ["type": "string", "pattern": "^([1-5][xX][xX]|[1-5][0-9][0-9]( *- *[1-5][0-9][0-9])?)$"],
                ]
            ]
        ) {
            StatusRange($0)
        } write: {
            .plain($0.description)
        }
        return Section(
            prototype: { _ in HTTPAccess.Expectation() },
            keys: [
                Key(
                    "status", \.status, .oneOrMore(status), standard: [StatusRange(200...299)],
                    "The status codes that count as well."),
                Key("body", \.body, .text, "Text the body has to contain."),
                Key("body-matches", \.bodyPattern, .pattern, "A regular expression that has to match in the body."),
            ],
            later: ["headers", "json", "time"])
    }

    static var certificateDays: Format<HTTPAccess.CertificateDays> {
        Section<HTTPAccess.CertificateDays>(
            prototype: { _ in HTTPAccess.CertificateDays() },
            keys: [
                Key("warning", \.warning, .integer(0...3_650), standard: 30, "From when it is a warning."),
                Key("critical", \.critical, .integer(0...3_650), standard: 7, "From when it is critical."),
            ]
        ).format.map(
            { days, tree, keyPath, reading in
                guard days.critical <= days.warning else {
                    reading.report(
                        "'critical' (\(days.critical)) comes before 'warning' (\(days.warning))", at: tree.location,
                        keyPath, allowed: "as many days as 'warning', or fewer")
                    return nil
                }
                return days
            }, writing: { $0 })
    }
}

private struct PostgreSQLDraft: Sendable {
    var url: ConfiguredText?
    var service: String?
    var keywords: ConfiguredText?
    var password: ConfiguredText?
    var role: String?
    var connectTimeout: Duration = .seconds(10)
    var backups = BackupPolicy()
    var retention: [RetentionRule] = []

    init() {}

    init(_ access: PostgreSQLAccess) {
        switch access.connection {
        case .url(let text): url = text
        case .service(let name): service = name
        case .keywords(let text): keywords = text
        }
        password = access.password
        role = access.role
        connectTimeout = access.connectTimeout
        backups = access.backups
        retention = access.retention
    }

    var connection: PostgreSQLAccess.Connection? {
        url.map { .url($0) } ?? service.map { .service($0) } ?? keywords.map { .keywords($0) }
    }
}

private struct HTTPDraft: Sendable {
    var url: ConfiguredText?
    var method = HTTPAccess.Method.get
    var headers: [String: ConfiguredText] = [:]
    var expectation = HTTPAccess.Expectation()
    var timeout: Duration = .seconds(30)
    var followsRedirects = false
    var offersHTTP2 = false
    var certificateAuthorityFile: String?
    var certificateDays = HTTPAccess.CertificateDays()
    var content: ConfiguredText?
    var bodyLimit = ByteCount(1_048_576)
    var expected = ConditionSet()

    init() {}

    init(_ access: HTTPAccess) {
        url = access.url
        method = access.method
        headers = access.headers
        expectation = access.expectation
        timeout = access.timeout
        followsRedirects = access.followsRedirects
        offersHTTP2 = access.offersHTTP2
        certificateAuthorityFile = access.certificateAuthorityFile
        certificateDays = access.certificateDays
        content = access.content
        bodyLimit = access.bodyLimit
        expected = access.expected
    }

    func access(_ url: ConfiguredText) -> HTTPAccess {
        var access = HTTPAccess(url: url)
        access.method = method
        access.headers = headers
        access.expectation = expectation
        access.timeout = timeout
        access.followsRedirects = followsRedirects
        access.offersHTTP2 = offersHTTP2
        access.certificateAuthorityFile = certificateAuthorityFile
        access.certificateDays = certificateDays
        access.content = content
        access.bodyLimit = bodyLimit
        access.expected = expected
        return access
    }
}

private struct HostDraft: Sendable {
    enum Place: String, CaseIterable, Sendable { case local }
    var place = Place.local
    var access = HostAccess()
}

extension Format where Value == ConfiguredText {
    /// - Parameter secrecy: `whole` for one that alone lets its bearer do something.
    static func url(_ words: String, _ schemes: [String], _ secrecy: ConfiguredText.Secrecy = .url) -> Format {
        let pattern = #"^((?i:SCHEMES)://|[a-z]*\$\{|file:/|command:)"#
            .replacing("SCHEMES", with: schemes.joined(separator: "|"))
        return configured(words, secrecy, pattern: pattern) { $0.lacksScheme(schemes) }
    }
}

extension ConfiguredText {
    /// What is wrong with a URL's scheme, as far as it can be seen before variables are filled in.
    fileprivate func lacksScheme(_ schemes: [String]) -> String? {
        guard case .template(let pieces) = source, case .literal(let text)? = pieces.first else { return nil }
        if schemes.contains(where: { text.lowercased().hasPrefix("\($0)://") }) { return nil }
        if pieces.count > 1, schemes.contains(where: { "\($0)://".hasPrefix(text.lowercased()) }) { return nil }
        return "this does not begin with \(schemes.map { "\($0)://" }.joined(separator: " or "))"
    }
}

extension Format where Value == String {
    /// A name of PostgreSQL's: anything but a connection that came into the wrong key, with its password.
    fileprivate static var word: Format {
        Format.text.map(
            { text, tree, keyPath, reading in
                guard !text.contains("://"), !text.contains("=") else {
                    reading.report("a connection stands where a name is needed", at: tree.location, keyPath)
                    return nil
                }
                return text
            }, writing: { $0 })
    }

    /// Swift's regular expressions, compiled once here so that a check does not meet a broken one.
    fileprivate static var pattern: Format {
        Format.text.map(
            { text, tree, keyPath, reading in
                do {
                    _ = try Regex(text)
                    return text
                } catch {
                    reading.refuse(tree, keyPath, "is no regular expression", allowed: "Swift's syntax, such as ok|up")
                    return nil
                }
            }, writing: { $0 })
    }
}

import Maintenance
import Outside

/// Names, machines, and what runs on this one.
extension MappedSection where Value == ResourceAccess {
    static var dns: MappedSection {
        let standard = DNSAccess(name: "")
        return needing(
            \.name, in: standard,
            keys: [
                Key("name", \.needed, .host, isRequired: true, "The name that is asked for."),
                Key(
                    "type", \.access.kind, .choice(later: ["SRV", "CAA", "SOA"]), standard: standard.kind,
                    "Of the records."),
                Key(
                    "resolver", \.access.resolver, resolver,
                    "The server that is asked; without it those of /etc/resolv.conf."),
                Key(
                    "timeout", \.access.timeout, .duration(.seconds(1)...(.seconds(60))),
                    standard: standard.timeout,
                    "How long one attempt at one server may take."),
            ] + Key.expectations(\.access.expected, about: .dns),
            later: ["dnssec", "tls", "class"]
        ) {
            .dns($0)
        } taking: { access in
            if case .dns(let access) = access { access } else { nil }
        }
    }

    static var ping: MappedSection {
        let standard = PingAccess(address: "")
        return needing(
            \.address, in: standard,
            keys: [
                Key("address", \.needed, .host, isRequired: true, "The machine's name or address."),
                Key(
                    "packets", \.access.packets, .integer(1...100), standard: standard.packets, "How many are sent."
                ),
                Key(
                    "timeout", \.access.timeout, .duration(.seconds(1)...(.seconds(60))),
                    standard: standard.timeout,
                    "How long each is waited for."),
            ] + Key.expectations(\.access.expected, about: .ping),
            later: ["interval", "size", "source"]
        ) {
            .ping($0)
        } taking: { access in
            if case .ping(let access) = access { access } else { nil }
        }
    }

    static var redis: MappedSection {
        let standard = RedisDraft()
        return MappedSection(
            Section<RedisDraft>(
                prototype: { _ in RedisDraft() },
                keys: [
                    Key(
                        "url", \.url, .url("a URL such as redis://host:6379", ["redis", "rediss"]), isRequired: true,
                        "Where it listens; rediss:// speaks TLS."),
                    Key("user", \.user, .text, "A user of its ACL; without it the default user."),
                    Key("password", \.password, .configured("a password", .whole), "What it is logged in with."),
                    Key(
                        "ca-file", \.certificateAuthorityFile, .path,
                        "Certificates (PEM) to trust instead of the system's."),
                    Key(
                        "timeout", \.timeout, .duration(.milliseconds(100)...(.seconds(600))),
                        standard: standard.timeout, "How long the whole exchange may take."),
                ] + Key.expectations(\.expected, about: .redis),
                later: ["cluster", "sentinel", "socket", "database"])
        ) { draft, _, _, _ in
            draft.url.map { url in
                var access = RedisAccess(url: url)
                access.user = draft.user
                access.password = draft.password
                access.certificateAuthorityFile = draft.certificateAuthorityFile
                access.timeout = draft.timeout
                access.expected = draft.expected
                return .redis(access)
            }
        } writing: { access in
            guard case .redis(let access) = access else { return RedisDraft() }
            return RedisDraft(
                url: access.url, user: access.user, password: access.password,
                certificateAuthorityFile: access.certificateAuthorityFile, timeout: access.timeout,
                expected: access.expected)
        }
    }

    static var pgbouncer: MappedSection {
        let standard = PoolerDraft()
        return MappedSection(
            Section<PoolerDraft>(
                prototype: { _ in PoolerDraft() },
                keys: [
                    Key(
                        "url", \.url,
                        .url("a URL such as postgresql://watcher@host:6432/pgbouncer", ["postgresql", "postgres"]),
                        isRequired: true, "Its console, as a user of 'stats_users'."),
                    Key("password", \.password, .configured("a password", .whole), "What it is logged in with."),
                    Key(
                        "timeout", \.timeout, .duration(.seconds(1)...(.seconds(600))), standard: standard.timeout,
                        "How long each answer may take."),
                ] + Key.expectations(\.expected, about: .pgbouncer),
                later: ["pools", "databases", "service"])
        ) { draft, _, _, _ in
            draft.url.map { url in
                var access = PoolerAccess(url: url)
                access.password = draft.password
                access.timeout = draft.timeout
                access.expected = draft.expected
                return .pgbouncer(access)
            }
        } writing: { access in
            guard case .pgbouncer(let access) = access else { return PoolerDraft() }
            return PoolerDraft(
                url: access.url, password: access.password, timeout: access.timeout, expected: access.expected)
        }
    }

    static var process: MappedSection {
        let standard = ProcessAccess()
        return MappedSection(
            Section<ProcessAccess>(
                prototype: { _ in ProcessAccess() },
                keys: [
                    Key("program", \.program, .text, "The program's name as the kernel has it (ps -o comm)."),
                    Key("command-line", \.commandLine, .text, "Text its command line has to contain."),
                    Key("user", \.user, .text, "Who it runs as."),
                    Key(
                        "minimum", \.minimum, .integer(0...1_000_000), standard: standard.minimum,
                        "How many have to run at least."),
                ] + Key.expectations(\.expected, about: .process),
                later: ["host", "pid-file", "maximum"], rules: [.atLeastOne(["program", "command-line"])])
        ) { access, _, _, _ in
            .process(access)
        } writing: { access in
            guard case .process(let access) = access else { return standard }
            return access
        }
    }

    static var service: MappedSection {
        let standard = ServiceAccess(unit: "")
        return needing(
            \.unit, in: standard,
            keys: [
                Key("unit", \.needed, unit, isRequired: true, "The unit with its suffix."),
                Key(
                    "timeout", \.access.timeout, .duration(.milliseconds(100)...(.seconds(60))),
                    standard: standard.timeout, "How long systemd may take to answer."),
            ] + Key.expectations(\.access.expected, about: .service),
            later: ["host", "scope", "user"]
        ) {
            .service($0)
        } taking: { access in
            if case .service(let access) = access { access } else { nil }
        }
    }

    static var logPattern: MappedSection {
        let standard = LogPatternDraft()
        return MappedSection(
            Section<LogPatternDraft>(
                prototype: { _ in LogPatternDraft() },
                keys: [
                    Key("path", \.path, .path, isRequired: true, "The log, as its program writes it."),
                    Key(
                        "pattern", \.pattern, .linePattern, isRequired: true,
                        "What a line has to match, anywhere in it, to be counted."),
                    Key("ignore", \.ignored, .linePattern, "Lines that match this as well are not counted."),
                    Key(
                        "within", \.within, .duration(.seconds(60)...(.seconds(86_400))), standard: standard.within,
                        "How long a line counts."),
                ] + Key.expectations(\.expected, about: .logPattern),
                later: ["host", "journal", "patterns", "fields"])
        ) { draft, _, _, _ in
            guard let path = draft.path, let pattern = draft.pattern else { return nil }
            var access = LogPatternAccess(path: path, pattern: pattern)
            access.ignored = draft.ignored
            access.within = draft.within
            access.expected = draft.expected
            return .logPattern(access)
        } writing: { access in
            guard case .logPattern(let access) = access else { return LogPatternDraft() }
            return LogPatternDraft(
                path: access.path, pattern: access.pattern, ignored: access.ignored, within: access.within,
                expected: access.expected)
        }
    }

    private static var resolver: Format<String> {
        .scalar(
            "an IPv4 address such as 192.0.2.53 or 127.0.0.1:5353",
            schema: ["type": "string", "pattern": #"^([0-9]{1,3}\.){3}[0-9]{1,3}(:[0-9]{1,5})?$"#]
        ) { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
            let isAddress = numbers.count == 4 && numbers.allSatisfy { Int($0).map { (0...255).contains($0) } ?? false }
            let isPort =
                parts.count == 1 || parts.count == 2 && Int(parts[1]).map { (1...65_535).contains($0) } ?? false
            return isAddress && isPort ? text : nil
        } write: {
            .text($0)
        }
    }

    private static var unit: Format<String> {
        .scalar(
            "a unit with its suffix, such as nginx.service",
            schema: ["type": "string", "pattern": #"^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*\.[a-z]+$"#]
        ) { text in
            let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.@\\-".utf8
            let suffix = text.split(separator: ".").last ?? ""
            let isUnit = text.utf8.allSatisfy(allowed.contains) && text.utf8.first != UInt8(ascii: "-")
            return isUnit && suffix.count < text.count && suffix.allSatisfy { $0.isASCII && $0.isLowercase }
                ? text : nil
        } write: {
            .text($0)
        }
    }
}

private struct LogPatternDraft: Sendable {
    var path: String?
    var pattern: LinePattern?
    var ignored: LinePattern?
    var within: Duration = .seconds(900)
    var expected = ConditionSet()
}

private struct PoolerDraft: Sendable {
    var url: ConfiguredText?
    var password: ConfiguredText?
    var timeout: Duration = .seconds(10)
    var expected = ConditionSet()
}

private struct RedisDraft: Sendable {
    var url: ConfiguredText?
    var user: String?
    var password: ConfiguredText?
    var certificateAuthorityFile: String?
    var timeout: Duration = .seconds(10)
    var expected = ConditionSet()
}

import Maintenance

/// The `server` mapping.
struct ServerSections: Sendable {
    var statusPage: StatusPageSections

    var format: Format<DashboardSettings> {
        Section<DashboardSettings>(
            prototype: { _ in DashboardSettings() },
            keys: [
                Key(
                    "listen", \.listen, Self.listen, standard: DashboardSettings.standardListen,
                    "The address and port of the dashboard; only this machine reaches 127.0.0.1."),
                Key(
                    "url", \.url, Self.url,
                    "How people reach it, where that is another address; links begin with it."),
                Key(
                    "certificate", \.certificate, .path,
                    "The certificate and its chain, PEM; read again when it changes."),
                Key("key", \.key, .path, "The certificate's private key, PEM, without a passphrase."),
                Key(
                    "behind-proxy", \.isBehindProxy, .boolean, standard: false,
                    "Whether other machines may reach it without TLS, because a proxy in front of it speaks TLS."),
                Key(
                    "requests-per-minute", \.requestsPerMinute, .integer(1...100_000), standard: 600,
                    "How many requests of one account the API answers a minute."),
                Key(
                    "answer-links", \.answerLinks, .duration(.seconds(60)...(.seconds(30 * 86_400))),
                    "How long links in notifications count, by which whoever reads them answers an alert without "
                        + "signing in; without it there are none. Needs 'url'."),
                Key("functions", \.functions, Self.functions, "What scripts that ask '/functions/v1/NAME' get."),
                Key(
                    "openid", \.openid, OpenIDSections.format,
                    "A provider of OpenID Connect whose people may sign in. Needs 'url'."),
                Key(
                    "status-page", \.statusPage, statusPage.format,
                    "What everybody sees at '/status' without signing in; without it there is no such page."),
            ],
            later: [
                "api", "accounts", "tls", "status", "tokens", "metrics",
                "limits", "port", "host", "cors", "refresh-interval", "widgets", "sessions",
            ],
            rules: [
                .needs("certificate", "key"), .needs("key", "certificate"), .needs("answer-links", "url"),
                .needs("openid", "url"),
            ]
        ).format.map(
            { settings, tree, keyPath, reading in
                guard OpenIDSections.judge(settings, tree, keyPath, reading) else { return nil }
                guard !settings.listen.isLoopback, settings.certificate == nil, !settings.isBehindProxy else {
                    return settings
                }
                let listen = keyPath.appending(key: "listen")
                reading.report(
                    "'\(settings.listen)' would show passwords to whoever listens on the way",
                    at: reading.locations[listen] ?? tree.location, listen,
                    allowed: "127.0.0.1, or another address with 'certificate' and 'key', or with 'behind-proxy: true'")
                return nil
            }, writing: { $0 })
    }

    /// What only shows when everything is put together.
    ///
    /// - Parameter routines: those that are shipped.
    func judge(_ inventory: Inventory, _ routines: [String], _ reading: Reading) {
        OpenIDSections.judge(inventory, reading)
        statusPage.judge(inventory, routines, reading)
        guard let environment = inventory.server?.functions?.environment else { return }
        let known = inventory.environments.map(\.name)
        guard !known.contains(environment) else { return }
        let path = "server.functions.environment"
        reading.report(
            "there is no environment '\(environment.printable)'",
            at: reading.locations[path] ?? SourceLocation(file: "", line: 1, column: 1), path,
            allowed: known.joined(separator: ", "), nearest: nearest(to: environment, among: known))
    }

    private static var functions: Format<FunctionSettings> {
        Section<FunctionSettings>(
            prototype: { _ in FunctionSettings() },
            keys: [
                Key(
                    "environment", \.environment, .text, isRequired: true,
                    "The environment whose figures are answered with."),
                Key(
                    "endpoints", \.endpoints, .dictionary("function", endpoint),
                    "Functions of the application's own, which are asked there."),
            ], later: ["tables", "retention", "actions"]
        ).format
    }

    private static var endpoint: Format<FunctionEndpoint> {
        Section<EndpointDraft>(
            prototype: { _ in EndpointDraft() },
            keys: [
                Key(
                    "url", \.url, .url("a URL such as https://host/function", ["http", "https"]), isRequired: true,
                    "Where the function is."),
                Key("token", \.token, .configured("a token", .whole), "Sent along as 'Authorization: Bearer'."),
                Key(
                    "private", \.isPrivate, .boolean, standard: false,
                    "Whether it may be in a private network or on this machine."),
                Key(
                    "timeout", \.timeout, .duration(.milliseconds(100)...(.seconds(60))), standard: .seconds(30),
                    "How long it may take to answer."),
            ], later: ["headers", "method"]
        ).format.map(
            { draft, _, _, _ in
                draft.url.map { url in
                    var endpoint = FunctionEndpoint(url: url)
                    endpoint.token = draft.token
                    endpoint.isPrivate = draft.isPrivate
                    endpoint.timeout = draft.timeout
                    return endpoint
                }
            },
            writing: {
                EndpointDraft(url: $0.url, token: $0.token, isPrivate: $0.isPrivate, timeout: $0.timeout)
            })
    }

    private struct EndpointDraft: Sendable {
        var url: ConfiguredText?
        var token: ConfiguredText?
        var isPrivate = false
        var timeout: Duration = .seconds(30)
    }

    private static var listen: Format<DashboardSettings.Listen> {
        .scalar(
            "an address and a port, such as 127.0.0.1:3000",
            schema: ["type": "string", "pattern": #"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$"#]
        ) {
            DashboardSettings.Listen($0)
        } write: {
            .text($0.description)
        }
    }

    private static var url: Format<String> {
        .scalar(
            "an address such as https://mainstay.example", schema: ["type": "string", "pattern": "^https?://[^ /]+$"]
        ) { text in
            let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
            let rest = text.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
            let isHost = !rest.isEmpty && rest.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
            return isWeb && isHost ? text : nil
        } write: {
            .text($0)
        }
    }
}

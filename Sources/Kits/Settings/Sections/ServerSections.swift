import Maintenance

/// The `server` mapping.
enum ServerSections {
    static var format: Format<DashboardSettings> {
        Section<DashboardSettings>(
            prototype: { _ in DashboardSettings() },
            keys: [
                Key(
                    "listen", \.listen, listen, standard: DashboardSettings.standardListen,
                    "The address and port of the dashboard; only this machine reaches 127.0.0.1."),
                Key(
                    "url", \.url, url,
                    "How people reach it, where that is another address; links begin with it."),
                Key(
                    "certificate", \.certificate, .path,
                    "The certificate and its chain, PEM; read again when it changes."),
                Key("key", \.key, .path, "The certificate's private key, PEM, without a passphrase."),
                Key(
                    "behind-proxy", \.isBehindProxy, .boolean, standard: false,
                    "Whether other machines may reach it without TLS, because a proxy in front of it speaks TLS."),
            ],
            later: [
                "api", "accounts", "openid", "oidc", "tls", "status-page", "status", "functions", "tokens", "metrics",
                "limits", "port", "host", "cors", "refresh-interval", "widgets", "sessions",
            ],
            rules: [.needs("certificate", "key"), .needs("key", "certificate")]
        ).format.map(
            { settings, tree, keyPath, reading in
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

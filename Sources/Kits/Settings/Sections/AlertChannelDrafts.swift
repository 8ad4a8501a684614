import Maintenance
import Outside

struct ServerAddress: Sendable {
    var host: String
    var port: Int

    init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), let port = Int(text[colon...].dropFirst()),
            (1...65_535).contains(port)
        else { return nil }
        let host = String(text[..<colon])
        let isHost = host.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-.[]:".utf8.contains($0)
        }
        guard isHost, !host.isEmpty else { return nil }
        (self.host, self.port) = (host, port)
    }

    init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    /// Whether nobody else sees what is sent there.
    var isLoopback: Bool {
        host == "localhost" || host == "[::1]" || host == "::1"
            || host.split(separator: ".").count == 4 && host.hasPrefix("127.")
                && host.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }
}

struct EmailDraft: Sendable {
    var server: ServerAddress?
    var protection = MailServer.Protection.starttls
    var user: String?
    var password: ConfiguredText?
    var sender: String?
    var recipients: [String] = []
    var authorities: String?
    var fallback: [String] = []

    init() {}

    init(_ email: EmailAccess) {
        server = ServerAddress(host: email.host, port: email.port)
        protection = email.protection
        user = email.user
        password = email.password
        sender = email.sender
        recipients = email.recipients
        authorities = email.certificateAuthorityFile
        fallback = email.fallback
    }
}

struct WebhookDraft: Sendable {
    var url: ConfiguredText?
    var token: ConfiguredText?
    var signingKey: ConfiguredText?
    var allowsPrivate = false
    var authorities: String?
    /// Of Slack: where a bot writes.
    var room: String?
    var fallback: [String] = []

    init() {}

    init(_ access: AlertChannelAccess) {
        switch access {
        case .slack(let hook), .webhook(let hook), .alertmanager(let hook), .pagerduty(let hook), .ntfy(let hook):
            url = hook.url
            token = hook.token
            signingKey = hook.signingKey
            allowsPrivate = hook.allowsPrivate
            authorities = hook.certificateAuthorityFile
            room = hook.room
            fallback = hook.fallback
        case .email, .sms, .command: break
        }
    }

    var access: WebhookAccess? {
        url.map(access)
    }

    func access(_ url: ConfiguredText) -> WebhookAccess {
        var access = WebhookAccess(url: url)
        access.token = token
        access.signingKey = signingKey
        access.allowsPrivate = allowsPrivate
        access.certificateAuthorityFile = authorities
        access.room = room
        access.fallback = fallback
        return access
    }
}

struct SMSDraft: Sendable {
    var account: String?
    var token: ConfiguredText?
    var sender: String?
    var recipients: [String]?
    var url: ConfiguredText?
    var form: [String: ConfiguredText] = [:]
    var headers: [String: ConfiguredText] = [:]
    var allowsPrivate = false
    var fallback: [String] = []

    init() {}

    init(_ sms: SMSAccess) {
        account = sms.account
        token = sms.token
        sender = sms.sender
        recipients = sms.recipients
        url = sms.url
        form = sms.form
        headers = sms.headers
        allowsPrivate = sms.allowsPrivate
        fallback = sms.fallback
    }
}

struct CommandDraft: Sendable {
    var program: [String]?
    var fallback: [String] = []
}

import Engine
import Glibc
import Maintenance
import Page
import Web

/// The way in, and the page where somebody chooses their password.
enum SignInPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        if visit.visitor != nil { return .see(Gatekeeper.destination(visit.request.query["to"])) }
        return page(visit, trouble: nil)
    }

    static func send(_ visit: Visit) async throws -> WebResponse {
        let form = visit.request.form
        let answer = try await visit.site.gate.signIn(
            account: form["account"] ?? "", password: form["password"] ?? "", visit.request)
        return answer ?? page(visit, trouble: "this account and this password do not belong together")
    }

    private static func page(_ visit: Visit, trouble: String?) -> WebResponse {
        let to = Gatekeeper.destination(visit.request.query["to"] ?? visit.request.form["to"])
        return WebResponse(
            trouble == nil ? 200 : 401,
            html: Frame(
                title: "Sign in", visit: nil,
                body: """
                    <h1>Sign in</h1>
                    \(warning(trouble))<form class="sheet" method="post" action="/sign-in">
                    <input type="hidden" name="to" value="\(to)">
                    <label for="account">Account</label>
                    <input id="account" name="account" type="text" autocomplete="username" required autofocus \
                    autocapitalize="none" spellcheck="false">
                    <label for="password">Password</label>
                    <input id="password" name="password" type="password" autocomplete="current-password" required>
                    <button class="primary" type="submit">Sign in</button>
                    <p class="hint">No account, or a forgotten password? An admin runs \
                    <code>mainstay access invite NAME</code> and sends you the link.</p>
                    </form>
                    \(OpenIDPage.way(visit, to: to))
                    """
            ).html)
    }

    static func setUp(_ visit: Visit) async throws -> WebResponse {
        try await setUpPage(visit, trouble: nil)
    }

    static func setUpSend(_ visit: Visit) async throws -> WebResponse {
        let link = Keys.digest(visit.value(0))
        guard let invited = try await visit.site.log.openLink(link) else { throw AccessError.linkIsOver }
        let form = visit.request.form
        let name = invited.isEmpty ? form["account"] ?? "" : invited
        let password = form["password"] ?? ""
        guard Account.isValid(name: name) else {
            return try await setUpPage(visit, trouble: AccessError.malformedName(name).problem)
        }
        if let trouble = Password.trouble(password, of: name) {
            return try await setUpPage(visit, trouble: "the password cannot be taken: \(trouble)")
        }
        guard password == form["again"] else {
            return try await setUpPage(visit, trouble: "the two passwords are not the same")
        }
        let secret = try await Password.derive(password)
        let log = visit.site.log.acting(for: Requester(user: name, host: visit.request.peer, processID: getpid()))
        let account = try await log.redeem(link, name: name, secret: secret)
        return try await visit.site.gate.admit(account, visit.request, to: "/")
    }

    private static func setUpPage(_ visit: Visit, trouble: String?) async throws -> WebResponse {
        let key = visit.value(0)
        guard let invited = try await visit.site.log.openLink(Keys.digest(key)) else {
            throw AccessError.linkIsOver
        }
        let isFirst = invited.isEmpty
        let name: HTML =
            isFirst
            ? """
            <label for="account">Account</label>
            <input id="account" name="account" type="text" autocomplete="username" required autofocus \
            value="\(visit.request.form["account"] ?? "")" autocapitalize="none" spellcheck="false">
            <p class="hint">Small letters, digits, '-', '_', '.'; the audit trail names you by it.</p>

            """
            : "<p>You are <b>\(invited)</b>.</p>\n"
        return WebResponse(
            trouble == nil ? 200 : 422,
            html: Frame(
                title: "Set up", visit: nil,
                body: """
                    <h1>\(isFirst ? "The first account" : "Choose a password")</h1>
                    \(isFirst ? "<p>It is admin of everything here and invites the others.</p>\n" : HTML())\
                    \(warning(trouble))<form class="sheet" method="post" action="\(url: "/set-up/\(key.urlComponent)")">
                    \(name)<label for="password">Password</label>
                    <input id="password" name="password" type="password" autocomplete="new-password" required \
                    minlength="12" aria-describedby="rule">
                    <p class="hint" id="rule">At least 12 characters; a few words in a row are best.</p>
                    <label for="again">The same again</label>
                    <input id="again" name="again" type="password" autocomplete="new-password" required>
                    <button class="primary" type="submit">\(isFirst ? "Make the account" : "Set the password")</button>
                    </form>

                    """
            ).html)
    }

    private static func warning(_ trouble: String?) -> HTML {
        guard let trouble else { return HTML() }
        return """
            <div class="verdict warning" role="alert">\(Standing.warning.mark)<div><p>\(trouble)</p></div></div>

            """
    }
}

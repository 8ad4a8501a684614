import Maintenance
import Outside
import Testing

@testable import Settings

@Suite("Conditions")
struct ConditionTests {
    private let http = ConditionText(subjects: .http)

    private let facts = ConditionFacts([
        "status": .number(200), "response-time": .number(0.25), "certificate-expiration": .number(20 * 86_400),
        "certificate-trusted": .boolean(true), "body-size": .number(2_048), "redirects": .number(0),
        "tls-version": .text("TLSv1.3"), "url": .text("https://shop.example/"),
        "header": .fields(["content-type": .text("application/json; charset=utf-8")]),
        "body": .document(
            Array(
                #"{"state":"ok","items":[{"id":7,"tags":["a","b"]},{"id":"8"}],"n":null,"up":true,"a b":1.5,"length":9}"#
                    .utf8),
            isCut: false),
    ])

    @Test(
        "a condition is judged by what the probe saw",
        arguments: [
            ("status == 200", true), ("status != 200", false), ("status in 200, 204", true),
            ("status in [301,302]", false), ("status not in [301,302]", true), ("status<400", true),
            ("status >= 200", true), ("status > 200", false), ("status <= 199", false),
            ("response-time < 300ms", true), ("response-time < 200ms", false), ("response-time <= 0.25s", true),
            ("certificate-expiration > 14d", true), ("certificate-expiration > 30d", false),
            ("certificate-trusted == true", true), ("certificate-trusted == false", false),
            ("body-size < 4K", true), ("body-size < 1K", false),
            ("tls-version == TLSv1.3", true), ("tls-version in \"TLSv1.2\", \"TLSv1.3\"", true),
            ("header.Content-Type contains json", true), ("header.content-type contains \"text/html\"", false),
            ("header.x-missing exists", false), ("header.x-missing absent", true), ("header.x-missing != a", false),
            ("header.content-type matches ^application/(json|xml)", true), ("url.length == 21", true),
            ("body contains \"state\"", true), ("body not contains error", true), ("body contains error", false),
            ("body matches /\"state\":\"(ok|fine)\"/", true), ("url matches example/$", true),
            ("url matches ^example", false),
            ("url matches ^http$|shop", true), ("url matches ^(http|https)://", true), ("url matches [|$^]", false),
            ("url matches \\.example", true), ("url matches xexample", false), ("body not matches fail(ed|ure)", true),
            ("body.state == \"ok\"", true), ("body.state == ok", true), ("body.state == down", false),
            ("body.items.length == 2", true), ("body.items[0].id == 7", true), ("body.items[0].id > 6.5", true),
            ("body.items[1].id > 7", true), ("body.items[0].tags contains b", true),
            ("body.items[0].tags contains c", false), ("body.items[2].id exists", false),
            ("body.items[2] absent", true),
            ("body.n == null", true), ("body.n exists", true), ("body.n.m exists", false), ("body.up == true", true),
            ("body.up == 1", false), ("body.length == 9", true), ("body.state.length == 2", true),
            ("body.missing == ok", false), ("body.missing != ok", false), ("body.items exists", true),
        ] as [(String, Bool)])
    func judged(text: String, isMet: Bool) throws {
        let condition = try http.condition(text)
        #expect(condition.text == text)
        #expect(facts.verdicts(on: [condition]).map(\.isMet) == [isMet])
    }

    @Test(
        "what is found instead is said shortly and printably",
        arguments: [
            ("response-time < 200ms", "response-time < 200ms: it is 250 ms"),
            ("certificate-expiration > 30d", "certificate-expiration > 30d: it is 20.0 days"),
            ("body-size < 1K", "body-size < 1K: it is 2.0 kB"),
            ("body.items[0].id == 8", "body.items[0].id == 8: it is 7"),
            ("body.missing == 8", "body.missing == 8: it has no 'missing'"),
            ("body contains x-y", "body contains x-y: it is 101 B of text"),
            ("tls-version == a", "tls-version == a: it is \"TLSv1.3\""),
        ])
    func found(text: String, clause: String) throws {
        #expect(facts.verdicts(on: [try http.condition(text)]).first?.clause == clause)
    }

    @Test("hostile text in what was found can forge nothing, and a secret-sized one is cut")
    func hostile() throws {
        let text = "\u{1B}[2J\n" + String(repeating: "é", count: 5_000)
        let facts = ConditionFacts(["header": .fields(["a": .text(text)])])
        let clause = try #require(facts.verdicts(on: [try http.condition("header.a == b")]).first?.clause)
        #expect(clause == clause.printable)
        #expect(clause.unicodeScalars.count < 120)
    }

    @Test(
        "a condition that makes no sense is refused with what is meant",
        arguments: [
            ("", "a condition is missing here", nil), ("statsu == 200", "there is no 'statsu' to compare", "status"),
            ("status", "a comparison is missing", nil), ("status = 200", "nothing", nil),
            ("status == ok", "'ok' cannot be compared here", nil),
            ("response-time < 300", "'300' cannot be compared here", nil),
            ("status like 2", "'like' is no comparison", nil), ("status ==", "nothing stands behind '=='", nil),
            ("status exists 3", "'exists' stands alone, without '3'", nil),
            ("status.a == 3", "'status' has no parts", nil), ("header == 3", "'header' names no single value", nil),
            ("body..a == 3", "'body..a' has an empty part", nil),
            ("body[x] == 3", "'body[x]' has a part that is neither '.key' nor '[number]'", nil),
            ("body.a < b", "'b' is no number that '<' could compare with", nil),
            ("body matches (", "'(' is no regular expression", nil),
            ("body == \"a", "\"a has quotes that do not end where the text does", nil),
            ("status in [200", "'[200' has no closing ']'", nil),
            ("status in 200,,3", "'200,,3' has an empty part", nil),
        ] as [(String, String, String?)])
    func refused(text: String, problem: String, nearest: String?) throws {
        let error = try #require(throws: MalformedCondition.self) { _ = try http.condition(text) }
        if text == "status = 200" {
            #expect(error.problem == "'=' is no comparison")
            #expect(error.nearest == "==")
        } else {
            #expect(error.problem.hasPrefix(problem), "\(error.problem)")
            #expect(error.nearest == nearest)
        }
    }

    @Test("a body that is no JSON, and one that was cut, have no parts")
    func noJSON() throws {
        let condition = try http.condition("body.state == ok")
        for (bytes, isCut, reason) in [
            (Array("<html>".utf8), false, "the body is no JSON"), ([], false, "the body is no JSON"),
            (Array(#"{"state":"ok"}"#.utf8), true, "the body is too long to be read as JSON"),
            (Array(String(repeating: "[", count: 100_000).utf8), false, "the body is no JSON"),
            ([0xFF, 0xFE, 0x00], false, "the body is no JSON"),
        ] as [([UInt8], Bool, String)] {
            let verdict = ConditionFacts(["body": .document(bytes, isCut: isCut)]).verdicts(on: [condition])[0]
            #expect(!verdict.isMet)
            #expect(verdict.found == reason)
        }
    }

    @Test("a pattern that would make a backtracking matcher wait for ever is decided at once")
    func patternTime() throws {
        let condition = try http.condition("body matches (a+)+x$")
        let body = ConditionFacts.Value.document([UInt8](repeating: 97, count: 20_000), isCut: false)
        #expect(ConditionFacts(["body": body]).verdicts(on: [condition])[0].isMet == false)
    }

    @Test("random texts are either refused or read, and what is read is written as it was")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let parts = [
            "status", "body", ".a", "[0]", "header.x", " ", "==", "<", "in", "not", "contains", "matches", "\"", "'",
            "200", "5s", "[", "]", ",", "(", ".*", "\u{301}", "e\u{301}", "\n", "exists", "\\",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in parts.randomElement(using: &random) ?? ""
            }
            .joined(separator: Bool.random(using: &random) ? " " : "")
            do throws(MalformedCondition) {
                let condition = try http.condition(text)
                #expect(try http.condition(condition.text) == condition, "seed \(seed): \(text)")
                _ = facts.verdicts(on: [condition])
            } catch {
                #expect(!error.problem.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test("conditions and the resources that bear them are read, shown and read again")
    func configuration() throws {
        let first = try inventory(probeFile)
        let shown = EffectiveConfiguration(vocabulary: vocabulary).text(first)
        #expect(try inventory(shown).content == first.content)
        guard case .http(let shop)? = first.environments[0].resources.first(where: { $0.name == "shop" })?.access else {
            Issue.record("no endpoint")
            return
        }
        #expect(shop.expected.conditions.map(\.text) == ["status == 200", "body.state == \"ok\""])
        #expect(shop.expected.warnings.map(\.text) == ["response-time < 300ms"])
        #expect(shop.bodyLimit == ByteCount(65_536))
    }

    @Test(
        "what is wrong with a resource of these kinds is said with its place",
        arguments: [
            (
                "kind: tcp\naddress: mail.example",
                "mainstay.yaml:6:18: environments.test.resources.main.address: 'mail.example' is not allowed here "
                    + "(allowed: a host and a port such as mail.example:25 or [::1]:25)"
            ),
            (
                "kind: tcp\naddress: ::1:25",
                "mainstay.yaml:6:18: environments.test.resources.main.address: '::1:25' is not allowed here "
                    + "(allowed: a host and a port such as mail.example:25 or [::1]:25)"
            ),
            (
                "kind: tls\naddress: a:1\nstarttls: ldap",
                "mainstay.yaml:7:19: environments.test.resources.main.starttls: 'ldap' is not supported yet"
            ),
            (
                "kind: query\ndatabase: shop\nsql: select 1\nconditions: rows == 1",
                "mainstay.yaml:6:19: environments.test.resources.main.database: there is no database 'shop' in the "
                    + "environment 'test'"
            ),
            (
                "kind: query\ndatabase: shop\nsql: select 1",
                "mainstay.yaml:5:9: environments.test.resources.main: at least one of the keys 'conditions', 'warnings' "
                    + "is needed"
            ),
            (
                "kind: http\nurl: http://x/\nconditions: [statsu == 200]",
                "mainstay.yaml:7:22: environments.test.resources.main.conditions[1]: there is no 'statsu' to compare "
                    + "(did you mean 'status'? allowed: status, body, body.PATH, body-size, header.NAME, redirects, http-version, url, "
                    + "response-time, connect-time, certificate-expiration, certificate-trusted, certificate-issuer, "
                    + "tls-version)"
            ),
        ])
    func broken(keys: String, line: String) {
        #expect(problems(resource(keys)) == [line])
    }
}

/// Uses every key of the resources a team watches.
let probeFile = #"""
    environments:
      watched:
        resources:
          main: { kind: postgresql, connection: host=/tmp dbname=a }
          shop:
            kind: http
            url: https://shop.example/login
            method: PUT
            content: ${PROBE_LOGIN}
            body-limit: 64K
            conditions: [status == 200, 'body.state == "ok"']
            warnings: response-time < 300ms
          mail:
            kind: tcp
            address: mail.example:25
            send: "QUIT\r\n"
            timeout: 2s
            receive-limit: 1K
            conditions: [received contains 220]
            warnings: [response-time < 1s]
          v6: { kind: tcp, address: "[::1]:25" }
          smtp:
            kind: tls
            address: mail.example:587
            starttls: smtp
            server-name: mx.example
            ca-file: /etc/ssl/own.pem
            certificate-days: { warning: 20, critical: 5 }
            timeout: 3s
            conditions: [tls-version == TLSv1.3]
          load:
            kind: command
            run: [/usr/lib/nagios/plugins/check_load, -w, "5,4,3"]
            variables: { TOKEN: "${LOAD_TOKEN}" }
            timeout: 20s
            warnings: [performance.load1 < 4]
          stuck: { kind: query, database: main, sql: select 1 as stuck, timeout: 5s, conditions: [stuck < 10] }
          name:
            kind: dns
            name: shop.example
            type: MX
            resolver: 192.0.2.53:5353
            timeout: 2s
            conditions: [answers contains "10 mail.example", rcode == NOERROR]
          gateway: { kind: ping, address: 192.0.2.1, packets: 5, timeout: 1s, warnings: [loss == 0%] }
          sessions:
            kind: redis
            url: rediss://cache.example:6380
            user: probe
            password: ${REDIS_PASSWORD}
            ca-file: /etc/ssl/own.pem
            timeout: 3s
            warnings: [hit-rate > 80%, memory < 2G, last-save < 1h]
          worker: { kind: process, program: shop-worker, command-line: --queue, user: shop, minimum: 4, warnings: [age > 1m] }
          nginx: { kind: service, unit: nginx.service, timeout: 2s, warnings: [restarts < 3] }
          pool:
            kind: pgbouncer
            url: postgresql://watcher@pool.example:6432/pgbouncer
            password: ${POOL_PASSWORD}
            timeout: 4s
            conditions: [waiting < 5, pool-used < 90%]
          login:
            kind: suite
            url: https://shop.example/api
            timeout: 3s
            cookies: true
            ca-file: /etc/ssl/own.pem
            steps:
              - name: log-in
                method: POST
                path: /login
                headers: { Content-Type: "${CONTENT_TYPE}" }
                content: ${PROBE_LOGIN}
                conditions: [status == 200]
                keep: { token: "body.tokens[0].value", id: header.x-id }
              - name: orders
                path: /orders/{{id}}
                headers: { Authorization: "command:shop-token" }
                warnings: [response-time < 1s]
              - { name: log-out, method: DELETE, path: /session, always: true }
    """#

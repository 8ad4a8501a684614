/// A server that listens nowhere, or where strangers could listen along.
extension Broken {
    static let server: [Broken] = [
        Broken(
            """
            environments: { a: {} }
            server:
              listen: "3000"
              url: "mainstay.example"
              certificate: /etc/cert.pem
              tls: { }
            """,
            "mainstay.yaml:3:3: server: 'certificate' needs 'key' beside it",
            "mainstay.yaml:3:11: server.listen: '3000' is not allowed here (allowed: an address and a port, such as "
                + "127.0.0.1:3000)",
            "mainstay.yaml:4:8: server.url: 'mainstay.example' is not allowed here (allowed: an address such as "
                + "https://mainstay.example)",
            "mainstay.yaml:6:3: server.tls: 'tls' is not supported yet"),
        Broken(
            """
            environments: { a: {} }
            server: { listen: "0.0.0.0:3000" }
            """,
            "mainstay.yaml:2:11: server.listen: '0.0.0.0:3000' would show passwords to whoever listens on the way (allowed: "
                + "127.0.0.1, or another address with 'certificate' and 'key', or with 'behind-proxy: true')"
        ).beyondSchema,
        Broken(
            """
            environments: { a: {} }
            server: { answer-links: 4h }
            """,
            "mainstay.yaml:2:9: server: 'answer-links' needs 'url' beside it"),
        Broken(
            """
            environments: { a: {} }
            server: { functions: { environment: b } }
            """,
            "mainstay.yaml:2:24: server.functions.environment: there is no environment 'b' (did you mean 'a'? allowed: a)"
        ).beyondSchema,
        Broken(
            """
            environments: { a: {} }
            server: { openid: { issuer: "https://login.example", client-id: mainstay, create: true } }
            """,
            "mainstay.yaml:2:9: server: 'openid' needs 'url' beside it",
            "mainstay.yaml:2:19: server.openid: 'create' needs 'roles' beside it"),
        Broken(
            """
            environments: { a: {} }
            server:
              url: http://mainstay.example
              openid: { issuer: "https://login.example", client-id: mainstay }
            """,
            "mainstay.yaml:3:3: server.url: 'http://mainstay.example' would show codes of 'openid' to whoever listens on "
                + "the way (allowed: an address that begins with https://)"
        ).beyondSchema,
        Broken(
            """
            environments: { a: {} }
            server:
              url: https://mainstay.example
              openid:
                issuer: http://login.example
                client-id: mainstay
                roles: [{ group: ops, role: admin, environments: [a] }]
            """,
            "mainstay.yaml:5:13: server.openid.issuer: 'http://login.example' is not allowed here (allowed: an address such "
                + "as https://login.example, by http only on this machine)",
            "mainstay.yaml:7:13: server.openid.roles[1]: an admin is admin of everything, not of environments (allowed: "
                + "'admin' without 'environments', or 'approver')"
        ).beyondSchema,
        Broken(
            """
            environments: { a: {} }
            server:
              url: https://mainstay.example
              openid:
                issuer: https://login.example
                client-id: mainstay
                roles: [{ group: ops, role: viewer, environments: [b] }]
            """,
            "mainstay.yaml:7:41: server.openid.roles[1].environments: there is no environment 'b' (did you mean 'a'? "
                + "allowed: a)"
        ).beyondSchema,
        Broken(
            """
            environments: { a: {} }
            server:
              url: https://mainstay.example
              openid:
                issuer: https://login.example
                client-id: mainstay
                mails: { ann: a@example.org, bob: A@example.org, Eve: e@example.org }
            """,
            "mainstay.yaml:7:5: server.openid.mails: 'Eve' is no name for an account (allowed: small letters, digits, '-', "
                + "'_', '.')",
            "mainstay.yaml:7:5: server.openid.mails: 'a@example.org' stands there for 'ann' and 'bob'"
        ).beyondSchema,
        Broken(
            """
            environments: { a: { resources: { web: { kind: http, url: "https://a.example/" } } } }
            server: { status-page: { title: Shop, path: /status } }
            """,
            "mainstay.yaml:2:24: server.status-page: at least one of the keys 'components' is needed",
            "mainstay.yaml:2:39: server.status-page.path: 'path' is not supported yet"),
        Broken(
            """
            environments: { a: { resources: { web: { kind: http, url: "https://a.example/" } } } }
            monitoring: {}
            server:
              status-page:
                components:
                  shop: { name: Shop, environment: a, resources: [web] }
                maintenance:
                  upkeep: { name: Upkeep, routine: weekly, takes: 1h }
                  more: { name: More, windows: a, during: "Sundays 02:00-04:00" }
            """,
            "mainstay.yaml:9:13: server.status-page.maintenance.more: only one of the keys 'during', 'windows', 'routine' "
                + "may stand here"),
        Broken(
            """
            environments: { a: { resources: { web: { kind: http, url: "https://a.example/" } } } }
            server: { status-page: { components: { shop: { name: Shop, environment: b } } } }
            """,
            "mainstay.yaml:2:11: server.status-page: nothing would be known: it needs 'monitoring' beside 'server'",
            "mainstay.yaml:2:60: server.status-page.components.shop.environment: there is no environment 'b' (did you mean "
                + "'a'? allowed: a)"
        ).beyondSchema,
        Broken(
            """
            environments: { a: { resources: { web: { kind: http, url: "https://a.example/" } } } }
            monitoring: {}
            server:
              status-page:
                components:
                  shop: { name: Shop, environment: a, resources: [web, wep] }
                maintenance:
                  upkeep: { name: Upkeep, windows: a, components: [shp] }
            """,
            "mainstay.yaml:6:43: server.status-page.components.shop.resources: there is no resource 'wep' (did you mean "
                + "'web'? allowed: web)",
            "mainstay.yaml:8:43: server.status-page.maintenance.upkeep.components: there is no component 'shp' (did you "
                + "mean 'shop'? allowed: shop)"
        ).beyondSchema,
    ]
}

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
    ]
}

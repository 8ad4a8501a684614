import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@Suite("config show")
struct EffectiveConfigurationTests {
    private let effective = EffectiveConfiguration(vocabulary: vocabulary)

    @Test("reads as the same inventory again")
    func roundTrips() throws {
        let first = try inventory(completeFile)
        let text = effective.text(first)
        let second = try inventory(text, file: "shown.yaml")
        #expect(second.content == first.content)
        #expect(first.content.split(separator: "\n").count > 150)
    }

    @Test("reads as the same inventory again with hostile text in every value that may hold it")
    func roundTripsHostileText() throws {
        for hostile in [
            "a: b # c", "'\"\\", "\n- x", "\u{1b}[2J\u{202e}", "é漢😀", "yes", "12", "*x", "&x", "{}", " a ", "a:",
            "\u{85}\u{2028}",
        ] {
            let quoted = JSONText.quoted(hostile)
            let text = """
                environments:
                  test:
                    labels: { a: \(quoted) }
                    resources:
                      db: { kind: postgresql, service: \(quoted), role: \(quoted) }
                      site: { kind: http, url: "http://x/", expect: { body: \(quoted) } }
                      logs: { kind: logs, paths: [\(JSONText.quoted("/" + hostile))], rotate: { size: 1, after: { command: [a, \(quoted)] } } }
                routines: { r: { description: \(quoted), steps: [\(JSONText.quoted("report daily '\(hostile.replacing("'", with: ""))'"))] } }
                """
            let first = try inventory(text)
            let shown = effective.text(first)
            #expect(try inventory(shown).content == first.content, "\(hostile.printable)")
            #expect(shown.split(separator: "\n").allSatisfy { $0 == $0.printable })
        }
    }

    @Test("shows defaults and where everything else comes from")
    func showsOrigins() throws {
        let text = effective.text(try inventory(resource("kind: http\nurl: https://x/")))
        #expect(
            text == """
                # From mainstay.yaml.
                environments:  # mainstay.yaml:1:1
                  test:  # mainstay.yaml:2:3
                    protected: false  # default
                    resources:  # mainstay.yaml:3:5
                      main:  # mainstay.yaml:4:7
                        kind: http
                        url: https://x/  # mainstay.yaml:6:9
                        method: GET  # default
                        expect:
                          status:  # default
                            - 2xx
                        timeout: 30s  # default
                        follow-redirects: false  # default
                        http2: false  # default
                        certificate-days:
                          warning: 30  # default
                          critical: 7  # default
                        body-limit: 1M  # default
                backups:
                  certificate-pdf: false  # default
                  jobs: 2  # default
                  compression-level: 1  # default
                  read-twice: 10  # default
                  prove-within: 8d  # default
                approvals:
                  expires: 1d  # default
                  standing: 100d  # default

                """)
    }

    @Test("shows no secret, and what it hides cannot be read back as one")
    func hidesSecrets() throws {
        let inventory = try inventory(
            """
            environments:
              test:
                resources:
                  a: { kind: postgresql, url: "postgresql://app:s3cret@db/x?sslpassword=s3cret" }
                  b: { kind: postgresql, connection: "host=db password='s3cret x'", password: s3cret }
                  c: { kind: http, url: "https://u:s3cret@x/", headers: { Authorization: "Bearer s3cret" } }
            """)
        let text = effective.text(inventory)
        #expect(!text.contains("s3cret"))
        #expect(text.contains("# '•••' stands for secrets that are not shown.\n"))
        #expect(problems(text).count == 5)
        for shown in ["\(inventory)", String(reflecting: inventory)] { #expect(!shown.contains("s3cret")) }
        var dumped = ""
        dump(inventory, to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }
}

@Suite("a starter file")
struct StarterFileTests {
    private static let steps = ["health check", "db update-stats", "report daily"]

    private func starter(_ connection: String) throws -> StarterFile {
        try StarterFile(connection: connection, environment: "production", isProtected: true, steps: Self.steps)
    }

    @Test(
        "is a configuration, without the password it was made from",
        arguments: [
            (
                "postgresql://app:s3cret@db.example:5432/shop?sslmode=require",
                "postgresql://app@db.example:5432/shop?sslmode=require", true
            ),
            ("postgres://app@db/shop", "postgres://app@db/shop", false),
            ("postgresql://db/shop?password=s3cret&user=app", "postgresql://db/shop?user=app", true),
            ("postgresql://db/shop?password=s3cret", "postgresql://db/shop", true),
            ("postgresql://a:s3:cr/et@db/shop", "postgresql://a@db/shop", true),
            ("  postgresql:///${shop}  ", "postgresql:///${shop}", false),
            ("host=db dbname=shop password = 's3 cret' user=app", "host=db dbname=shop user=app", true),
            ("host=db dbname='my shop'", "host=db dbname='my shop'", false),
        ])
    func makesConfigurations(connection: String, kept: String, heldPassword: Bool) throws {
        let starter = try starter(connection)
        #expect(starter.heldPassword == heldPassword)
        #expect(!starter.text.contains("s3") && !starter.text.contains("cret"))
        let inventory = try inventory(starter.text)
        let environment = try #require(inventory.environments.first)
        #expect((environment.name, environment.isProtected) == ("production", true))
        guard case .postgresql(let access) = environment.resources.first?.access else {
            Issue.record("there is no database in it")
            return
        }
        switch access.connection {
        case .url(let text), .keywords(let text): #expect(text.literal == kept)
        case .service: Issue.record("it became a service")
        }
        #expect(access.password?.description == (heldPassword ? "${MAINSTAY_PASSWORD}" : nil))
        #expect(
            inventory.routines.first?.steps.map(\.action)
                == Self.steps.map { .task($0.split(separator: " ").map(String.init)) })
    }

    @Test("is a configuration with every one of its commented lines too")
    func commentsAreRight() throws {
        let text = try starter("postgresql://db/x").text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // A line such as '# reports:' or '      # site:' is configuration behind a comment; prose is a sentence, and of
        // the ways to write a password the first is enough.
        var hasPassword = false
        let bare = lines.map { line -> String in
            guard let mark = line.firstRange(of: "# ") else { return line }
            let rest = line[mark.upperBound...]
            guard rest.contains(": ") || rest.hasSuffix(":"), !rest.contains("'"), !rest.contains("PGPASSWORD") else {
                return line
            }
            if rest.contains("password:") {
                if hasPassword { return line }
                hasPassword = true
                return line[..<mark.lowerBound] + String(rest.trimmingWhitespace())
            }
            return String(line[..<mark.lowerBound] + rest)
        }.joined(separator: "\n")
        let inventory = try inventory(bare)
        #expect(
            inventory.environments.first?.resources.map(\.name) == ["main", "site", "machine", "app-logs", "uploads"])
        #expect(inventory.environments.first?.labels == ["region": "eu"])
        #expect(inventory.check("connections", in: "production").warning?.value == .at(80))
        #expect(inventory.reports.keep?.value == Period(months: 12))
    }

    @Test(
        "is refused for what is no connection, without showing it",
        arguments: ["", "s3cret", "mysql://a:s3cret@b/c", "https://x?a=b", "postgresql://a\nb"])
    func refusesOthers(connection: String) {
        let error = #expect(throws: StarterFileError.self) { try starter(connection) }
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test("is written whole and never over another file", .temporaryDirectory)
    func neverOverwrites() throws {
        let path = "\(TemporaryDirectory.current)/mainstay.yaml"
        let file = try starter("postgresql://db/x")
        try file.create(at: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == file.text)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: StarterFileError.exists(path)) { try file.create(at: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try FileManager.default.contentsOfDirectory(atPath: TemporaryDirectory.current) == ["mainstay.yaml"])
        let missing = "\(TemporaryDirectory.current)/none/mainstay.yaml"
        #expect(throws: StarterFileError.write(path: missing, reason: "no such file or directory")) {
            try file.create(at: missing)
        }
    }
}

@Suite("configured text that comes from elsewhere", .temporaryDirectory)
struct ResolvingTests {
    private func resolve(_ text: String) async throws -> Secret {
        let location = SourceLocation(file: "mainstay.yaml", line: 1, column: 1)
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin", "NAME": "shop"])
        return try await ConfiguredText(text, secrecy: .whole, location: location).resolve(with: programs)
    }

    @Test("is fetched from the environment, a file or a command")
    func fetches() async throws {
        let path = "\(TemporaryDirectory.current)/secret"
        try Data("from a file\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(try await resolve("a ${NAME} ${OTHER:-b}").reveal() == "a shop b")
        #expect(try await resolve("file:\(path)").reveal() == "from a file")
        #expect(try await resolve("command:printf '%s' \"from $NAME\"").reveal() == "from shop")
        await #expect(throws: MissingVariables.self) { try await resolve("${NONE}") }
        await #expect(throws: SecretError.self) { try await resolve("file:/none") }
    }
}

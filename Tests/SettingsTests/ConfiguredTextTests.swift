import Settings
import Testing

@Suite("configured text")
struct ConfiguredTextTests {
    static let here = SourceLocation(file: "mainstay.yaml", line: 3, column: 7)

    @Test(
        "secrets do not print",
        arguments: [
            ("postgresql://app:s3cret@db/shop", .url, "postgresql://app:•••@db/shop"),
            ("postgresql://app:s3/cr@et@db/shop", .url, "postgresql://app:•••@db/shop"),
            ("postgresql://app:s3cret${X}@db/shop", .url, "postgresql://app:•••@db/shop"),
            ("postgresql://app:${PW}@db/shop", .url, "postgresql://app:${PW}@db/shop"),
            ("postgresql://app:${PW:-s3cret}@db/shop", .url, "postgresql://app:•••@db/shop"),
            ("postgresql://db:5432/shop", .url, "postgresql://db:5432/shop"),
            (
                "postgresql://db/shop?user=a&password=s3cret&sslkey=/k", .url,
                "postgresql://db/shop?user=a&password=•••&sslkey=/k"
            ),
            ("${SCHEME:-postgresql}://a:s3cret@b/c", .url, "${SCHEME:-postgresql}://a:•••@b/c"),
            ("https://x/?api_token=s3cret", .url, "https://x/?api_token=•••"),
            ("app:s3cret@db", .url, "app:•••@db"),
            ("https://s3cret@x/", .url, "https://•••@x/"),
            ("https://${TOKEN}@x/", .url, "https://${TOKEN}@x/"),
            ("host=db postgresql://app:s3cret@db?sslmode=require", .keywords, "host=db •••"),
            ("password=s3=cret=x", .keywords, "password=•••"),
            ("host=db password=s3cret user=app", .keywords, "host=db password=••• user=app"),
            (#"host=db password = 's3 \' cret' user=app"#, .keywords, "host=db password = ••• user=app"),
            ("host=db password=${PW}", .keywords, "host=db password=${PW}"),
            ("host=db password=s3 cret", .keywords, "host=db password=••• •••"),
            ("postgresql://app:\u{301}s3cret@\u{301}db/shop", .url, "postgresql://app:•••@\u{301}db/shop"),
            ("https://x/?\u{301}a=b&\u{301}token=\u{301}s3cret", .url, "https://x/?\u{301}a=b&\u{301}token=•••"),
            ("password=\u{301}s3cret user=app", .keywords, "password=••• user=app"),
            ("password='\u{301}s3 cret'\u{301} user=app", .keywords, "password=•••••• user=app"),
            ("${DSN_PASSWORD:-s3cret}", .keywords, "•••"),
            ("s3cret", .whole, "•••"),
            ("Bearer ${TOKEN}", .whole, "•••${TOKEN}"),
            ("${TOKEN:-s3cret}", .whole, "${TOKEN:-•••}"),
            ("file:/run/secrets/shop", .whole, "file:/run/secrets/shop"),
            ("command:pass show shop", .whole, "command:pass show shop"),
        ] as [(String, ConfiguredText.Secrecy, String)])
    func hidesSecrets(text: String, secrecy: ConfiguredText.Secrecy, printed: String) throws {
        let text = try ConfiguredText(text, secrecy: secrecy, location: Self.here)
        #expect(text.description == printed)
        for shown in [
            "\(text)", String(reflecting: text), "\([text])", "\(Mirror(reflecting: text).children.map(\.value))",
        ] {
            #expect(!shown.contains("s3"), "'\(shown)' shows the secret")
        }
        var dumped = ""
        dump(text, to: &dumped)
        #expect(!dumped.contains("s3"))
    }

    @Test(
        "variables are filled in from the environment",
        arguments: [
            ("a${X}b", "a1b"), ("${X}${X}", "11"), ("${NONE:-2}", "2"), ("${EMPTY:-2}", "2"), ("${EMPTY}", ""),
            ("$X", "$X"), ("$${X}", "${X}"), ("", ""), ("${X:-}", "1"), ("50$", "50$"),
        ])
    func fillsVariables(text: String, value: String) throws {
        let text = try ConfiguredText(text, secrecy: .whole, location: Self.here)
        #expect(try text.filled(from: ["X": "1", "EMPTY": ""]) == value)
    }

    @Test("all variables that are not set are named")
    func namesMissingVariables() throws {
        let text = try ConfiguredText("${A}${B}${A}", secrecy: .whole, location: Self.here)
        let error = #expect(throws: MissingVariables.self) { try text.filled(from: [:]) }
        #expect(
            error?.problem == "the environment variables 'A', 'B', needed at mainstay.yaml:3:7, are not set")
    }

    @Test(
        "malformed text is refused without showing it",
        arguments: [
            ("${", MalformedText.unclosedVariable), ("${A B}", .invalidVariable), ("${1A}", .invalidVariable),
            ("${}", .invalidVariable), ("file:secret", .relativePath), ("command: ", .emptyCommand),
            ("postgresql://a:•••@b", .hidden),
        ])
    func refusesMalformedText(text: String, expected: MalformedText) {
        #expect(throws: expected) { try ConfiguredText(text, secrecy: .url, location: Self.here) }
    }
}

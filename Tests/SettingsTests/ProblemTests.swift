import Maintenance
import Settings
import Testing

/// What is wrong, and every line people see of it.
struct Broken: Sendable, CustomTestStringConvertible {
    var text: String
    var lines: [String]
    /// JSON Schema cannot say it: an order, a range of durations, what another key or YAML itself makes wrong.
    var isBeyondSchema = false

    init(_ text: String, _ lines: String...) {
        self.text = text
        self.lines = lines
    }

    var beyondSchema: Broken {
        var copy = self
        copy.isBeyondSchema = true
        return copy
    }

    var testDescription: String { text.printable }
}

@Suite("a configuration that is wrong")
struct ProblemTests {
    @Test("every mistake is shown with its place and what is allowed", arguments: Broken.all)
    func showsMistakes(broken: Broken) {
        #expect(problems(broken.text) == broken.lines)
    }

    @Test("all mistakes are shown at once, in the order of the files")
    func showsAll() {
        let lines = problems([
            (
                "mainstay.yaml",
                "environments:\n  test:\n    protectd: yes\n    resources: { main: { kind: postgres } }\n"
            ),
            ("mainstay.d/a.yaml", "dashboard: {}\nroutines: { daily: { steps: [helth check] } }\n"),
        ])
        #expect(
            lines == [
                "mainstay.yaml:3:5: environments.test.protectd: unknown key 'protectd' (did you mean 'protected'?)",
                "mainstay.yaml:4:32: environments.test.resources.main.kind: 'postgres' is not allowed here "
                    + "(did you mean 'postgresql'? allowed: postgresql, http, host, logs, files, storage, tcp, tls, command, query, dns, "
                    + "ping, redis, process, service, suite, pgbouncer, log-pattern, heartbeat)",
                "mainstay.d/a.yaml:1:1: dashboard: 'dashboard' is not supported yet",
                "mainstay.d/a.yaml:2:30: routines.daily.steps[1]: there is no task 'helth check' "
                    + "(did you mean 'health check'?)",
            ])
    }

    @Test("the error holds every line and the exit status of a wrong configuration")
    func wordsTheError() throws {
        let error = try #require(
            #expect(throws: ConfigurationError.self) {
                try reader.read([("mainstay.yaml", "environments: { a b: {} }\ndashboard: 1\n")], directory: "/")
            })
        #expect(
            error.problem == """
                the configuration has 2 problems
                  mainstay.yaml:1:17: environments.a b: 'a b' cannot be the environment's name (allowed: letters a-z, digits, '-', '_', '.', at most 63, beginning with a letter or digit)
                  mainstay.yaml:2:1: dashboard: 'dashboard' is not supported yet
                """)
        #expect(error.exitStatus == .configuration)
        #expect(error.code == "configuration.invalid")
    }

    @Test("a definition in two files names both places")
    func refusesDuplicates() {
        let lines = problems([
            ("mainstay.yaml", "environments: { test: { protected: true, resources: { main: { kind: host } } } }"),
            (
                "mainstay.d/a.yaml",
                "environments:\n  test:\n    protected: true\n    resources:\n      main: { kind: host }"
            ),
        ])
        #expect(
            lines == [
                "mainstay.d/a.yaml:3:5: environments.test.protected: 'protected' is already defined at mainstay.yaml:1:25",
                "mainstay.d/a.yaml:5:7: environments.test.resources.main: 'main' is already defined at mainstay.yaml:1:55",
            ])
    }

    @Test(
        "a name that would need quoting somewhere is refused, and cannot forge a line",
        arguments: [
            "a b", "-a", ".", "..", "a/b", "é", "<script>", "a;b", "a\nb", "\u{1b}[2J", "\"", "'; drop table x; --",
            String(repeating: "a", count: 64),
        ])
    func refusesNames(name: String) {
        let key = JSONText.quoted(name)
        for text in [
            "environments: { ? \(key) : {} }", "environments: { a: { resources: { ? \(key) : { kind: host } } } }",
            "environments: { a: {} }\nroutines: { ? \(key) : { steps: [health check] } }",
            "environments: { a: { labels: { ? \(key) : b } } }",
        ] {
            let lines = problems(text)
            #expect(lines.count == 1)
            #expect(lines.first?.contains("cannot be the ") ?? false)
            #expect(lines.allSatisfy { $0 == $0.printable })
        }
    }

    @Test(
        "names of 63 letters, digits, '-', '_' and '.' are fine",
        arguments: ["a", "9", "a.b-c_D", String(repeating: "a", count: 63)])
    func acceptsNames(name: String) {
        #expect(problems("environments: { \(name): { resources: { \(name): { kind: host } } } }").isEmpty)
    }

    @Test("a password never gets into a problem")
    func hidesPasswords() {
        for text in [
            resource("kind: postgresql\nurl: mysql://app:s3cret@db/x"), resource("kind: postgresql\nurl: [s3cret]"),
            resource("kind: postgresql\nservice: a\npassword: ${s3cret"),
            resource("kind: postgresql\nservice: a\npassword: {a: s3cret}"),
            resource("kind: http\nurl: https://x/\nheaders: {A: '${s3cret'}"),
            resource("kind: postgresql\nconnection: s3cret"), resource("password:s3cret"),
            resource("kind: postgresql\nservice: postgresql://a:s3cret@b/c"),
            resource("kind: postgresql\nconnection: postgresql://a:s3cret@b/c?sslmode=require"),
            resource("kind: storage\npath: postgresql://a:s3cret@b/c"),
            resource("kind: host\ndisks: [\"password=s3cret\"]"),
            resource("kind: postgresql\npassword: \"s3cret\" x"), resource("postgresql://a:s3cret@b/c: [}"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try inventory(text) }
            #expect(error?.description.contains("s3cret") == false, "\(error?.description ?? "")")
        }
    }
}

enum JSONText {
    static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 32:
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(result)\""
    }
}

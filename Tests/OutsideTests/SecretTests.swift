import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("secrets", .temporaryDirectory)
struct SecretTests {
    struct Holder: Encodable {
        var name = "shop"
        var password = Secret("hunter2")
        var more: [String: Secret] = ["a": Secret("hunter2")]
    }

    @Test("a secret shows itself nowhere: not printed, described, dumped, reflected, interpolated or encoded")
    func hidden() throws {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        let json = String(decoding: try JSONEncoder().encode(holder), as: UTF8.self)
        let shown = [
            "\(holder)", String(describing: holder.password), String(reflecting: holder), dumped, json,
            "\(Mirror(reflecting: holder.password).children.map { "\($0.value)" })", "\([holder.password])",
            "\(Optional(holder.password) as Any)", "\(SecretSource.file(path: "/x"))",
        ]
        for text in shown { #expect(!text.contains("hunter2")) }
        #expect(json.contains("•••"))
        #expect(holder.password.reveal() == "hunter2")
    }

    @Test(
        "variables are filled in where they stand",
        arguments: [
            ("${PW}", "p$w"), ("a${PW}b${USER_1}", "ap$wbme"), ("plain", "plain"), ("$PW", "$PW"), ("$${PW}", "${PW}"),
            ("", ""), ("cost $5", "cost $5"), ("${PW}${PW}", "p$wp$w"),
        ])
    func variables(text: String, expected: String) async throws {
        let own = Programs(environment: ["PW": "p$w", "USER_1": "me"])
        #expect(try await SecretSource(text).resolve(with: own).reveal() == expected)
    }

    @Test(
        "what cannot be read as a source is refused",
        arguments: ["${", "${A", "${}", "${A B}", "${1A}", "file:x", "command: "])
    func malformed(text: String) {
        #expect(throws: SecretError.self) { try SecretSource(text) }
    }

    @Test("a missing variable is named, and is a configuration error")
    func missingVariable() async throws {
        let own = Programs(environment: [:])
        let error = await #expect(throws: SecretError.self) { try await SecretSource("x${SHOP_PW}").resolve(with: own) }
        #expect(error?.problem == "the environment variable 'SHOP_PW' is not set")
        #expect(error?.exitStatus == .configuration)
    }

    @Test(
        "a file gives its text without the last line break",
        arguments: [("pw\n", "pw"), ("pw\r\n", "pw"), ("p w\n\n", "p w\n"), ("pw", "pw")])
    func file(content: String, expected: String) async throws {
        let path = try write(content, mode: 0o600)
        #expect(try await SecretSource("file:\(path)").resolve(with: programs).reveal() == expected)
    }

    @Test("a file that every user can read is refused with the line that mends it")
    func exposedFile() async throws {
        let path = try write("pw", mode: 0o644)
        let error = await #expect(throws: SecretError.self) {
            try await SecretSource("file:\(path)").resolve(with: programs)
        }
        #expect(error == .readableByEverybody(path: path))
        #expect(error?.hint == "Run 'chmod o-rwx \(path)'.")
    }

    @Test("an empty, binary, endless or missing file and a directory are refused")
    func unusableFiles() async throws {
        let cases: [(String, String)] = [
            ("file:" + (try write("\n", mode: 0o600, name: "empty")), "secret.unusable"),
            ("file:" + (try write("a\0b", mode: 0o600, name: "nul")), "secret.unusable"),
            (
                "file:" + (try write(String(repeating: "x", count: 70_000), mode: 0o600, name: "long")),
                "secret.unusable"
            ),
            ("file:\(TemporaryDirectory.current)", "secret.unreadable"), ("file:/dev/zero", "secret.unreadable"),
            ("file:\(TemporaryDirectory.current)/none", "secret.unreadable"),
        ]
        for (text, code) in cases {
            let error = await #expect(throws: SecretError.self) { try await SecretSource(text).resolve(with: programs) }
            #expect(error?.code == code, "\(text)")
        }
    }

    @Test("a command gives its output; when it fails its standard error is shown and its output is not")
    func command() async throws {
        #expect(try await SecretSource("command:echo \"p w\"").resolve(with: programs).reveal() == "p w")
        let failing = try SecretSource("command:echo h''unter2; echo 'vault is sealed' >&2; exit 7")
        let error = await #expect(throws: SecretError.self) { try await failing.resolve(with: programs) }
        #expect(error?.problem.contains("vault is sealed") == true)
        #expect(error?.problem.contains("status 7") == true)
        #expect(error.map { "\($0)" }?.contains("hunter2") == false)
    }

    @Test("a command that hangs is ended by its time limit")
    func hangingCommand() async throws {
        let source = try SecretSource("command:sleep 600")
        let error = await #expect(throws: SecretError.self) {
            try await source.resolve(with: programs, timeLimit: .milliseconds(200))
        }
        #expect(error?.problem.contains("time limit") == true)
    }

    private func write(_ content: String, mode: Int, name: String = "secret") throws -> String {
        let path = TemporaryDirectory.current + "/\(name)"
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }
}

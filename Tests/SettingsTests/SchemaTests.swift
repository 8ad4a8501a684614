import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

/// What Python's `jsonschema` and PyYAML, which are not ours, say about documents and our schema.
struct SchemaJudge {
    private static let program = #"""
        import json, sys, yaml
        import jsonschema
        data = json.load(sys.stdin)
        schema = json.loads(data["schema"])
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        answers = []
        for text in data["documents"]:
            try:
                document = yaml.safe_load(text)
            except yaml.YAMLError as error:
                answers.append("no YAML")
                continue
            error = jsonschema.exceptions.best_match(validator.iter_errors(document))
            answers.append("" if error is None else error.message)
        json.dump(answers, sys.stdout)
        """#

    /// One answer for each document: empty where the schema allows it.
    static func judge(_ documents: [String], schema: String) async throws -> [String] {
        let packages = "\(TemporaryDirectory.current)/python"
        if try await !run(["-c", "import jsonschema, yaml"], packages).isSuccess {
            _ = try await run(
                ["-m", "pip", "install", "--quiet", "--target", packages, "jsonschema>=4.18", "PyYAML"], packages
            ).checked()
        }
        let input = try JSONEncoder().encode(Request(schema: schema, documents: documents))
        let outcome = try await run(["-c", program], packages, input: Array(input)).checked()
        return try JSONDecoder().decode([String].self, from: Data(try #require(outcome.output.bytes)))
    }

    private struct Request: Codable {
        var schema: String
        var documents: [String]
    }

    /// With all of our environment, since pip may need any of it.
    private static func run(
        _ arguments: [String], _ packages: String, input: [UInt8] = []
    ) async throws -> ProgramOutcome {
        let ours = ProcessInfo.processInfo.environment
        let child = ChildProgram(
            "python3", arguments,
            environment: ChildEnvironment(["PYTHONPATH": .plain(packages)], inheriting: Set(ours.keys)),
            input: .bytes(input), timeLimit: .seconds(300))
        return try await Programs(environment: ours).run(child, keeping: ByteCount(64 * 1_048_576))
    }
}

@Suite("config schema", .temporaryDirectory)
struct SchemaTests {
    private let schema = ConfigurationSchema(vocabulary: vocabulary).json

    @Test("a JSON Schema validator of others allows what the reader allows")
    func allowsWhatIsRight() async throws {
        let starter = try StarterFile(
            connection: "postgresql://a:b@c/d", environment: "test", isProtected: false, steps: ["health check"])
        let documents = [
            completeFile, probeFile, starter.text,
            EffectiveConfiguration(vocabulary: vocabulary).text(try inventory(completeFile)),
            "environments: {}", "checks: { disk: { warning: 1048576, critical: none } }",
            resource("kind: http\nurl: http://x/\nexpect: { status: 200 }\ntimeout: 1h 30m"),
            resource("kind: files\npath: /tmp\nolder-than: 12mo"),
        ]
        for (document, answer) in zip(documents, try await SchemaJudge.judge(documents, schema: schema)) {
            #expect(answer.isEmpty, "\(document)")
        }
    }

    @Test("and refuses what the reader refuses, but for what only the reader can know")
    func refusesWhatIsWrong() async throws {
        let broken = Broken.all.filter { !$0.lines.isEmpty }
        let answers = try await SchemaJudge.judge(broken.map(\.text), schema: schema)
        for (broken, answer) in zip(broken, answers) {
            #expect(answer.isEmpty == broken.isBeyondSchema, "\(broken.text.printable) \(answer)")
        }
    }
}

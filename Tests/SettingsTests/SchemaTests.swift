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
    static func judge(_ documents: [String], schema: String) throws -> [String] {
        let packages = "\(TemporaryDirectory.current)/python"
        if try run(["-c", "import jsonschema, yaml"], packages, input: Data()).status != 0 {
            let installed = try run(
                ["-m", "pip", "install", "--quiet", "--target", packages, "jsonschema>=4.18", "PyYAML"], packages,
                input: Data())
            try #require(installed.status == 0, "jsonschema cannot be installed: \(installed.errors)")
        }
        let input = try JSONEncoder().encode(Request(schema: schema, documents: documents))
        let outcome = try run(["-c", program], packages, input: input)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode([String].self, from: outcome.output)
    }

    private struct Request: Codable {
        var schema: String
        var documents: [String]
    }

    private static func run(_ arguments: [String], _ packages: String, input: Data) throws
        -> (status: Int32, output: Data, errors: String)
    {
        let files = ["input", "output", "errors"].map { URL(fileURLWithPath: "\(TemporaryDirectory.current)/\($0)") }
        try input.write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": packages]) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return (
            process.terminationStatus, try Data(contentsOf: files[1]),
            String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
        )
    }
}

@Suite("config schema", .temporaryDirectory)
struct SchemaTests {
    private let schema = ConfigurationSchema(vocabulary: vocabulary).json

    @Test("a JSON Schema validator of others allows what the reader allows")
    func allowsWhatIsRight() throws {
        let starter = try StarterFile(
            connection: "postgresql://a:b@c/d", environment: "test", isProtected: false, steps: ["health check"])
        let documents = [
            completeFile, starter.text,
            EffectiveConfiguration(vocabulary: vocabulary).text(try inventory(completeFile)),
            "environments: {}", "checks: { disk: { warning: 1048576, critical: none } }",
            resource("kind: http\nurl: http://x/\nexpect: { status: 200 }\ntimeout: 1h 30m"),
            resource("kind: files\npath: /tmp\nolder-than: 12mo"),
        ]
        for (document, answer) in zip(documents, try SchemaJudge.judge(documents, schema: schema)) {
            #expect(answer.isEmpty, "\(document)")
        }
    }

    @Test("and refuses what the reader refuses, but for what only the reader can know")
    func refusesWhatIsWrong() throws {
        let broken = Broken.all.filter { !$0.lines.isEmpty }
        let answers = try SchemaJudge.judge(broken.map(\.text), schema: schema)
        for (broken, answer) in zip(broken, answers) {
            #expect(answer.isEmpty == broken.isBeyondSchema, "\(broken.text.printable) \(answer)")
        }
    }
}

import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@Suite("configuration files on disk", .temporaryDirectory)
struct FileTests {
    private var main: String { "\(TemporaryDirectory.current)/mainstay.yaml" }

    private func write(_ name: String, _ bytes: some Sequence<UInt8>) throws {
        let url = URL(fileURLWithPath: "\(TemporaryDirectory.current)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    private func write(_ name: String, _ text: String) throws { try write(name, text.utf8) }

    /// The problems of what stands in the directory, with the directory itself taken out of them.
    private func problems() -> [String] {
        do throws(ConfigurationError) {
            _ = try reader.read(main)
            return []
        } catch {
            return error.problems.flatMap { [$0.line] + $0.excerpt }.map {
                $0.replacingOccurrences(of: "\(TemporaryDirectory.current)/", with: "")
            }
        }
    }

    @Test("files of mainstay.d are read after the main one, in the order of their names, and nothing else is")
    func readsDirectory() throws {
        try write("mainstay.yaml", "environments: { a: {} }")
        try write("mainstay.d/20.yml", "environments: { c: {} }")
        try write("mainstay.d/10.json", #"/* x */ { "environments": { "b": {} } }"#)
        try write("mainstay.d/.hidden.yaml", "broken: [")
        try write("mainstay.d/30.yaml.orig", "broken: [")
        let inventory = try reader.read(main).inventory
        #expect(inventory.environments.map(\.name) == ["a", "b", "c"])
        #expect(inventory.sourceFiles.map { $0.split(separator: "/").last } == ["mainstay.yaml", "10.json", "20.yml"])
    }

    @Test("a guide's file can be read from anywhere after them")
    func readsFurtherFiles() throws {
        try write("mainstay.yaml", HealthCheckFileTests.main)
        try write("elsewhere/checks.json", HealthCheckFileTests.guide)
        let further = "\(TemporaryDirectory.current)/elsewhere/checks.json"
        let inventory = try reader.read(main, further: [further]).inventory
        #expect(inventory.check("connectivity", in: "test").retries?.location.file == further)
    }

    @Test("relative paths begin at the directory of the main file, wherever one stands")
    func resolvesPaths() throws {
        try write("mainstay.yaml", "environments: { a: {} }")
        try write("mainstay.d/reports.yaml", "reports: { directory: ./out/../reports }")
        #expect(try reader.read(main).inventory.reports.directory == "\(TemporaryDirectory.current)/reports")
    }

    @Test("a missing file is one clear problem")
    func missingFile() {
        #expect(problems() == ["'mainstay.yaml' cannot be read: no such file or directory"])
    }

    @Test("a directory, a FIFO and a device are refused without waiting", .timeLimit(.minutes(1)))
    func strangeFiles() throws {
        try FileManager.default.createDirectory(atPath: main, withIntermediateDirectories: true)
        #expect(problems() == ["'mainstay.yaml' is a directory (allowed: a YAML file)"])
        try FileManager.default.removeItem(atPath: main)
        #expect(mkfifo(main, 0o600) == 0)
        #expect(problems() == ["'mainstay.yaml' is no regular file (allowed: a YAML file)"])
        try FileManager.default.removeItem(atPath: main)
        try FileManager.default.createSymbolicLink(atPath: main, withDestinationPath: "/dev/zero")
        #expect(problems() == ["'mainstay.yaml' is no regular file (allowed: a YAML file)"])
        try FileManager.default.removeItem(atPath: main)
        try FileManager.default.createSymbolicLink(atPath: main, withDestinationPath: "mainstay.yaml")
        #expect(problems() == ["'mainstay.yaml' cannot be read: too many levels of symbolic links"])
    }

    @Test("a file of 10 MB is refused at once")
    func largeFile() throws {
        try write("mainstay.yaml", repeatElement(UInt8(ascii: "#"), count: 10_485_760))
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            #expect(problems() == ["'mainstay.yaml' is 10 MB long (allowed: a file of at most 1 MB)"])
        }
        #expect(elapsed < .seconds(1))
    }

    @Test("a file that lies about its length is still bounded")
    func growingFile() throws {
        try FileManager.default.createSymbolicLink(atPath: main, withDestinationPath: "/proc/kallsyms")
        let lines = problems()
        #expect(lines.count == 1)
        #expect(lines.first?.contains("allowed: a file of at most 1 MB") ?? false, "\(lines)")
    }

    @Test("all broken files are reported together, and every one of mainstay.d counts")
    func brokenFiles() throws {
        try write("mainstay.yaml", "environments:\n  test: {\n")
        try write("mainstay.d/a.yaml", "checks:\n\tmemory: {}\n")
        try write("mainstay.d/b.yaml", [0x61, 0x3a, 0x20, 0x0a, 0x62, 0x00])
        try write("mainstay.d/c.yaml", [0x61, 0x3a, 0x0a, 0xc3, 0xa9, 0xff, 0x41])
        try write("mainstay.d/d.yaml", [0xff, 0xfe, 0x61, 0x00])
        #expect(
            problems() == [
                "mainstay.yaml:3:1: this cannot be read as YAML: did not find expected node content (while parsing a flow node)",
                "mainstay.d/a.yaml:2:1: a tab stands here, and YAML is indented with spaces",
                "\\tmemory: {}", "^",
                "mainstay.d/b.yaml:2:2: a NUL byte stands here",
                "mainstay.d/c.yaml:2:2: this is not UTF-8 (allowed: UTF-8)",
                "'mainstay.d/d.yaml' is UTF-16 (allowed: UTF-8)",
            ])
    }

    @Test(
        "broken YAML is one problem with its line and a caret",
        arguments: [
            ("environments:\n  test:\n   a: b\n  c: [d\ne: f", ["e: f", " ^"]),
            ("a: b: c", ["a: b: c", "    ^"]),
            ("include: *.log", ["include: *.log", "          ^"]),
            ("a: \"é\u{1b}[2J\nb: c", []),
            ("a: @x", ["a: @x", "   ^"]),
            ("a: \"x", nil), ("- a\nb: c", nil), ("}", nil), ("a: 'x\n", nil), ("%YAML 9.9\n---\na: b", nil),
            ("? [", nil),
        ] as [(String, [String]?)])
    func brokenYAML(text: String, excerpt: [String]?) throws {
        let error = try #require(
            #expect(throws: ConfigurationError.self) { try reader.read([("mainstay.yaml", text)], directory: "/") })
        #expect(error.problems.count == 1)
        let problem = try #require(error.problems.first)
        if let excerpt { #expect(problem.excerpt == excerpt, "\(error.problem)") }
        #expect(error.problem.split(separator: "\n").allSatisfy { $0 == $0.printable })
    }

    @Test("UTF-8 with a byte order mark, CRLF and no last line break is read")
    func foreignText() throws {
        try write("mainstay.yaml", "\u{feff}environments:\r\n  test:\r\n    labels: { name: \"é😀\" }")
        #expect(try reader.read(main).inventory[environment: "test"]?.labels == ["name": "é😀"])
    }

    @Test("a mainstay.d that is no directory is said to be none")
    func strangeDirectory() throws {
        try write("mainstay.yaml", "environments: { a: {} }")
        try write("mainstay.d", "x")
        #expect(problems() == ["'mainstay.d' cannot be read: not a directory"])
    }
}

@Suite("hostile YAML", .timeLimit(.minutes(1)))
struct HostileYAMLTests {
    private static func nested(_ open: String, _ close: String, _ depth: Int) -> String {
        "environments: " + String(repeating: open, count: depth) + String(repeating: close, count: depth)
    }

    @Test(
        "deep nesting ends in one problem",
        arguments: [
            nested("[", "]", 33), nested("[", "]", 5_000), nested("[", "]", 500_000), nested("{a: ", "}", 100_000),
            nested("[", "", 500_000), nested("- ", "", 500_000), nested("? ", "", 300_000),
            (0..<400).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
            nested("[\"]\", ", "]", 50_000), String(repeating: "a: [", count: 200_000),
        ])
    func refusesDepth(text: String) {
        let lines = problems(text)
        #expect(lines.count == 1)
        #expect(
            lines.first.map { $0.contains("nested deeper than 32 levels") || $0.contains("cannot be read as YAML") }
                ?? false, "\(lines.first?.prefix(200) ?? "")")
    }

    @Test("what is nested 32 levels deep is judged by its keys")
    func acceptsDepth() {
        #expect(problems(Self.nested("[", "]", 31)).first?.contains("a list stands where") ?? false)
    }

    @Test(
        "aliases cannot multiply",
        arguments: [
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + (1...9).map {
                    "b\($0): &b\($0) [\(Array(repeating: $0 == 1 ? "*a" : "*b\($0 - 1)", count: 9).joined(separator: ","))]"
                }
                .joined(separator: "\n"),
            "a: &a {b: *a}", "? &a [x]\n: *a", "{ &a x : 1, ? [*a, *a] : 2 }", "a: &x 1\nb: {<<: *x}",
            "\"a\":&a 1\n\"b\":*a",
        ])
    func refusesAliases(text: String) {
        let lines = problems(text)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("aliases") ?? false, "\(lines)")
    }

    @Test("'&' and '*' in ordinary text are no aliases")
    func acceptsAmpersands() {
        let text = resource(
            "kind: http # all & *all*\nurl: https://x/?a=1&b=2\nexpect: { body: '*b* &c' }\nheaders: { A: \"&c *d\" }")
        #expect(problems(text).isEmpty)
    }

    @Test("more values than anybody writes are refused")
    func refusesMany() {
        let text = "a: [" + String(repeating: "1,", count: 200_000) + "]"
        #expect(problems(text).first?.contains("more than 100,000 values") ?? false)
    }

    @Test("a megabyte of keys is judged in seconds")
    func judgesLargeFiles() {
        let text = "environments:\n" + (0..<40_000).map { "  e\($0): { x: 1 }\n" }.joined()
        #expect(problems(text).count == 40_000)
    }
}

import Alert
import MaintenanceTesting
import Outside
import Testing

@Suite("patterns of matchers")
struct PatternTests {
    @Test(
        "a pattern matches whole texts",
        arguments: [
            ("prod|staging", ["prod", "staging"], ["production", "", "prodstaging"]),
            ("prod.*", ["prod", "production"], ["nonprod"]),
            ("^(?:web|api)-[0-9]{2,3}$", ["web-01", "api-123"], ["web-1", "web-1234", "x-01"]),
            ("[^a-c]+", ["xyz"], ["", "xaz"]),
            (#"\d+\.\d+"#, ["15.4"], ["15x4", "15."]),
            ("(a|b)*c?", ["", "abab", "c", "aac"], ["ca"]),
            ("", [""], ["a"]),
            (".+", ["ü", "日本"], ["", "a\nb"]),
            ("a{,2}", ["a{,2}"], ["a", "aa"]),
            (#"[\w-]+@x"#, ["a-b@x"], ["@x", "a b@x"]),
            ("a{0}b", ["b"], ["ab"]),
            ("(?:)*x", ["x"], ["y"]),
        ])
    func wholeTexts(text: String, matching: [String], other: [String]) throws {
        let pattern = try Pattern(text)
        for text in matching { #expect(pattern.matches(text), "'\(text)'") }
        for text in other { #expect(!pattern.matches(text), "'\(text)'") }
    }

    @Test(
        "what is no pattern, or is not known, is refused with the reason",
        arguments: [
            ("(", "not closed"), (")", "closes nothing"), ("*a", "repeats nothing"), ("a**", "repeats a repetition"),
            ("[a", "not closed"), ("[z-a]", "backwards"), (#"\b"#, "not known"), (#"(a)\1"#, "not known"),
            ("(?i)a", "(?:"),
            ("a^b", "behind something"), ("a:^b", "behind something"), ("a$b", "before something"),
            ("a{1001}", "at most 1000"), ("((a{1000}){1000})", "too large"), ("[[:alpha:]]", "[:alpha:]"),
            (#"a\"#, "backslash"),
        ])
    func refused(text: String, reason: String) throws {
        let error = #expect(throws: PatternError.self) { try Pattern(text) }
        #expect(error?.problem.contains(reason) ?? false, "\(error?.problem ?? "")")
    }

    @Test("random patterns decide as Swift's own regular expressions do")
    func agreesWithSwift() throws {
        for seed in 0..<400 {
            var random = SeededGenerator(seed: UInt64(seed))
            let text = Self.random(depth: 3, &random)
            let pattern = try Pattern(text)
            let oracle = try Regex(text)
            for _ in 0..<20 {
                let subject = String(
                    (0..<Int.random(in: 0...6, using: &random)).map { _ in "abc".randomElement(using: &random) ?? "a" })
                let expected = try oracle.wholeMatch(in: subject) != nil
                #expect(pattern.matches(subject) == expected, "seed \(seed): '\(text)' on '\(subject)'")
            }
        }
    }

    private static func random(depth: Int, _ random: inout SeededGenerator) -> String {
        guard depth > 0 else { return ["a", "b", "c", ".", "[ab]", "[^a]"].randomElement(using: &random) ?? "a" }
        let inner = { (random: inout SeededGenerator) in Self.random(depth: depth - 1, &random) }
        switch Int.random(in: 0...6, using: &random) {
        case 0: return inner(&random) + inner(&random)
        case 1: return "(" + inner(&random) + "|" + inner(&random) + ")"
        case 2: return "(" + inner(&random) + ")*"
        case 3: return "(?:" + inner(&random) + ")+"
        case 4: return "(" + inner(&random) + ")?"
        case 5: return "(" + inner(&random) + "){1,2}"
        default: return inner(&random)
        }
    }

    @Test("a pattern that makes others backtrack for ages is decided at once")
    func noBacktracking() throws {
        let pattern = try Pattern("(a*)*b")
        let clock = ContinuousClock()
        var found = true
        let taken = clock.measure { found = pattern.matches(String(repeating: "a", count: 20_000)) }
        #expect(!found)
        #expect(taken < .seconds(5))
    }

    @Test(
        "a matcher is read as Alertmanager writes it",
        arguments: [
            ("severity=critical", #"severity="critical""#), (#"a = "b c" "#, #"a="b c""#), ("team!=db", #"team!="db""#),
            ("r=~web|api", #"r=~"web|api""#), (#"x!~"a\"b""#, #"x!~"a\"b""#), ("object=", #"object="""#),
        ])
    func reads(text: String, canonical: String) throws {
        #expect(try Matcher(parsing: text).description == canonical)
    }

    @Test(
        "what is no matcher is refused with the reason",
        arguments: [
            ("severity", "none of the signs"), ("=x", "no label"), ("a!b", "neither"), (#"a="b"#, "pair"),
            ("a=~(", "not closed"),
        ])
    func refusesMatcher(text: String, reason: String) {
        let error = #expect(throws: MatcherProblem.self) { try Matcher(parsing: text) }
        #expect(error?.problem.contains(reason) ?? false, "\(error?.problem ?? "")")
    }

    @Test("a missing label counts as empty")
    func missing() throws {
        #expect(Matcher("team", is: "").matches([:]))
        #expect(try Matcher("team", .unequal, "db").matches([:]))
        #expect(try Matcher("team", .matching, ".*").matches([:]))
        #expect(try !Matcher("team", .matching, ".+").matches([:]))
        #expect(try Matcher("team", .notMatching, ".+").matches([:]))
    }
}

import Maintenance
import MaintenanceTesting
import Page
import Testing

@Suite("HTML")
struct HTMLTests {
    @Test("hostile text stays text between tags and in an attribute", arguments: HostileText.all)
    func escapes(text: String) async throws {
        let html: HTML = "<p title=\"\(text)\">\(text)</p>"
        let page = try await ParsedPage(html.bytes)
        #expect(page.elements.map(\.name) == ["p"])
        #expect(page.elements.map(\.attributes) == [["title": text.printable]])
        #expect(page.text == text.printable)
        #expect(page.comments.isEmpty && page.mismatches.isEmpty)
    }

    @Test("a substring escapes as a string does", arguments: HostileText.all)
    func escapesSubstrings(text: String) {
        let long = "…\(text)…"
        #expect("\(long.dropFirst().dropLast())" as HTML == "\(text)" as HTML)
    }

    @Test("line breaks and tabs stay where lines are asked for, and nothing else does")
    func keepsLines() {
        let html: HTML = "<pre>\(lines: "a <b>\n\tc\r\n\u{202e}d")</pre>"
        #expect(html.text == "<pre>a &lt;b&gt;\n\tc\\r\n\\u{202e}d</pre>")
    }

    @Test("markup is put in as it is, numbers and missing parts too")
    func composes() {
        let inner: HTML = "<b>\("&")</b>"
        let nothing: HTML? = nil
        let html: HTML = "\(inner)\(nothing)\(12)\([inner, inner])"
        #expect(html.text == "<b>&amp;</b>12<b>&amp;</b><b>&amp;</b>")
        #expect([inner, "x"].joined(separator: "<br>").text == "<b>&amp;</b><br>x")
        #expect((inner + "y").text == "<b>&amp;</b>y")
        #expect(HTML(trusted: "<i>").text == "<i>")
        #expect(HTML().isEmpty && !inner.isEmpty)
    }

    @Test(
        "an address keeps a safe scheme and loses every other",
        arguments: [
            ("https://example.org/a?b=c&d=e#f", "https://example.org/a?b=c&amp;d=e#f"),
            ("HTTP://example.org", "HTTP://example.org"), ("mailto:a@example.org", "mailto:a@example.org"),
            ("#runs", "#runs"), ("/runs/1", "/runs/1"), ("runs?x=1:2", "runs?x=1:2"), ("?a=b", "?a=b"), ("", ""),
            ("javascript:alert(1)", "about:invalid"), ("JaVaScRiPt:alert(1)", "about:invalid"),
            ("data:text/html,<script>", "about:invalid"), ("vbscript:x", "about:invalid"),
            ("//evil.example/x", "about:invalid"), ("file:///etc/passwd", "about:invalid"), (":x", "about:invalid"),
            // A browser drops white space and controls before it looks for the scheme; encoded it finds none.
            (" javascript:alert(1)", "about:invalid"), ("java\tscript:alert(1)", "about:invalid"),
            ("\u{1}javascript:x", "about:invalid"), ("/\\evil.example", "/%5Cevil.example"),
            ("/a b\"><script>", "/a%20b%22%3E%3Cscript%3E"), ("/é", "/%C3%A9"),
        ])
    func guardsAddresses(text: String, expected: String) async throws {
        let html: HTML = "<a href=\"\(url: text)\">x</a>"
        #expect(html.text == "<a href=\"\(expected)\">x</a>")
        #expect(try await ParsedPage(html.bytes).elements.count == 1)
    }

    @Test("a part of an address is encoded whole")
    func encodesComponents() {
        #expect("a b/c?d&é%".urlComponent == "a%20b%2Fc%3Fd%26%C3%A9%25")
        #expect("Az09-._~".urlComponent == "Az09-._~")
    }

    @Test("attributes are written with their space, and left out where there is nothing to say")
    func writesAttributes() {
        let html: HTML = "<p\(attribute: "title", "a\"b")\(attribute: "id", nil)\(attribute: "open", when: true)>"
        #expect(html.text == "<p title=\"a&quot;b\" open>")
        #expect(("<p\(attribute: "open", when: false)>" as HTML).text == "<p>")
    }

    @Test("text where escaping does not hold stops the page", arguments: ["href", "style", "onclick", "bare"])
    func stops(attribute: String) async {
        switch attribute {
        case "href": await #expect(processExitsWith: .failure) { _ = "<a href=\"\("x")\">" as HTML }
        case "style": await #expect(processExitsWith: .failure) { _ = "<p style='\("x")'>" as HTML }
        case "onclick": await #expect(processExitsWith: .failure) { _ = "<p OnClick=\"\("x")\">" as HTML }
        default: await #expect(processExitsWith: .failure) { _ = "<p title=\("x")>" as HTML }
        }
    }

    @Test("an instant is written for people and for programs")
    func writesTimes() {
        let html: HTML = "\(time: Timestamp(microseconds: 0))"
        #expect(html.text == "<time datetime=\"1970-01-01T00:00:00.000000Z\">1970-01-01 00:00 UTC</time>")
    }

    @Test("every standing has its own shape and says its word", arguments: Standing.allCases)
    func marksStandings(standing: Standing) async throws {
        let others = Standing.allCases.filter { $0 != standing }
        #expect(!others.contains { $0.mark == standing.mark })
        let page = try await ParsedPage(standing.badge("<word>").bytes)
        #expect(page.text == "<word>" && page.mismatches.isEmpty)
        #expect(page.elements("svg").allSatisfy { $0.attributes["aria-hidden"] == "true" })
    }
}

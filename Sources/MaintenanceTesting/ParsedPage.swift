import Foundation
import Maintenance
import Outside

/// A page as a parser that is not ours reads it: Python's `html.parser`.
package struct ParsedPage: Decodable, Sendable {
    package struct Element: Decodable, Hashable, Sendable {
        package var name: String
        package var attributes: [String: String]
        /// Names of the elements it stands in, outermost first.
        package var path: [String]
    }

    package var elements: [Element]
    /// All text outside of style sheets, pieces joined with a line break.
    package var text: String
    package var styles: [String]
    package var comments: [String]
    /// Ends without a beginning and beginnings without an end.
    package var mismatches: [String]

    package init(_ bytes: [UInt8]) async throws {
        let program = ChildProgram(
            "python3", ["-c", Self.script], environment: ["PYTHONIOENCODING": .plain("utf-8")], input: .bytes(bytes),
            timeLimit: .seconds(60))
        let outcome = try await Programs(environment: ["PATH": "/usr/bin:/bin:/usr/local/bin"])
            .run(program, keeping: ByteCount(256 * 1_048_576)).checked()
        self = try JSONDecoder().decode(ParsedPage.self, from: Data(outcome.output.bytes ?? []))
    }

    package func elements(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    private static let script = """
        import json, sys
        from html.parser import HTMLParser
        VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}
        class Reader(HTMLParser):
            def __init__(self):
                super().__init__(convert_charrefs=True)
                self.out = {"elements": [], "text": [], "styles": [], "comments": [], "mismatches": []}
                self.stack = []
            def add(self, tag, attrs):
                self.out["elements"].append(
                    {"name": tag, "attributes": {k: v or "" for k, v in attrs}, "path": list(self.stack)})
                if len(attrs) != len(dict(attrs)): self.out["mismatches"].append("twice in " + tag)
            def handle_starttag(self, tag, attrs):
                self.add(tag, attrs)
                if tag not in VOID: self.stack.append(tag)
            def handle_startendtag(self, tag, attrs):
                self.add(tag, attrs)
            def handle_endtag(self, tag):
                if self.stack and self.stack[-1] == tag: self.stack.pop()
                else: self.out["mismatches"].append(tag)
            def handle_data(self, data):
                if self.stack and self.stack[-1] in ("style", "script"): self.out["styles"].append(data)
                else: self.out["text"].append(data)
            def handle_comment(self, data): self.out["comments"].append(data)
        reader = Reader()
        reader.feed(sys.stdin.buffer.read().decode("utf-8"))
        reader.close()
        reader.out["mismatches"] += reader.stack
        reader.out["text"] = "\\n".join(reader.out["text"])
        json.dump(reader.out, sys.stdout)
        """
}

/// Text that breaks out of a page which does not escape it, or deceives the one who reads it.
package enum HostileText {
    package static let all = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</style><script>x",
        "]]><!--", "--><b>", "</title></head>", "&lt;b&gt; &amp; &#60;", "javascript:alert(1)", "a\u{1b}[31mred\u{7}",
        "\u{202e}gnp.exe", "zero\u{200b}width", "new\nline\r\ttab", "nul\u{0}byte", "\u{2028}line", "back`tick` ${x}",
        String(repeating: "x", count: 63), "línea ünïcode 漢字 🙂", "\"; drop table x; --", "{{ 7 * 7 }}",
        "<svg/onload=x>",
        "a=b c='d' e=\"f\" /", "<", "&", "<!doctype html>", "<![CDATA[x]]>",
    ]
}

import Command
import Testing

@Suite("comma-separated values")
struct CSVTextTests {
    @Test(
        "every field is read back as it was, and none is a formula",
        arguments: [
            (["a", "b c", ""], "a,b c,"),
            (["a,b", "c\"d", "e\nf", "g\rh"], "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\rh\""),
            (["=1+1", "+1", "-1", "@a", "-a", "\tb"], "'=1+1,+1,-1,'@a,'-a,'\tb"),
            // For Swift a sign and the accent behind it are one character, and for a spreadsheet two.
            (["=\u{301}1", "a,\u{301}b", "c\"\u{301}d"], "'=\u{301}1,\"a,\u{301}b\",\"c\"\"\u{301}d\""),
        ])
    func fields(fields: [String], line: String) {
        #expect(CSVText.line(fields).utf8.elementsEqual(line.utf8))
    }
}

import Maintenance
import Testing

@Suite("The output of monitoring plugins")
struct PluginOutputTests {
    @Test(
        "performance data are read in their units",
        arguments: [
            ("OK | time=0.02s;1;2;0;10", "'time'=0.02s;1;2"), ("OK | a=5%;80;90", "'a'=5%;80;90;0;100"),
            ("OK | a=5KB", "'a'=5120B;;"), ("OK | 'it''s a=b'=3c;~:4;@1:2", "'it''s a_b'=3;;"),
            ("OK | a=1 b=2\nlong\nmore | c=3\nd=4", "'a'=1;; 'b'=2;; 'c'=3;; 'd'=4;;"),
            ("OK", ""), ("", ""), ("OK | a=U b= =3 'c=1 d=1x", ""), ("OK | a=nan b=1e999", ""),
            ("a=1;;;; | b=-1.5e3ms", "'b'=-1.5s;;"),
        ])
    func values(text: String, values: String) {
        #expect(PluginOutput(text).performance.map(\.description).joined(separator: " ") == values)
    }

    @Test("the first line is the summary, without the data")
    func summary() {
        #expect(PluginOutput("  DISK OK - free  | /=1MB\nlong").summary == "DISK OK - free")
        #expect(PluginOutput("\u{301}|a=1").performance.count == 1)
    }

    @Test("what is written can be read back, whatever the label")
    func roundTrip() {
        for label in ["a", "it's", "a b", "x=y|z", "\n\u{1B}[31m", "é"] {
            let value = PerformanceValue(label, 12.5, .percent, warning: 80, critical: 90)
            let read = PluginOutput("x | \(value)").performance
            #expect(read.count == 1)
            #expect(read.first?.value == 12.5)
            #expect(read.first?.critical == 90)
        }
    }

    @Test("a value has as many digits as anybody draws, and limits say on which side it is bad")
    func written() {
        let share = PerformanceValue("a", 99.216_574_3, .percent, warning: 95, critical: 90.5, isLower: true)
        #expect(share.description == "'a'=99.217%;95:;90.5:;0;100")
        let time = PerformanceValue("a", 0.000_123_456_7, .seconds, warning: 0.5, critical: 1)
        #expect(time.description == "'a'=0.000123s;0.5;1")
        #expect(PerformanceValue("a", 123_456_789_012, .bytes).description == "'a'=123456789012B;;")
    }

    @Test("a plugin that prints without end fills nothing")
    func bounded() {
        let text = "x | " + (0..<5_000).map { "a\($0)=1" }.joined(separator: " ")
        #expect(PluginOutput(text).performance.count == PluginOutput.mostValues)
    }
}

import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import Page

@Suite("charts")
struct ChartTests {
    private static let start = Timestamp(microseconds: 1_795_226_400_000_000)

    private static func points(_ values: [Double], every step: Duration = .seconds(3_600)) -> [Chart.Point] {
        values.enumerated().map { Chart.Point(at: start + step * $0, value: $1) }
    }

    @Test(
        "an axis holds every value, begins at a round one and has few lines",
        arguments: [Maintenance.Measurement.Unit.count, .percent, .seconds, .bytes],
        [
            [0], [7], [-3, 4], [1, 2, 3], [99.7, 100], [0.2, 0.4], [12, 13_000], [1e9, 1.01e9], [0.000_2, 0.000_9],
            [86_399, 90_000], [250], [5e12, 5.1e12], [1e-9], [3.3e15],
        ])
    func scales(unit: Maintenance.Measurement.Unit, values: [Double]) throws {
        let axis = Axis(values, unit: unit)
        #expect(axis.low <= values.min() ?? 0)
        #expect(axis.high >= values.max() ?? 0)
        #expect((2...7).contains(axis.ticks.count), "\(axis.ticks)")
        #expect(axis.ticks == axis.ticks.sorted() && Set(axis.ticks).count == axis.ticks.count)
        #expect(axis.ticks.first == axis.low)
        for value in values { #expect((0...1.000_001).contains(axis.position(value))) }
        if unit != .bytes, values.allSatisfy({ $0 >= 0 }) { #expect(axis.low == 0) }
    }

    @Test(
        "labels of an axis differ from each other",
        arguments: [Maintenance.Measurement.Unit.count, .percent, .bytes, .seconds])
    func labels(unit: Maintenance.Measurement.Unit) {
        for most in [0.5, 1, 3, 8, 40, 99, 1_000, 5_000, 123_456, 9_999_999] {
            let axis = Axis([0, most], unit: unit)
            let labels = axis.ticks.map(axis.label)
            #expect(Set(labels).count == labels.count, "\(labels) for \(most)")
        }
    }

    @Test("thinning keeps the highest and the lowest value, and the ends' order")
    func thins() {
        var values = (0..<5_000).map { sin(Double($0) / 50) }
        values[1_234] = 40
        values[4_321] = -40
        let thin = ChartPicture.thinned(Self.points(values, every: .seconds(300)))
        #expect(thin.count <= 220)
        #expect(thin.contains { $0.value == 40 } && thin.contains { $0.value == -40 })
        #expect(thin.map(\.at) == thin.map(\.at).sorted())
        let few = Self.points([1, 2, 3])
        #expect(ChartPicture.thinned(few) == few)
    }

    @Test("a line is cut where nothing was measured")
    func cuts() {
        let points = Self.points([1, 2, 3, 4, 5, 6, 7, 8]).filter { ![3, 4, 5].contains(Int($0.value)) }
        #expect(ChartPicture.runs(points).map { $0.map(\.value) } == [[1, 2], [6, 7, 8]])
        #expect(ChartPicture.runs(Self.points([1, 2, 3])).count == 1)
        #expect(ChartPicture.runs(Self.points([1])).count == 1)
    }

    @Test("a picture says what it shows, in words and in a table")
    func isAccessible() async throws {
        let chart = Chart(
            "Connections", subtitle: "production/main", unit: .percent,
            lines: [Chart.Line("main", Self.points([10, 40, .nan, 25]))])
        let page = try await ParsedPage(chart.html(id: "c", 1).bytes)
        let picture = try #require(page.elements("svg").first { $0.attributes["role"] == "img" })
        #expect(picture.attributes["aria-labelledby"] == "c-1-t c-1-d")
        #expect(Set(page.elements.compactMap { $0.attributes["id"] }) == ["c-1-t", "c-1-d"])
        #expect(page.text.contains("last 25 %, lowest 10 %, highest 40 %"))
        // A row for each sample that is a number, and the head.
        #expect(page.elements("tr").count == 4)
        #expect(page.mismatches.isEmpty)
    }

    @Test("one sample is a point, none is said so")
    func drawsLittle() async throws {
        let one = Chart("x", unit: .count, lines: [Chart.Line("", Self.points([5]))])
        #expect(try await ParsedPage(one.html(id: "c", 1).bytes).elements("circle").count == 1)
        let none = Chart("x", unit: .count, lines: [Chart.Line("", [])])
        #expect(try await ParsedPage(none.html(id: "c", 1).bytes).text.contains("No samples yet"))
    }

    @Test("lines are told apart without colour, and named")
    func drawsSeveral() async throws {
        let names = ["a", "b", "c", "d"]
        let lines = names.map { Chart.Line($0, Self.points([1, 2, 3])) }
        let page = try await ParsedPage(Chart("x", unit: .count, lines: lines).html(id: "c", 1).bytes)
        let drawn = page.elements("path").filter { $0.attributes["stroke-width"] == "1.6" }
        #expect(Set(drawn.map { $0.attributes["stroke-dasharray"] ?? "" }).count == names.count)
        #expect(page.elements("li").count == names.count)
    }

    @Test("hostile names stay text in every kind of chart", arguments: HostileText.all)
    func escapes(text: String) async throws {
        let points = Self.points([1, 2, 3])
        func html(_ text: String) -> HTML {
            let lines = [Chart.Line(text, points), Chart.Line("b", points)]
            return """
                \(Chart(text, subtitle: text, unit: .count, lines: lines).html(id: "c", 1))
                \(Sparkline(text, unit: .bytes, points: points).html)
                \(BarChart(text, unit: .seconds, bars: [.init(text, 1), .init("b", 2)]).html)
                """
        }
        let page = try await ParsedPage(html(text).bytes)
        let plain = try await ParsedPage(html("x").bytes)
        #expect(page.elements.map(\.name) == plain.elements.map(\.name))
        #expect(page.elements.map { $0.attributes.keys.sorted() } == plain.elements.map { $0.attributes.keys.sorted() })
        #expect(page.mismatches.isEmpty && page.comments.isEmpty)
    }

    @Test("many samples stay a small picture with a bounded table")
    func isSmall() {
        let points = Self.points((0..<8_640).map { Double($0 % 97) }, every: .seconds(300))
        let html = Chart("x", unit: .count, lines: [Chart.Line("", points)]).html(id: "c", 1)
        #expect(html.bytes.count < 10_000)
        #expect(html.text.contains("and 8609 older samples"))
    }
}

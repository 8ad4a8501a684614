import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("a straight line through samples")
struct LinearTrendTests {
    private let start = Timestamp(seconds: 1_795_226_400)
    private let day: Duration = .seconds(86_400)

    private func samples(_ values: [Double]) -> [(at: Timestamp, value: Double)] {
        values.enumerated().map { (start + day * $0.offset, $0.element) }
    }

    @Test("finds the slope, and when it comes to a limit")
    func finds() throws {
        let trend = try #require(LinearTrend(samples((0..<10).map { 100 + 5 * Double($0) })))
        #expect(abs(trend.slope * 86_400 - 5) < 1e-9)
        #expect(abs(trend.value - 145) < 1e-9)
        let reached = try #require(trend.reaches(245))
        #expect(abs((reached - (start + day * 29)).inSeconds) < 1)
        #expect(trend.reaches(145) == trend.at, "it is there already")
        #expect(trend.reaches(1_000_000) == nil, "more than ten years away")
    }

    @Test("a quarter of nonsense does not move it", arguments: 1...20)
    func isRobust(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let values = (0..<40).map { index in
            index % 4 == 1 ? Double.random(in: -1e6...1e6, using: &random) : 100 + 5 * Double(index)
        }
        let trend = try #require(LinearTrend(samples(values)))
        #expect(abs(trend.slope * 86_400 - 5) < 1, "seed \(seed): \(trend)")
    }

    @Test("what falls or stands still comes to no limit above it")
    func falls() throws {
        #expect(try #require(LinearTrend(samples([5, 4, 3, 2, 1]))).reaches(10) == nil)
        #expect(try #require(LinearTrend(samples([5, 5, 5, 5, 5]))).reaches(10) == nil)
    }

    @Test("too little says nothing")
    func tooLittle() {
        #expect(LinearTrend(samples([1, 2, 3, 4])) == nil)
        #expect(LinearTrend((0..<100).map { (start + .seconds($0), Double($0)) }) == nil)
        #expect(LinearTrend(samples([1, .nan, 2, .infinity, 3, 4])) == nil)
    }

    @Test("thousands of samples are thinned out, and the last one counts")
    func thins() throws {
        let many = (0..<20_000).map { (at: start + .seconds($0 * 3_600), value: Double($0)) }
        let trend = try #require(LinearTrend(many))
        #expect(trend.at == many.last?.at)
        #expect(abs(trend.slope * 3_600 - 1) < 1e-9)
    }
}

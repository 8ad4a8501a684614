import Maintenance

/// What stands inside the SVG of a chart: grid, labels and lines.
struct ChartPicture {
    static let width = 340
    static let height = 150
    private static let plot = (left: 52.0, right: 334.0, top: 8.0, bottom: 126.0)
    /// Columns a line is thinned to: more would fall on the same pixel.
    private static let columns = 110

    private let lines: [Chart.Line]
    private let values: Axis
    private let times: TimeAxis

    init(lines: [Chart.Line], unit: Measurement.Unit) {
        self.lines = lines
        values = Axis(lines.flatMap { $0.points.map(\.value) }, unit: unit)
        times = TimeAxis(lines.flatMap { $0.points.map(\.at) })
    }

    var html: HTML { "\(grid)\(dates)\(paths)" }

    private var grid: HTML {
        let parts = values.ticks.map { tick -> HTML in
            let y = coordinate(y: tick)
            return """
                <path class="grid" d="M\(coordinate: Self.plot.left) \(coordinate: y)H\(coordinate: Self.plot.right)" \
                stroke="currentColor" stroke-opacity=".18"/>\
                <text x="\(coordinate: Self.plot.left - 6)" y="\(coordinate: y + 3.5)" \
                text-anchor="end">\(values.label(tick))</text>
                """
        }
        return "\(parts)"
    }

    private var dates: HTML {
        let parts = times.labels.map { label -> HTML in
            let anchor: HTML = label.position == 0 ? "start" : label.position == 1 ? "end" : "middle"
            let x = Self.plot.left + label.position * (Self.plot.right - Self.plot.left)
            return "<text x=\"\(coordinate: x)\" y=\"143\" text-anchor=\"\(anchor)\">\(label.text)</text>"
        }
        return "\(parts)"
    }

    private var paths: HTML {
        let parts = lines.enumerated().map { index, line -> HTML in
            let points = Self.thinned(line.points)
            let runs = Self.runs(points)
            let dots = points.count <= 20 ? points : runs.filter { $0.count == 1 }.flatMap { $0 }
            let radius: HTML = points.count <= 10 ? "2.6" : "1.7"
            let marks = dots.map { point -> HTML in
                """
                <circle class="dot c\(index % 4)" cx="\(coordinate: coordinate(x: point.at))" \
                cy="\(coordinate: coordinate(y: point.value))" r="\(radius)"/>
                """
            }
            return "\(lines.count == 1 ? area(runs) : HTML())\(stroke(runs, index))\(marks)"
        }
        return "\(parts)"
    }

    private func stroke(_ runs: [[Chart.Point]], _ index: Int) -> HTML {
        let parts = runs.filter { $0.count > 1 }.map(outline)
        guard !parts.isEmpty else { return HTML() }
        return """
            <path class="line c\(index % 4)" d="\(parts)" fill="none" stroke="currentColor" stroke-width="1.6" \
            stroke-linejoin="round"\(Self.dashes(index))/>
            """
    }

    private func area(_ runs: [[Chart.Point]]) -> HTML {
        let parts = runs.compactMap { run -> HTML? in
            guard run.count > 1, let first = run.first, let last = run.last else { return nil }
            let floor = Self.plot.bottom
            return """
                \(outline(run))L\(coordinate: coordinate(x: last.at)) \(coordinate: floor)\
                L\(coordinate: coordinate(x: first.at)) \(coordinate: floor)Z
                """
        }
        return parts.isEmpty
            ? HTML() : "<path class=\"area\" d=\"\(parts)\" fill=\"currentColor\" fill-opacity=\".08\"/>"
    }

    private func outline(_ run: [Chart.Point]) -> HTML {
        var result = HTML()
        for (index, point) in run.enumerated() {
            let command: HTML = index == 0 ? "M" : "L"
            result += "\(command)\(coordinate: coordinate(x: point.at)) \(coordinate: coordinate(y: point.value))"
        }
        return result
    }

    private func coordinate(x instant: Timestamp) -> Double {
        Self.plot.left + times.position(instant) * (Self.plot.right - Self.plot.left)
    }

    private func coordinate(y value: Double) -> Double {
        Self.plot.bottom - values.position(value) * (Self.plot.bottom - Self.plot.top)
    }

    /// Tells lines apart where they are printed in black.
    static func dashes(_ index: Int) -> HTML {
        switch index % 4 {
        case 1: " stroke-dasharray=\"5 3\""
        case 2: " stroke-dasharray=\"1.6 2.6\""
        case 3: " stroke-dasharray=\"8 3 1.6 3\""
        default: ""
        }
    }

    /// At most two points a column, the lowest and the highest in the order they came, so that no spike is lost.
    static func thinned(_ points: [Chart.Point]) -> [Chart.Point] {
        guard points.count > 2 * columns, let first = points.first, let last = points.last else { return points }
        let span = max(1, last.at.microseconds - first.at.microseconds)
        let columns = Dictionary(grouping: points) { point in
            min(
                Self.columns - 1,
                Int((point.at.microseconds - first.at.microseconds) / (span / Int64(Self.columns) + 1)))
        }
        return columns.sorted { $0.key < $1.key }.flatMap { _, column -> [Chart.Point] in
            guard let low = column.min(by: { $0.value < $1.value }), let high = column.max(by: { $0.value < $1.value })
            else { return [] }
            return low == high ? [low] : low.at < high.at ? [low, high] : [high, low]
        }
    }

    /// Cut where nothing was measured for more than three times the usual distance: a line there would be invented.
    static func runs(_ points: [Chart.Point]) -> [[Chart.Point]] {
        let distances = zip(points, points.dropFirst()).map { $1.at - $0.at }.sorted()
        guard let usual = distances.isEmpty ? nil : distances[distances.count / 2] else { return [points] }
        var runs: [[Chart.Point]] = []
        for point in points {
            if let last = runs.last?.last, point.at - last.at <= usual * 3 {
                runs[runs.count - 1].append(point)
            } else {
                runs.append([point])
            }
        }
        return runs
    }
}

extension HTML.StringInterpolation {
    /// A place in a picture, to a tenth.
    mutating func appendInterpolation(coordinate: Double) {
        let text = coordinate.formatted(decimals: 1)
        bytes.append(contentsOf: (text.hasSuffix(".0") ? text.dropLast(2) : text[...]).utf8)
    }
}

import Maintenance

/// Rows as aligned columns. Numbers stand on the right; where the lines would not fit, prose goes on in further lines
/// first, then the widest columns are cut, and the first one, which names the row, last. Headings go on below too.
struct TableText {
    var header: [String]
    var rows: [[Cell]]
    /// Columns of the terminal; nil: as wide as it takes.
    var width: Int?

    struct Cell {
        var text: String
        var isNumber = false
        var paint: ((String) -> String)?
    }

    func lines(_ style: Style) -> [String] {
        let widths = widths
        let isNumber = header.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].isNumber || $0[column].text.isEmpty }
        }
        func line(_ cells: [Cell]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                let cut = cell.text.cut(to: widths[column])
                let gap = String(repeating: " ", count: max(0, widths[column] - cut.displayWidth))
                let painted = cell.paint?(cut) ?? cut
                let isLast = column == cells.count - 1
                text += isNumber[column] ? gap + painted : painted + (isLast ? "" : gap)
                if !isLast { text += "  " }
            }
            return text.withoutTrailingSpaces
        }
        let head = header.map { Cell(text: $0, paint: style.dim) }
        return ([head] + rows).flatMap { broken($0, widths).map(line) }
    }

    /// The lines one row takes: cells that are wider than their column go on below at a space.
    private func broken(_ row: [Cell], _ widths: [Int]) -> [[Cell]] {
        let parts = zip(row, widths).map { cell, width in
            cell.text.displayWidth <= width ? [cell.text] : cell.text.wrapped(to: width)
        }
        return (0..<(parts.map(\.count).max() ?? 0)).map { number in
            zip(row, parts).map { cell, lines in
                Cell(
                    text: lines.indices.contains(number) ? lines[number] : "", isNumber: cell.isNumber,
                    paint: cell.paint)
            }
        }
    }

    private var widths: [Int] {
        var widths = header.map(\.displayWidth)
        var longestWords = header.map { $0.split(separator: " ").map { String($0).displayWidth }.max() ?? 0 }
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count {
                widths[column] = max(widths[column], cell.text.displayWidth)
                let words = cell.isNumber ? [cell.text[...]] : cell.text.split(separator: " ")
                longestWords[column] = max(longestWords[column], words.map { String($0).displayWidth }.max() ?? 0)
            }
        }
        guard let width else { return widths }
        let names = widths.indices.prefix(1)
        let others = widths.indices.dropFirst()
        shrink(&widths, to: width, others) { max(20, longestWords[$0]) }
        shrink(&widths, to: width, others) { longestWords[$0] }
        shrink(&widths, to: width, others) { _ in 8 }
        shrink(&widths, to: width, others) { _ in 5 }
        shrink(&widths, to: width, names) { _ in 8 }
        return widths
    }

    /// Takes from the widest of these columns until the line fits, but leaves each its least.
    private func shrink(
        _ widths: inout [Int], to width: Int, _ columns: some Collection<Int>, least: (Int) -> Int
    ) {
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        while excess > 0, let widest = columns.filter({ widths[$0] > least($0) }).max(by: { widths[$0] < widths[$1] }) {
            widths[widest] -= 1
            excess -= 1
        }
    }
}

extension Listing {
    func table(width: Int?) -> TableText {
        TableText(
            header: columns.map(\.name),
            rows: rows.map { row in
                zip(columns, row).map { column, value in
                    TableText.Cell(text: value.display(column.unit), isNumber: value.isNumeric)
                }
            },
            width: width)
    }
}

extension String {
    fileprivate var withoutTrailingSpaces: String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last])
    }
}

extension Scalar {
    var isNumeric: Bool {
        switch self {
        case .integer, .number: true
        default: false
        }
    }

    /// As a person reads it.
    func display(_ unit: Measurement.Unit?) -> String {
        switch (self, unit) {
        case (.integer(let value), let unit?): unit.text(Double(value))
        case (.number(let value), let unit?): unit.text(value)
        case (.null, _): ""
        case (.boolean(let value), _): value ? "yes" : "no"
        default: description.printable
        }
    }
}

extension String {
    /// Columns it takes on a terminal: two for wide characters (East Asian Wide, emoji), none for combining marks.
    package var displayWidth: Int {
        reduce(0) { $0 + $1.displayWidth }
    }

    /// At most this many columns, with `…` where something was left out.
    func cut(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var result = ""
        var used = 1
        for character in self {
            let next = character.displayWidth
            guard used + next <= width else { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }
}

extension Character {
    fileprivate var displayWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.properties.isEmojiPresentation { return 2 }
        switch first.value {
        case 0..<0x20, 0x7f..<0xa0: return 0
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
            0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
            0x1f300...0x1faff, 0x20000...0x3fffd:
            return 2
        default:
            return first.properties.generalCategory == .nonspacingMark ? 0 : 1
        }
    }
}

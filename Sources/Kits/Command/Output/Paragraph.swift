import Maintenance

extension String {
    /// Broken at spaces into lines of at most `width` columns, each after `indent`; line breaks in it are kept.
    package func wrapped(to width: Int?, indent: String = "") -> [String] {
        split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph -> [String] in
            guard let width else { return [indent + paragraph] }
            var lines: [String] = []
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, (indent + line).displayWidth + 1 + String(word).displayWidth > width {
                    lines.append(indent + line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            return lines + [indent + line]
        }
    }
}
